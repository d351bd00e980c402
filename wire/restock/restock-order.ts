// RestockOrder: the centre asks an operator for codes. UBL's Order.

import { z } from 'zod'
import { field } from '../xml/xml-text.ts'
import { auditHeadField } from './audit-head-field.ts'
import { type ConfidentialMessage, encryptAndSign, verifyAndDecrypt } from './restock-envelope.ts'
import {
  centreIdField,
  depotIdField,
  instantField,
  lineNoField,
  linesRise,
  MAX_LINE_QUANTITY,
  MAX_LINES,
  messageIdField,
  operatorIdField,
  productField,
} from './restock-fields.ts'
import type { RestockSigning, RestockVerifying, VerifiedRestock } from './restock-partner.ts'

export const restockOrder = z
  .strictObject({
    id: messageIdField,
    issuedAt: instantField,
    sender: centreIdField,
    receiver: operatorIdField,
    auditHead: auditHeadField,
    /** Past this moment the order has no first effect; an order already answered keeps its answer. */
    expiresAt: instantField,
    /** Which of the centre's depots it is for: what is delivered lies there. */
    depot: depotIdField,
    lines: z
      .array(
        z.strictObject({
          lineNo: lineNoField,
          product: productField,
          quantity: z.int().min(1).max(MAX_LINE_QUANTITY),
        }),
      )
      .min(1)
      .max(MAX_LINES)
      .refine(linesRise, 'line numbers rise'),
  })
  .refine((order) => order.expiresAt > order.issuedAt, 'an order expires after it was issued')

export type RestockOrder = z.output<typeof restockOrder>

const message: ConfidentialMessage<RestockOrder> = {
  name: 'RestockOrder',
  schema: restockOrder,
  write: (order) =>
    field('ExpiresAt', order.expiresAt) +
    field('Depot', order.depot) +
    order.lines
      .map(
        (line) =>
          `<Line>${field('LineNo', line.lineNo)}${field('Product', line.product)}${field('Quantity', line.quantity)}</Line>`,
      )
      .join(''),
  read: (reader) => ({
    expiresAt: reader.field('ExpiresAt'),
    depot: reader.field('Depot'),
    lines: reader.list('Line', () => ({
      lineNo: Number(reader.field('LineNo')),
      product: reader.field('Product'),
      quantity: Number(reader.field('Quantity')),
    })),
  }),
}

/** The signed and encrypted XML of an order. Throws where it breaks its schema. */
export function signRestockOrder(order: RestockOrder, signing: RestockSigning): Promise<Buffer> {
  return encryptAndSign(message, order, signing)
}

/** Verifies, then decrypts an order of `verifying.partner`. */
export function verifyRestockOrder(
  bytes: Uint8Array,
  verifying: RestockVerifying,
): Promise<VerifiedRestock<RestockOrder>> {
  return verifyAndDecrypt(message, bytes, verifying)
}
