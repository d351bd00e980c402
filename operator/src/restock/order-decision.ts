// What the operator says to a restock order: line by line, then as a whole.

import { type Money, shareOf, subtractMoney } from '@scratchless/voucher/money'
import type { ProductId } from '@scratchless/voucher/product'
import type { OrderLineReason, OrderRefusal } from '@scratchless/wire/restock/restock-order-response'
import type { StockedProduct } from '../stock/product.sql.ts'

export interface LineDecision {
  readonly lineNo: number
  readonly product: ProductId
  readonly ordered: number
  readonly accepted: number
  readonly unitPrice: Money | null
  readonly discountBasisPoints: number | null
  readonly reason: OrderLineReason | null
}

/** Half up, to a minor unit (voucher/money): as it is stored beside each price it made. */
export const ROUNDING = 'half-up'

/** Public price less the partner's discount. */
export function unitPriceOf(
  product: Pick<StockedProduct, 'publicPrice'>,
  discountBasisPoints: number,
): Money {
  return subtractMoney(product.publicPrice, shareOf(product.publicPrice, discountBasisPoints))
}

/** Accepts what is free. `product` is undefined where we sell no such thing. */
export function decideLine(
  line: { lineNo: number; product: ProductId; quantity: number },
  product: StockedProduct | undefined,
  freeCodes: number,
  discountBasisPoints: number,
): LineDecision {
  const { lineNo, product: id, quantity: ordered } = line
  const nothing = { lineNo, product: id, ordered, accepted: 0 }
  if (product === undefined)
    return { ...nothing, unitPrice: null, discountBasisPoints: null, reason: 'unknown-product' }
  const price = { unitPrice: unitPriceOf(product, discountBasisPoints), discountBasisPoints }
  if (product.onHold) return { ...nothing, ...price, reason: 'product-on-hold' }
  const accepted = Math.min(ordered, freeCodes)
  return { ...nothing, ...price, accepted, reason: accepted < ordered ? 'not-enough-stock' : null }
}

export function verdictOf(lines: readonly LineDecision[]): {
  verdict: 'accepted' | 'partly' | 'refused'
  reason: OrderRefusal | null
} {
  if (lines.every(({ accepted }) => accepted === 0)) return { verdict: 'refused', reason: 'no-line-accepted' }
  const whole = lines.every(({ accepted, ordered }) => accepted === ordered)
  return { verdict: whole ? 'accepted' : 'partly', reason: null }
}
