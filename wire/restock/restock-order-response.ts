// RestockOrderResponse: what the operator says to an order, at once. UBL's OrderResponse.

import { z } from 'zod'
import type { CanonicalReader } from '../xml/canonical-reader.ts'
import { field, optionalField } from '../xml/xml-text.ts'
import { readAmount, writeAmount } from './amount-field.ts'
import { auditHeadField } from './audit-head-field.ts'
import { type ConfidentialMessage, encryptAndSign, verifyAndDecrypt } from './restock-envelope.ts'
import {
  centreIdField,
  instantField,
  lineNoField,
  linesRise,
  MAX_LINE_QUANTITY,
  MAX_LINES,
  messageIdField,
  moneyField,
  operatorIdField,
  productField,
} from './restock-fields.ts'
import type { RestockSigning, RestockVerifying, VerifiedRestock } from './restock-partner.ts'

/** Why an order as a whole is refused, in order of precedence. */
export const ORDER_REFUSALS = [
  'duplicate-content',
  'order-expired',
  'ordering-suspended',
  'headroom-exceeded',
  'no-line-accepted',
] as const
export type OrderRefusal = (typeof ORDER_REFUSALS)[number]

/** Why a line is refused or cut, in order of precedence. */
export const ORDER_LINE_REASONS = ['unknown-product', 'product-on-hold', 'not-enough-stock'] as const
export type OrderLineReason = (typeof ORDER_LINE_REASONS)[number]

/** What both the response and a later update say of an order. */
export const orderAnswerFields = {
  id: messageIdField,
  issuedAt: instantField,
  sender: operatorIdField,
  receiver: centreIdField,
  auditHead: auditHeadField,
  orderId: messageIdField,
  verdict: z.enum(['accepted', 'partly', 'refused']),
  /** There if and only if the verdict is `refused`. */
  reason: z.enum(ORDER_REFUSALS).optional(),
  /** The order's lines, all of them; none where the order was refused before its lines were looked at. */
  lines: z
    .array(
      z
        .strictObject({
          lineNo: lineNoField,
          product: productField,
          quantityAccepted: z.int().min(0).max(MAX_LINE_QUANTITY),
          /** Codes that the operator keeps in mind and delivers later without a new order. */
          backOrder: z.int().min(0).max(MAX_LINE_QUANTITY),
          /** What the centre will owe per code; absent where the operator does not sell the product. */
          unitPrice: moneyField.optional(),
          reason: z.enum(ORDER_LINE_REASONS).optional(),
        })
        .refine(
          (line) => line.unitPrice !== undefined || line.quantityAccepted + line.backOrder === 0,
          'what is accepted has a price',
        ),
    )
    .max(MAX_LINES)
    .refine(linesRise, 'line numbers rise'),
}

const orderAnswer = z.strictObject(orderAnswerFields)
type OrderAnswer = z.output<typeof orderAnswer>

export function refusalHasReason({ verdict, reason }: Pick<OrderAnswer, 'verdict' | 'reason'>): boolean {
  return (verdict === 'refused') === (reason !== undefined)
}

export function refusedMeansNothing({ verdict, lines }: Pick<OrderAnswer, 'verdict' | 'lines'>): boolean {
  return (verdict === 'refused') === lines.every((line) => line.quantityAccepted + line.backOrder === 0)
}

export const restockOrderResponse = orderAnswer
  .refine(refusalHasReason, 'a refusal has a reason')
  .refine(refusedMeansNothing, 'refused means that nothing is accepted')

export type RestockOrderResponse = z.output<typeof restockOrderResponse>

export function writeOrderAnswer(
  answer: Pick<OrderAnswer, 'orderId' | 'verdict' | 'reason' | 'lines'>,
): string {
  return (
    field('OrderId', answer.orderId) +
    field('Verdict', answer.verdict) +
    optionalField('Reason', answer.reason) +
    answer.lines
      .map(
        (line) =>
          '<Line>' +
          field('LineNo', line.lineNo) +
          field('Product', line.product) +
          field('QuantityAccepted', line.quantityAccepted) +
          field('BackOrder', line.backOrder) +
          (line.unitPrice === undefined ? '' : writeAmount('UnitPrice', line.unitPrice)) +
          optionalField('Reason', line.reason) +
          '</Line>',
      )
      .join('')
  )
}

export function readOrderAnswer(reader: CanonicalReader): object {
  return {
    orderId: reader.field('OrderId'),
    verdict: reader.field('Verdict'),
    reason: reader.optionalField('Reason'),
    lines: reader.list('Line', () => ({
      lineNo: Number(reader.field('LineNo')),
      product: reader.field('Product'),
      quantityAccepted: Number(reader.field('QuantityAccepted')),
      backOrder: Number(reader.field('BackOrder')),
      unitPrice: readAmount(reader, 'UnitPrice'),
      reason: reader.optionalField('Reason'),
    })),
  }
}

const message: ConfidentialMessage<RestockOrderResponse> = {
  name: 'RestockOrderResponse',
  schema: restockOrderResponse,
  write: writeOrderAnswer,
  read: readOrderAnswer,
}

/** The signed and encrypted XML of an order's response. Throws where it breaks its schema. */
export function signRestockOrderResponse(
  answer: RestockOrderResponse,
  signing: RestockSigning,
): Promise<Buffer> {
  return encryptAndSign(message, answer, signing)
}

/** Verifies, then decrypts a response of `verifying.partner`. */
export function verifyRestockOrderResponse(
  bytes: Uint8Array,
  verifying: RestockVerifying,
): Promise<VerifiedRestock<RestockOrderResponse>> {
  return verifyAndDecrypt(message, bytes, verifying)
}
