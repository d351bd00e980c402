import { retailerId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { productId } from '@scratchless/voucher/product'
import { expect, test } from 'vitest'
import { ATLAS_5 } from '../../../voucher/testing/example-product.ts'
import { priceFor, type Rate } from './price.ts'

const shop = retailerId('R00001')
const product = ATLAS_5
const rate = (id: bigint, points: number, retailer: boolean, ofProduct: boolean): Rate => ({
  id,
  discount_basis_points: points,
  retailer_id: retailer ? shop : null,
  product_id: ofProduct ? product.id : null,
})

test('without a rate the default discount holds', () => {
  expect(priceFor(product, shop, [], 400)).toEqual({
    unitPrice: money(4_800n, 'TND'),
    discountBasisPoints: 400,
    rule: 'default',
    rounding: 'half-up',
  })
})

test('the most particular rate counts, whenever it was set; of equals the latest', () => {
  const rates = [
    rate(1n, 100, true, true),
    rate(2n, 200, true, false),
    rate(3n, 300, false, true),
    rate(4n, 50, false, false),
  ]
  for (const [left, rule] of [
    [4, 'rate 1'],
    [3, 'rate 2'],
    [2, 'rate 3'],
    [1, 'rate 4'],
  ] as const)
    expect(priceFor(product, shop, rates.slice(4 - left), 400).rule).toBe(rule)
  expect(priceFor(product, shop, [...rates, rate(5n, 150, true, true)], 400).rule).toBe('rate 5')
})

test("another shop's and another product's rates do not count", () => {
  const other = { ...rate(1n, 900, true, false), retailer_id: retailerId('R00002') }
  const otherProduct = { ...rate(2n, 900, false, true), product_id: productId('ATLAS-1') }
  expect(priceFor(product, shop, [other, otherProduct], 400).rule).toBe('default')
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

test('a rate of the shop and one of the product: the shop’s counts, and what it takes off', () => {
  const rates = [rate(9n, 300, false, true), rate(2n, 0, true, false)]
  expect(priceFor(product, shop, rates, 400)).toEqual({
    ...{ unitPrice: money(5_000n, 'TND'), discountBasisPoints: 0, rule: 'rate 2', rounding: 'half-up' },
  })
  expect(priceFor(product, shop, rates.toReversed(), 400).rule).toBe('rate 2')
})
