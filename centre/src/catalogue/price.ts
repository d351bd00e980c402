// What a retailer pays for one code: the public price in force less the discount of the rate in force. Both, and the
// rounding, are kept with every order line, so that a statement can be recomputed.

import type { RetailerId } from '@scratchless/voucher/ids'
import { type Money, shareOf, subtractMoney } from '@scratchless/voucher/money'
import type { Product, ProductId } from '@scratchless/voucher/product'

/** A product without what is dated of it. */
export type ProductFacts = Omit<Product, 'publicPrice' | 'tax' | 'netCredit'>

/** A product as it is sold at one moment. */
export interface PricedProduct extends Product {
  /** Of the price in force, which gives public price, tax and net credit. */
  readonly priceId: number
}

export interface Rate {
  readonly id: bigint
  /** Whom it is for here; null: everyone. A tier's rate stands here once for each of its retailers. */
  readonly retailer_id: RetailerId | null
  /** Whether the retailer has it as one of a tier. */
  readonly of_tier: boolean
  readonly product_id: ProductId | null
  readonly discount_basis_points: number
}

export interface UnitPrice {
  readonly unitPrice: Money
  readonly priceId: number
  readonly publicPrice: Money
  /** Null: no rate is in force, the centre's default discount holds. */
  readonly rateId: bigint | null
  readonly discountBasisPoints: number
  /** Of the discount, to a minor unit: see `shareOf`. */
  readonly rounding: 'half-up'
}

/**
 * `rates` are those in force, oldest first. The most particular counts: of the retailer, of its tier, of everyone, and
 * among these one of the product before one of all products; of equals the latest.
 */
export function priceFor(
  product: Pick<PricedProduct, 'id' | 'priceId' | 'publicPrice'>,
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
    priceId: product.priceId,
    publicPrice: product.publicPrice,
    rateId: best?.id ?? null,
    discountBasisPoints,
    rounding: 'half-up',
  }
}

function particularity({ retailer_id, of_tier, product_id }: Rate): number {
  const who = retailer_id === null ? 0 : of_tier ? 1 : 2
  return 2 * who + (product_id === null ? 0 : 1)
}
