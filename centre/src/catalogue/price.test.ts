import { retailerId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { productId } from '@scratchless/voucher/product'
import { expect, test } from 'vitest'
import { ATLAS_5 } from '../../../voucher/testing/example-product.ts'
import { priceFor, type Rate } from './price.ts'

const shop = retailerId('R00001')
const product = { ...ATLAS_5, priceId: 7 }
const rate = (id: bigint, points: number, who: 'shop' | 'tier' | 'all', ofProduct: boolean): Rate => ({
  id,
  discount_basis_points: points,
  retailer_id: who === 'all' ? null : shop,
  of_tier: who === 'tier',
  product_id: ofProduct ? product.id : null,
})

test('without a rate the default discount holds', () => {
  expect(priceFor(product, shop, [], 400)).toEqual({
    unitPrice: money(4_800n, 'TND'),
    priceId: 7,
    publicPrice: money(5_000n, 'TND'),
    rateId: null,
    discountBasisPoints: 400,
    rounding: 'half-up',
  })
})

test('the most particular rate counts, whenever it was set: the shop’s, its tier’s, everyone’s', () => {
  const rates = [
    rate(1n, 100, 'shop', true),
    rate(2n, 200, 'shop', false),
    rate(3n, 300, 'tier', true),
    rate(4n, 350, 'tier', false),
    rate(5n, 380, 'all', true),
    rate(6n, 50, 'all', false),
  ]
  for (let first = 0; first < rates.length; first++)
    for (const order of [rates.slice(first), rates.slice(first).toReversed()])
      expect(priceFor(product, shop, order, 400).rateId).toBe(rates[first]!.id)
})

test('of equally particular rates the latest counts', () => {
  for (const who of ['shop', 'tier', 'all'] as const)
    for (const ofProduct of [true, false]) {
      const rates = [rate(8n, 100, who, ofProduct), rate(9n, 150, who, ofProduct)]
      expect(priceFor(product, shop, rates, 400).rateId).toBe(9n)
    }
})

test("another shop's and another product's rates do not count", () => {
  const other = { ...rate(1n, 900, 'shop', false), retailer_id: retailerId('R00002') }
  const otherProduct = { ...rate(2n, 900, 'all', true), product_id: productId('ATLAS-1') }
  expect(priceFor(product, shop, [other, otherProduct], 400).rateId).toBeNull()
})

test('a discount is rounded half up to a minor unit', () => {
  expect(priceFor({ ...product, publicPrice: money(4_999n, 'TND') }, shop, [], 250).unitPrice).toEqual(
    money(4_874n, 'TND'),
  )
})

test('half a minor unit of discount is a whole one, and less than half is none', () => {
  const priceOf = (minor: bigint, points: number) => {
    const publicPrice = money(minor, 'TND')
    return priceFor({ ...product, publicPrice }, shop, [], points).unitPrice.amountMinor
  }
  expect([priceOf(5_000n, 1), priceOf(4_999n, 1), priceOf(15_000n, 1)]).toEqual([4_999n, 4_999n, 14_998n])
  expect([priceOf(5_000n, 0), priceOf(5_000n, 10_000)]).toEqual([5_000n, 0n])
})

test('the rate that counts takes off what it says, and nothing more', () => {
  const rates = [rate(9n, 300, 'all', true), rate(2n, 0, 'shop', false)]
  expect(priceFor(product, shop, rates, 400)).toMatchObject({
    ...{ unitPrice: money(5_000n, 'TND'), discountBasisPoints: 0, rateId: 2n },
  })
})
