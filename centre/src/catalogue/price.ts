// What a retailer pays for one code: the public price less the discount of the rate in force. The rate, its rule and
// the rounding are kept with every order, so that a statement can be recomputed.

import type { RetailerId } from '@scratchless/voucher/ids'
import { type Money, shareOf, subtractMoney } from '@scratchless/voucher/money'
import type { Product, ProductId } from '@scratchless/voucher/product'

export interface Rate {
  readonly id: bigint
  readonly retailer_id: RetailerId | null
  readonly product_id: ProductId | null
  readonly discount_basis_points: number
}

export interface UnitPrice {
  readonly unitPrice: Money
  readonly discountBasisPoints: number
  /** `rate 17`, or `default` where none is in force. */
  readonly rule: string
  /** Of the discount, to a minor unit: see `shareOf`. */
  readonly rounding: 'half-up'
}

/**
 * `rates` are those in force, oldest first. The most particular counts: of retailer and product, of the retailer,
 * of the product, of everyone; of equals the latest.
 */
export function priceFor(
  product: Product,
  retailer: RetailerId,
  rates: readonly Rate[],
  defaultBasisPoints: number,
): UnitPrice {
  let best: Rate | undefined
  for (const rate of rates) {
    const fits =
      (rate.retailer_id === null || rate.retailer_id === retailer) &&
      (rate.product_id === null || rate.product_id === product.id)
    if (fits && (best === undefined || particularity(rate) >= particularity(best))) best = rate
  }
  const discountBasisPoints = best?.discount_basis_points ?? defaultBasisPoints
  return {
    unitPrice: subtractMoney(product.publicPrice, shareOf(product.publicPrice, discountBasisPoints)),
    discountBasisPoints,
    rule: best ? `rate ${best.id}` : 'default',
    rounding: 'half-up',
  }
}

function particularity(rate: Rate): number {
  return (rate.retailer_id === null ? 0 : 2) + (rate.product_id === null ? 0 : 1)
}
