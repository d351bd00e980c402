import { retailerId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { expect, test } from 'vitest'
import { ATLAS_5 } from '../../../voucher/testing/example-product.ts'
import { type DatedPrice, type DatedRate, MAX_STEPS, scheduleOf, type TierMove } from './price-schedule.ts'

const shop = retailerId('R00001')
const START = Date.parse('2026-11-26T00:00:00.000Z')
const at = (hours: number) => new Date(START + hours * 3_600_000)
const price = (id: number, hours: number, minor: bigint): DatedPrice => ({
  ...{ id, product_id: ATLAS_5.id, valid_from: at(hours), public_price_minor: minor },
  ...{ tax_minor: 300n, net_credit_minor: minor - 300n },
})
const rate = (id: bigint, hours: number, points: number, more: Partial<DatedRate> = {}): DatedRate => ({
  ...{ id, valid_from: at(hours), discount_basis_points: points },
  ...{ retailer_id: null, tier_id: null, product_id: null },
  ...more,
})
const move = (tier: string, hours: number, retailer = shop): TierMove => ({
  ...{ tier_id: tier, retailer_id: retailer, valid_from: at(hours) },
})
function stepsOf(terms: { prices?: DatedPrice[]; rates?: DatedRate[]; moves?: TierMove[] }, from = at(0)) {
  const all = { prices: [price(1, -24, 5_000n)], rates: [], moves: [], ...terms }
  const { steps, goesOn } = scheduleOf(ATLAS_5, shop, from, all, 400)
  return {
    goesOn,
    steps: steps.map(({ priceId, validFrom, unitPriceMinor }) => [
      priceId,
      (validFrom.getTime() - START) / 3_600_000,
      unitPriceMinor,
    ]),
  }
}

test('the price in force comes first, from the start, and each change at its moment', () => {
  expect(stepsOf({ prices: [price(1, -24, 5_000n), price(2, 0, 5_100n), price(3, 24, 5_500n)] })).toEqual({
    goesOn: false,
    steps: [
      [2, 0, 4_896n],
      [3, 24, 5_280n],
    ],
  })
})

test('a price is in force from its very moment on', () => {
  const prices = [price(1, -24, 5_000n), price(2, 24, 5_500n)]
  expect(stepsOf({ prices }, new Date(at(24).getTime() - 1)).steps[0]).toMatchObject([
    1,
    24 - 1 / 3_600_000,
    4_800n,
  ])
  expect(stepsOf({ prices }, at(24)).steps).toEqual([[2, 24, 5_280n]])
})

test('a rate of tomorrow is a step, whether of all, of the tier or of the shop', () => {
  for (const of of [{}, { tier_id: 'gold' }, { retailer_id: shop }, { product_id: ATLAS_5.id }])
    expect(stepsOf({ rates: [rate(9n, 24, 1_000, of)], moves: [move('gold', -1)] }).steps).toEqual([
      [1, 0, 4_800n],
      [1, 24, 4_500n],
    ])
})

test('moving into a tier is a step, and out of it another', () => {
  const rates = [rate(9n, -48, 1_000, { tier_id: 'gold' })]
  expect(stepsOf({ rates, moves: [move('gold', 12), move('plain', 36)] }).steps).toEqual([
    [1, 0, 4_800n],
    [1, 12, 4_500n],
    [1, 36, 4_800n],
  ])
})

test('what concerns another shop, another product or another tier is no step', () => {
  const other = retailerId('R00002')
  expect(
    stepsOf({
      rates: [
        rate(1n, 1, 900, { retailer_id: other }),
        rate(2n, 2, 900, { product_id: productId('ATLAS-1') }),
        rate(3n, 3, 900, { tier_id: 'silver' }),
      ],
      moves: [move('gold', -1), move('silver', 4, other)],
    }).steps,
  ).toEqual([[1, 0, 4_800n]])
})

test('a change that changes nothing for this shop is no step', () => {
  const rates = [rate(1n, -1, 400, { retailer_id: shop }), rate(2n, 5, 800)]
  expect(stepsOf({ rates }).steps).toEqual([[1, 0, 4_800n]])
})

test('a product without a price in force begins with its first one', () => {
  expect(stepsOf({ prices: [price(4, 24, 5_000n)] }).steps).toEqual([[4, 24, 4_800n]])
  expect(stepsOf({ prices: [] }).steps).toEqual([])
})

test('there is room for the price in force and three changes; of more it is said that there are', () => {
  const prices = Array.from({ length: MAX_STEPS }, (_, n) => price(n + 1, n, 5_000n + BigInt(n)))
  expect(stepsOf({ prices })).toMatchObject({ goesOn: false, steps: { length: MAX_STEPS } })
  const more = [...prices, price(9, 100, 9_000n)]
  expect(stepsOf({ prices: more })).toEqual({ ...stepsOf({ prices }), goesOn: true })
  expect(stepsOf({ prices: more }, at(1))).toMatchObject({ goesOn: false, steps: { length: MAX_STEPS } })
})
