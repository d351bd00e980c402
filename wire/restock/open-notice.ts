// Opens whatever a partner posts that is no order and no delivery: a notice of ours, or something that only a higher
// level knows. Who signed it is certain before anything is opened.

import type { MessageId } from '@scratchless/voucher/ids'
import { type LotActivation, verifyLotActivation } from './lot-activation.ts'
import { NOTICES, type NoticeName } from './notice-receipt.ts'
import { type PartnerNextKey, verifyPartnerNextKey } from './partner-next-key.ts'
import { type RangeNotice, verifyRangeNotice } from './range-notice.ts'
import { verifyEnvelope } from './restock-envelope.ts'
import { messageIdField } from './restock-fields.ts'
import { isMessageName } from './restock-messages.ts'
import { type RestockOrderUpdate, verifyRestockOrderUpdate } from './restock-order-update.ts'
import type { RestockRefusal, RestockVerifying, VerifiedRestock } from './restock-partner.ts'

/** A notice that verified and opened. */
export type OpenedNotice = { readonly payloadHash: Buffer } & (
  | { readonly notice: 'RestockOrderUpdate'; readonly content: RestockOrderUpdate }
  | { readonly notice: 'LotActivation'; readonly content: LotActivation }
  | { readonly notice: 'PartnerNextKey'; readonly content: PartnerNextKey }
  | { readonly notice: 'RangeNotice'; readonly content: RangeNotice }
)

/** What the partner's signature says of a message that is above the agreed level, or whose name we do not know. */
export interface UnknownMessage {
  readonly notice: 'not-understood'
  readonly message: string
  readonly id: MessageId
  readonly level: number
  readonly payloadHash: Buffer
}

/** `taken`: the notices that a partner of this kind may send to us. */
export async function openNotice(
  bytes: Uint8Array,
  verifying: RestockVerifying,
  taken: readonly NoticeName[],
): Promise<OpenedNotice | UnknownMessage | { readonly refusal: RestockRefusal }> {
  const envelope = verifyEnvelope(null, bytes, verifying)
  if ('refusal' in envelope) return envelope
  const { name, level, header, payloadHash } = envelope
  if (level > verifying.partner.level || !isMessageName(name))
    return {
      notice: 'not-understood',
      message: name,
      id: messageIdField.parse(header.id),
      level,
      payloadHash,
    }
  const notice = NOTICES.find((one) => one === name)
  if (notice === undefined || !taken.includes(notice)) return { refusal: 'other-message' }
  switch (notice) {
    case 'RestockOrderUpdate':
      return named(notice, await verifyRestockOrderUpdate(bytes, verifying))
    case 'LotActivation':
      return named(notice, await verifyLotActivation(bytes, verifying))
    case 'PartnerNextKey':
      return named(notice, await verifyPartnerNextKey(bytes, verifying))
    case 'RangeNotice':
      return named(notice, await verifyRangeNotice(bytes, verifying))
  }
}

function named<Name extends NoticeName, Content>(notice: Name, verified: VerifiedRestock<Content>) {
  return 'refusal' in verified ? verified : { notice, ...verified }
}
