// What a retailer will pay for each product from a moment on: the price in force, and the changes that are entered
// already, so that a till changes its price to the second without hearing from us.

import type { RetailerId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import type { ProductId } from '@scratchless/voucher/product'
import { type ProductFacts, priceFor, type Rate } from './price.ts'

/** A catalogue's bound: the price in force and three changes. Later ones are told once the first have come. */
export const MAX_STEPS = 4

/** A price as it was entered, amounts in minor units. */
export interface DatedPrice {
  readonly id: number
  readonly product_id: ProductId
  readonly valid_from: Date
  readonly public_price_minor: bigint
  readonly tax_minor: bigint
  readonly net_credit_minor: bigint
}

export interface DatedRate extends Omit<Rate, 'of_tier'> {
  readonly tier_id: string | null
  readonly valid_from: Date
}

/** A retailer's move into a tier. */
export interface TierMove {
  readonly retailer_id: RetailerId
  readonly tier_id: string
  readonly valid_from: Date
}

/** All that is dated: what is in force at the schedule's start or later. Each list oldest first. */
export interface DatedTerms {
  readonly prices: readonly DatedPrice[]
  readonly rates: readonly DatedRate[]
  readonly moves: readonly TierMove[]
}

export interface PriceStep {
  readonly priceId: number
  readonly validFrom: Date
  readonly publicPriceMinor: bigint
  readonly taxMinor: bigint
  readonly netCreditMinor: bigint
  /** What this retailer pays for one code. */
  readonly unitPriceMinor: bigint
}

export interface Schedule {
  /** The first is in force at the start; none where the product has no price yet. */
  readonly steps: readonly PriceStep[]
  /** There are changes beyond the last step. */
  readonly goesOn: boolean
}

export function scheduleOf(
  product: Pick<ProductFacts, 'id' | 'faceValue'>,
  retailer: RetailerId,
  from: Date,
  { prices, rates, moves }: DatedTerms,
  defaultBasisPoints: number,
): Schedule {
  const own = prices.filter(({ product_id }) => product_id === product.id)
  const tiers = moves.filter(({ retailer_id }) => retailer_id === retailer)
  const touching = rates.filter(
    ({ retailer_id, product_id }) =>
      (retailer_id === null || retailer_id === retailer) &&
      (product_id === null || product_id === product.id),
  )
  const moments = [...own, ...tiers, ...touching]
    .map(({ valid_from }) => valid_from.getTime())
    .filter((moment) => moment > from.getTime())
  const steps: PriceStep[] = []
  for (const moment of [from.getTime(), ...[...new Set(moments)].sort((a, b) => a - b)]) {
    const step = stepAt(moment)
    const last = steps.at(-1)
    if (step === undefined || (last !== undefined && sameTerms(last, step))) continue
    if (steps.length === MAX_STEPS) return { steps, goesOn: true }
    steps.push(step)
  }
  return { steps, goesOn: false }

  function stepAt(moment: number): PriceStep | undefined {
    const inForce = <T extends { readonly valid_from: Date }>(list: readonly T[]) =>
      list.filter(({ valid_from }) => valid_from.getTime() <= moment)
    const price = inForce(own).at(-1)
    if (price === undefined) return undefined
    const tier = inForce(tiers).at(-1)?.tier_id
    const held = inForce(touching).flatMap(({ tier_id, ...rate }): Rate[] =>
      tier_id === null
        ? [{ ...rate, of_tier: false }]
        : tier_id === tier
          ? [{ ...rate, of_tier: true, retailer_id: retailer }]
          : [],
    )
    const publicPrice = money(price.public_price_minor, product.faceValue.currency)
    const { unitPrice } = priceFor(
      { id: product.id, publicPrice, priceId: price.id },
      retailer,
      held,
      defaultBasisPoints,
    )
    return {
      priceId: price.id,
      validFrom: new Date(moment),
      publicPriceMinor: price.public_price_minor,
      taxMinor: price.tax_minor,
      netCreditMinor: price.net_credit_minor,
      unitPriceMinor: unitPrice.amountMinor,
    }
  }
}

/** One price id, one public price, tax and net credit: it is enough to compare the id and what the shop pays. */
function sameTerms(a: PriceStep, b: PriceStep): boolean {
  return a.priceId === b.priceId && a.unitPriceMinor === b.unitPriceMinor
}
