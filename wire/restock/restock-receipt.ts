// RestockReceipt: what the centre says to a delivery part. UBL's ReceiptAdvice.

import { z } from 'zod'
import { field, optionalField } from '../xml/xml-text.ts'
import { auditHeadField } from './audit-head-field.ts'
import { type ConfidentialMessage, encryptAndSign, verifyAndDecrypt } from './restock-envelope.ts'
import {
  centreIdField,
  instantField,
  MAX_PART_CODES,
  messageIdField,
  operatorIdField,
  serialField,
} from './restock-fields.ts'
import type { RestockSigning, RestockVerifying, VerifiedRestock } from './restock-partner.ts'

/** Why a delivery part is refused as a whole, in order of precedence. */
export const DELIVERY_REFUSALS = [
  'duplicate-content',
  'unknown-order',
  'unknown-order-line',
  'product-differs',
  'price-differs',
  'code-length-differs',
  'more-than-accepted',
  'expired',
  'serial-known',
  'code-malformed',
  'code-known',
] as const
export type DeliveryRefusal = (typeof DELIVERY_REFUSALS)[number]

export const restockReceipt = z
  .strictObject({
    id: messageIdField,
    issuedAt: instantField,
    sender: centreIdField,
    receiver: operatorIdField,
    auditHead: auditHeadField,
    deliveryId: messageIdField,
    orderId: messageIdField,
    verdict: z.enum(['taken', 'refused']),
    /** There if and only if the verdict is `refused`. */
    reason: z.enum(DELIVERY_REFUSALS).optional(),
    /** Codes taken into stock: those delivered less the duplicates; 0 where refused. */
    count: z.int().min(0).max(MAX_PART_CODES),
    /** Codes that were here already, named by the serial under which they came again; not taken. */
    duplicates: z.array(z.strictObject({ serial: serialField })).max(MAX_PART_CODES),
  })
  .refine(
    (receipt) => (receipt.verdict === 'refused') === (receipt.reason !== undefined),
    'a refusal has a reason',
  )
  .refine((receipt) => receipt.verdict === 'taken' || receipt.count === 0, 'what is refused is not counted')

export type RestockReceipt = z.output<typeof restockReceipt>

const message: ConfidentialMessage<RestockReceipt> = {
  name: 'RestockReceipt',
  schema: restockReceipt,
  write: (receipt) =>
    field('DeliveryId', receipt.deliveryId) +
    field('OrderId', receipt.orderId) +
    field('Verdict', receipt.verdict) +
    optionalField('Reason', receipt.reason) +
    field('Count', receipt.count) +
    receipt.duplicates.map(({ serial }) => `<Duplicate>${field('Serial', serial)}</Duplicate>`).join(''),
  read: (reader) => ({
    deliveryId: reader.field('DeliveryId'),
    orderId: reader.field('OrderId'),
    verdict: reader.field('Verdict'),
    reason: reader.optionalField('Reason'),
    count: Number(reader.field('Count')),
    duplicates: reader.list('Duplicate', () => ({ serial: reader.field('Serial') })),
  }),
}

/** The signed and encrypted XML of a receipt. Throws where it breaks its schema. */
export function signRestockReceipt(receipt: RestockReceipt, signing: RestockSigning): Promise<Buffer> {
  return encryptAndSign(message, receipt, signing)
}

/** Verifies, then decrypts a receipt of `verifying.partner`. */
export function verifyRestockReceipt(
  bytes: Uint8Array,
  verifying: RestockVerifying,
): Promise<VerifiedRestock<RestockReceipt>> {
  return verifyAndDecrypt(message, bytes, verifying)
}
