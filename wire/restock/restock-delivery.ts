// RestockDelivery: one part, up to 10,000 codes of one lot, closed for the centre. UBL's DespatchAdvice.

import { z } from 'zod'
import type { CanonicalReader } from '../xml/canonical-reader.ts'
import { decryptData } from '../xml/decrypt.ts'
import { encryptData } from '../xml/encrypt.ts'
import { field, optionalField } from '../xml/xml-text.ts'
import { readAmount, writeAmount } from './amount-field.ts'
import { auditHeadField, readAuditHead, writeAuditHead } from './audit-head-field.ts'
import { blockBelongs, readCodeBlock, writeCodeBlock } from './code-block.ts'
import { codesOf, readRuns, runsRise, writeRuns } from './code-run.ts'
import { readEncryptedData, readOrNull, signMessage, verifyMessage } from './restock-envelope.ts'
import {
  centreIdField,
  codeDigitsField,
  dateField,
  instantField,
  lineNoField,
  lotIdField,
  MAX_PART_CODES,
  MAX_PARTS,
  messageIdField,
  moneyField,
  operatorIdField,
  productField,
  serialField,
} from './restock-fields.ts'
import type { RestockSigning, RestockVerifying, VerifiedRestockDelivery } from './restock-partner.ts'

export const restockDelivery = z
  .strictObject({
    id: messageIdField,
    issuedAt: instantField,
    sender: operatorIdField,
    receiver: centreIdField,
    auditHead: auditHeadField,
    orderId: messageIdField,
    orderLineNo: lineNoField,
    /** This part's number, from 1, among the parts of its order line. */
    part: z.int().min(1).max(MAX_PARTS),
    parts: z.int().min(1).max(MAX_PARTS),
    product: productField,
    lot: lotIdField,
    /** The last day on which the network takes these codes. */
    expiresOn: dateField,
    /** From when the network takes them; absent while the lot still sleeps. */
    activatedOn: instantField.optional(),
    unitPrice: moneyField,
    /** Length of each code. Both sides know it from the product; said so that a disagreement shows before any code is misread. */
    codeDigits: codeDigitsField,
    runs: z
      .array(z.strictObject({ firstSerial: serialField, count: z.int().min(1).max(MAX_PART_CODES) }))
      .min(1)
      .max(MAX_PART_CODES),
  })
  .refine((delivery) => delivery.part <= delivery.parts, 'a part is one of the parts')
  .refine((delivery) => runsRise(delivery.runs), 'runs rise and do not overlap')
  .refine((delivery) => codesOf(delivery.runs) <= MAX_PART_CODES, 'a part has at most 10,000 codes')

export type RestockDelivery = z.output<typeof restockDelivery>

/**
 * The signed XML of a delivery part, its codes closed for the receiver. `packedCodes` holds as many packed codes
 * (voucher/packed-code.ts) as the runs say, in their order; it stays the caller's, to zero.
 * Throws where the delivery breaks its schema or the codes are not the runs'.
 */
export async function signRestockDelivery(
  delivery: RestockDelivery,
  packedCodes: Uint8Array,
  signing: RestockSigning,
): Promise<Buffer> {
  const checked = restockDelivery.parse(delivery)
  const block = writeCodeBlock(checked, packedCodes)
  try {
    const body = writeClearFields(checked) + encryptData(block, 'octets', signing)
    return await signMessage('RestockDelivery', checked, body, signing)
  } finally {
    block.fill(0)
  }
}

/**
 * Verifies a delivery part of `verifying.partner`, then decrypts its codes and holds their inner header against
 * the signed one. The caller zeroes `packedCodes`; where the answer is a refusal nothing is left to zero.
 */
export async function verifyRestockDelivery(
  bytes: Uint8Array,
  verifying: RestockVerifying,
): Promise<VerifiedRestockDelivery<RestockDelivery>> {
  const verified = verifyMessage('RestockDelivery', bytes, verifying)
  if ('refusal' in verified) return verified
  const { header, reader, payloadHash } = verified
  const read = readOrNull(() => ({
    fields: readClearFields(reader),
    encrypted: readEncryptedData('RestockDelivery', reader),
  }))
  if (read === null) return { refusal: 'content-invalid' }
  const delivery = restockDelivery.safeParse({ ...header, ...read.fields })
  if (!delivery.success) return { refusal: 'content-invalid' }

  const plaintext = await decryptData(
    read.encrypted,
    'octets',
    verifying.partner.suite,
    verifying.unwrappingKey,
  )
  if (plaintext === null) return { refusal: 'not-decrypted' }
  const block = readCodeBlock(plaintext)
  if (block === null || !blockBelongs(block.header, delivery.data)) {
    plaintext.fill(0)
    return { refusal: block === null ? 'inner-content-invalid' : 'inner-header-differs' }
  }
  return { content: delivery.data, payloadHash, packedCodes: block.packedCodes }
}

function writeClearFields(delivery: RestockDelivery): string {
  return (
    writeAuditHead(delivery.auditHead) +
    field('OrderId', delivery.orderId) +
    field('OrderLineNo', delivery.orderLineNo) +
    field('Part', delivery.part) +
    field('Parts', delivery.parts) +
    field('Product', delivery.product) +
    field('Lot', delivery.lot) +
    field('ExpiresOn', delivery.expiresOn) +
    optionalField('ActivatedOn', delivery.activatedOn) +
    writeAmount('UnitPrice', delivery.unitPrice) +
    field('CodeDigits', delivery.codeDigits) +
    writeRuns(delivery.runs)
  )
}

function readClearFields(reader: CanonicalReader): object {
  return {
    auditHead: readAuditHead(reader),
    orderId: reader.field('OrderId'),
    orderLineNo: Number(reader.field('OrderLineNo')),
    part: Number(reader.field('Part')),
    parts: Number(reader.field('Parts')),
    product: reader.field('Product'),
    lot: reader.field('Lot'),
    expiresOn: reader.field('ExpiresOn'),
    activatedOn: reader.optionalField('ActivatedOn'),
    unitPrice: readAmount(reader, 'UnitPrice'),
    codeDigits: Number(reader.field('CodeDigits')),
    runs: readRuns(reader),
  }
}
