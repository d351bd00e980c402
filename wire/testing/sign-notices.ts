// Signs the notices that a partner may send and that no program of ours sends yet.

import { type PartnerNextKey, partnerNextKeyMessage } from '../restock/partner-next-key.ts'
import { type RangeNotice, rangeNoticeMessage } from '../restock/range-notice.ts'
import { encryptAndSign } from '../restock/restock-envelope.ts'
import { type RestockOrderUpdate, restockOrderUpdateMessage } from '../restock/restock-order-update.ts'
import type { RestockSigning } from '../restock/restock-partner.ts'

export function signPartnerNextKey(next: PartnerNextKey, signing: RestockSigning): Promise<Buffer> {
  return encryptAndSign(partnerNextKeyMessage, next, signing)
}

export function signRangeNotice(notice: RangeNotice, signing: RestockSigning): Promise<Buffer> {
  return encryptAndSign(rangeNoticeMessage, notice, signing)
}

export function signRestockOrderUpdate(update: RestockOrderUpdate, signing: RestockSigning): Promise<Buffer> {
  return encryptAndSign(restockOrderUpdateMessage, update, signing)
}
