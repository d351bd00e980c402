import { money } from '@scratchless/voucher/money'
import { expect, test } from 'vitest'
import { ATLAS_5 } from '../../../voucher/testing/example-product.ts'
import type { StockedProduct } from '../stock/product.sql.ts'
import { decideLine, unitPriceOf, verdictOf } from './order-decision.ts'

const five: StockedProduct = {
  ...ATLAS_5,
  onHold: false,
}
const line = { lineNo: 1, product: five.id, quantity: 100 }

test('the price is the public one less the discount, rounded half up to a minor unit', () => {
  expect(unitPriceOf(five, 600)).toEqual(money(4_700n, 'TND'))
  expect(unitPriceOf({ publicPrice: money(1_001n, 'TND') }, 50)).toEqual(money(996n, 'TND'))
  // Half a minor unit of discount is a whole one: 5,000 x 0.01 % = 0.5, and 4,999 x 0.01 % is less.
  expect(unitPriceOf(five, 1)).toEqual(money(4_999n, 'TND'))
  expect(unitPriceOf({ publicPrice: money(4_999n, 'TND') }, 1)).toEqual(money(4_999n, 'TND'))
  expect(unitPriceOf(five, 0)).toEqual(money(5_000n, 'TND'))
})

test.each([
  ['all of it', five, 100, { accepted: 100, reason: null }],
  ['what there is', five, 99, { accepted: 99, reason: 'not-enough-stock' }],
  ['nothing, where there is none', five, 0, { accepted: 0, reason: 'not-enough-stock' }],
  [
    'nothing of a product on hold',
    { ...five, onHold: true },
    100,
    { accepted: 0, reason: 'product-on-hold' },
  ],
])('a line gets %s', (_, product, free, expected) => {
  expect(decideLine(line, product, free, 600)).toMatchObject({ ...expected, unitPrice: money(4_700n, 'TND') })
})

test('an unknown product has no price', () => {
  expect(decideLine(line, undefined, 0, 600)).toMatchObject({ unitPrice: null, reason: 'unknown-product' })
})

test('an order is accepted, partly, or refused, by its lines', () => {
  const [all, some, none] = [100, 50, 0].map((free) => decideLine(line, five, free, 600))
  expect(verdictOf([all!, all!])).toEqual({ verdict: 'accepted', reason: null })
  expect(verdictOf([all!, none!])).toEqual({ verdict: 'partly', reason: null })
  expect(verdictOf([some!])).toEqual({ verdict: 'partly', reason: null })
  expect(verdictOf([none!, none!])).toEqual({ verdict: 'refused', reason: 'no-line-accepted' })
})
