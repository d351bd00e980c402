// terminal → centre: one code, for the customer who waits at the counter. Answered as a supply order is.

import { productId } from '@scratchless/voucher/product'
import { amount, type ContentOf, named, record, seconds } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import type { SupplyOrder } from './supply-order.ts'

export const oneCodeOrder = record({
  /** As a supply order's. */
  expiresAtS: seconds,
  product: named(productId),
  unitPriceMinor: amount,
})

export type OneCodeOrder = ContentOf<typeof oneCodeOrder>

export const oneCodeOrderMessage = supplyMessage('one-code-order', oneCodeOrder)

/** The same as a supply order. */
export function asSupplyOrder({ expiresAtS, product, unitPriceMinor }: OneCodeOrder): SupplyOrder {
  return { expiresAtS, because: 'person', lines: [{ product, quantity: 1, unitPriceMinor }] }
}
