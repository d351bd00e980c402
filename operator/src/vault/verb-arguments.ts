// What each verb of the operator's vault takes, with every bound. It is checked at the vault's door (vault.ts).

import {
  bytesField,
  countedField,
  countField,
  dayField,
  fittingField,
  namedField,
  secondsField,
  serialField,
  type VerbSchemas,
} from '@scratchless/office/vault/verb-door'
import { centreId, lotId, messageId } from '@scratchless/voucher/ids'
import { CODE_DIGITS, productId } from '@scratchless/voucher/product'
import { type LotActivation, lotActivation } from '@scratchless/wire/restock/lot-activation'
import { noticeVerdict } from '@scratchless/wire/restock/notice-receipt'
import {
  instantField,
  lineNoField,
  MAX_PART_CODES,
  MAX_PARTS,
  moneyField,
} from '@scratchless/wire/restock/restock-fields'
import { MAX_MESSAGE_BYTES } from '@scratchless/wire/restock/restock-messages'
import {
  type RestockOrderResponse,
  restockOrderResponse,
} from '@scratchless/wire/restock/restock-order-response'
import { z } from 'zod'
import type { VaultVerbs } from './verbs.ts'

const MAX_PRODUCTS = 10_000
/** The largest lot of the trade, twice. */
const MAX_GENERATED = 1_000_000
/** A stock file of the largest lot has some 60 MB. */
const MAX_FILE_BYTES = 1_000_000_000
const MAX_PACK = (1n << 63n) - 1n
const HASH_BYTES = 32
const SIGNATURE_BYTES = 64
const MAX_APPROVALS = 10
const MAX_VOID_CODES = 1_000_000
const NO_HEAD = { n: 0n, hash: Buffer.alloc(HASH_BYTES) }
/** Whose message it becomes is the vault's to say; any will do to see whether the rest fits. */
const SOMEBODY = { sender: 'somebody', receiver: 'somebody' }

const partner = namedField(centreId)
const actor = z.string().min(1).max(64)
const fromPartner = z.strictObject({
  partner,
  bytes: bytesField(Math.max(...Object.values(MAX_MESSAGE_BYTES))),
})

export const OPERATOR_VERB_ARGUMENTS: VerbSchemas<VaultVerbs> = {
  knowProducts: z
    .array(
      z.strictObject({
        id: namedField(productId),
        codeDigits: z.int().min(CODE_DIGITS.min).max(CODE_DIGITS.max),
        checkDigit: z.enum(['none', 'luhn']),
      }),
    )
    .max(MAX_PRODUCTS),
  listSealedLots: z.strictObject({ known: z.int().min(0) }),
  admitStockFile: z.strictObject({
    fileName: z.string().min(1).max(255),
    sizeBytes: z.int().min(0).max(MAX_FILE_BYTES),
    activated: z.boolean(),
    actor,
  }),
  generateStock: z.strictObject({
    product: namedField(productId),
    count: countField.max(MAX_GENERATED),
    expiresOn: dayField,
    activated: z.boolean(),
    actor,
  }),
  takeRestockOrder: fromPartner,
  signRestockOrderResponse: fittingField<Omit<RestockOrderResponse, 'sender' | 'receiver' | 'auditHead'>>(
    (response) => restockOrderResponse.parse({ ...response, ...SOMEBODY, auditHead: NO_HEAD }),
  ),
  closeRestockDelivery: z.strictObject({
    id: namedField(messageId),
    partner,
    issuedAt: instantField,
    orderId: namedField(messageId),
    orderLineNo: lineNoField,
    part: countField.max(MAX_PARTS),
    parts: countField.max(MAX_PARTS),
    lot: namedField(lotId),
    activatedOn: instantField.nullable(),
    unitPrice: moneyField,
    runs: z
      .array(
        z.strictObject({
          pack: z.bigint().min(1n).max(MAX_PACK),
          firstSerial: serialField,
          count: countField.max(MAX_PART_CODES),
        }),
      )
      .min(1)
      .max(MAX_PART_CODES),
  }),
  verifyRestockReceipt: fromPartner,
  openRestockNotice: fromPartner,
  answerRestockNotice: fromPartner.extend({ verdict: noticeVerdict }),
  signLotActivation: fittingField<
    Omit<LotActivation, 'sender' | 'receiver' | 'auditHead'> & { partner: z.output<typeof partner> }
  >(({ partner: receiver, ...activation }) => {
    partner.parse(receiver)
    lotActivation.parse({ ...activation, ...SOMEBODY, auditHead: NO_HEAD })
  }),
  verifyNoticeReceipt: fromPartner,
  openNotUnderstood: fromPartner,
  voidCodes: z.strictObject({
    number: countedField,
    endsAtS: secondsField,
    stock: z.union([
      z.strictObject({ firstSerial: serialField, count: countField.max(MAX_VOID_CODES) }),
      z.strictObject({ lot: namedField(lotId) }),
    ]),
    cause: z.string().min(1).max(200),
    approvals: z
      .array(
        z.strictObject({
          approver: z.string().min(1).max(40),
          signature: bytesField(SIGNATURE_BYTES, SIGNATURE_BYTES),
        }),
      )
      .max(MAX_APPROVALS),
  }),
}
