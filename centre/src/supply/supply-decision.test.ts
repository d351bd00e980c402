// The supply desk's rule: each refusal in its order and at its edge, and what an accepted order leaves for the next.

import { lotId, operatorId, retailerId, terminalId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { type Product, productId } from '@scratchless/voucher/product'
import type { SupplyOrder } from '@scratchless/wire/supply/supply-order'
import { expect, test } from 'vitest'
import { ATLAS_5 } from '../../../voucher/testing/example-product.ts'
import { createShelf } from './shelf.ts'
import type { PackRow } from './supply.sql.ts'
import { decideSupplyOrder, type SupplyView } from './supply-decision.ts'
import type { SupplyTerminal } from './supply-terminal.sql.ts'

const NOW_S = 1_795_000_000
const RETAILER = retailerId('R00001')
const TERMINAL = terminalId('T00001')
const FIVE = ATLAS_5.id
const TEN = productId('ATLAS-10')
const ATLAS_10: Product = { ...ATLAS_5, id: TEN }

const pack = (first: bigint, count: number, more: Partial<PackRow> = {}): PackRow => ({
  ...{ operator: operatorId('atlas'), first_serial: first, count, free: count, gone: '0'.repeat(1_000) },
  ...{ lot_id: lotId('L000001'), product_id: FIVE, expires_on: '2027-12-31' },
  ...more,
})

function view(more: Partial<SupplyView> = {}): SupplyView {
  return {
    nowMs: NOW_S * 1000 + 999,
    products: new Map([ATLAS_5, ATLAS_10].map((product) => [product.id, { ...product, priceId: 1 }])),
    priceOf: (product) => ({
      unitPrice: money(product.id === FIVE ? 4_800n : 9_600n, 'TND'),
      ...{ priceId: 1, publicPrice: product.publicPrice, rateId: null },
      ...{ discountBasisPoints: 400, rounding: 'half-up' },
    }),
    shelf: createShelf([pack(1_000n, 100), pack(5_000n, 50, { product_id: TEN })]),
    ceilings: { codesPerHour: 100, codesPerDay: 500 },
    given: new Map(),
    blocked: new Map(),
    opensAtS: new Map(),
    capMinor: new Map(),
    availableMinor: new Map([[RETAILER, 1_000_000n]]),
    ...more,
  }
}
const terminal = {
  ...{ id: TERMINAL, retailer_id: RETAILER, retailer_closed_at: null, letter_epoch: 3 },
  letter_ends_at: new Date(NOW_S * 1000 + 3_600_000),
  ...{ letter_number: 3n, letter_wanted: 3n, has_card: true, aboard_minor: 0n },
} as SupplyTerminal
const line = (quantity: number, product = FIVE) => ({
  ...{ product, quantity, unitPriceMinor: product === FIVE ? 4_800n : 9_600n },
})
const order = (...lines: ReturnType<typeof line>[]): SupplyOrder => ({
  ...{ expiresAtS: NOW_S + 1, because: 'person', lines },
})
const why = (asked: SupplyOrder, from = view(), by = terminal) => {
  const decided = decideSupplyOrder(from, by, asked)
  return 'why' in decided ? decided.why : 'accepted'
}

test('an accepted order has its runs, its money and what is left of both', () => {
  const from = view()
  expect(decideSupplyOrder(from, terminal, order(line(10), line(5, TEN)))).toMatchObject({
    accepted: {
      codes: 15,
      debitedMinor: 96_000n,
      availableMinor: 904_000n,
      lines: [
        { product: FIVE, quantity: 10, supplied: 10, price: { unitPrice: { amountMinor: 4_800n } } },
        { product: TEN, quantity: 5, supplied: 5, price: { unitPrice: { amountMinor: 9_600n } } },
      ],
      runs: [
        { product: FIVE, firstSerial: 1_000n, count: 10, unitPriceMinor: 4_800n },
        { product: TEN, firstSerial: 5_000n, count: 5, unitPriceMinor: 9_600n },
      ],
    },
  })
  expect(from.availableMinor.get(RETAILER)).toBe(904_000n)
  expect(from.given.get(TERMINAL)).toEqual({ lastHour: 15, lastDay: 15 })
  expect(decideSupplyOrder(from, terminal, order(line(2)))).toMatchObject({
    accepted: { runs: [{ firstSerial: 1_010n, count: 2 }], availableMinor: 894_400n },
  })
})

test('an order is good until the second before its expiry', () => {
  expect(why({ ...order(line(1)), expiresAtS: NOW_S + 1 })).toBe('accepted')
  expect(why({ ...order(line(1)), expiresAtS: NOW_S })).toEqual({ reason: 'request-expired' })
})

test('each refusal stands before the next', () => {
  const closed = { ...terminal, retailer_closed_at: new Date(0), letter_ends_at: null } as SupplyTerminal
  const noLetter = { ...terminal, letter_ends_at: null } as SupplyTerminal
  const none = view({
    shelf: createShelf([]),
    ceilings: { codesPerHour: 0, codesPerDay: 0 },
    availableMinor: new Map(),
  })
  const unknown = { ...line(1), product: productId('ATLAS-99') }
  const wrong = { ...line(1, TEN), unitPriceMinor: 1n }
  const both = order(unknown, wrong)
  expect(why({ ...both, expiresAtS: 1 }, none, closed)).toEqual({ reason: 'request-expired' })
  expect(why(both, none, closed)).toEqual({ reason: 'retailer-closed' })
  const blocked = { why: 'unpaid', sinceS: 9, owedMinor: 70_000n } as const
  expect(why(both, { ...none, blocked: new Map([[RETAILER, blocked]]) }, noLetter)).toEqual({
    ...{ reason: 'account-blocked', ...blocked },
  })
  const opensAtS = new Map([[RETAILER, NOW_S + 60]])
  expect(why(both, { ...none, opensAtS, blocked: new Map([[RETAILER, blocked]]) }, noLetter)).toMatchObject({
    reason: 'account-blocked',
  })
  expect(why(both, { ...none, opensAtS }, noLetter)).toEqual({
    ...{ reason: 'order-window-closed', opensAtS: NOW_S + 60 },
  })
  expect(why(both, none, noLetter)).toEqual({ reason: 'card-letter-needed', letter: 4 })
  expect(why(both, none)).toEqual({ reason: 'unknown-product', products: ['ATLAS-99'] })
  expect(why(order(line(1), wrong), none)).toEqual({
    ...{ reason: 'price-changed', prices: [{ product: TEN, unitPriceMinor: 9_600n }] },
  })
  expect(why(order(line(1)), none)).toMatchObject({ reason: 'ceiling-exceeded' })
  const unbounded = { ceilings: { codesPerHour: 9, codesPerDay: 9 } }
  expect(why(order(line(1), line(2, TEN)), { ...none, ...unbounded })).toEqual({
    ...{ reason: 'no-stock', products: [FIVE, TEN] },
  })
  expect(why(order(line(1)), view({ availableMinor: new Map() }))).toEqual({
    ...{ reason: 'balance-too-low', missingMinor: 4_800n },
  })
})

test('the balance is enough to the last minor unit, and short by one', () => {
  const with_ = (available: bigint) => view({ availableMinor: new Map([[RETAILER, available]]) })
  expect(why(order(line(2)), with_(9_600n))).toBe('accepted')
  expect(why(order(line(2)), with_(9_599n))).toEqual({ reason: 'balance-too-low', missingMinor: 1n })
})

test('another retailer’s money is not this one’s', () => {
  const other = view({ availableMinor: new Map([[retailerId('R00002'), 1_000_000n]]) })
  expect(why(order(line(1)), other)).toMatchObject({ reason: 'balance-too-low' })
})

test.each([
  ['all that is left of the hour is given', { lastHour: 90, lastDay: 90 }, 10, 'accepted'],
  ['one more than the hour has', { lastHour: 90, lastDay: 90 }, 11, { codes: 10, freeAtS: NOW_S }],
  ['the day’s rest is less', { lastHour: 0, lastDay: 495 }, 6, { codes: 5, freeAtS: NOW_S }],
  ['the hour is used up', { lastHour: 100, lastDay: 100 }, 30, { codes: 30, freeAtS: NOW_S + 3_600 }],
  ['the day is used up', { lastHour: 0, lastDay: 500 }, 30, { codes: 30, freeAtS: NOW_S + 86_400 }],
  [
    'more was given than allowed',
    { lastHour: 120, lastDay: 120 },
    200,
    { codes: 100, freeAtS: NOW_S + 3_600 },
  ],
] as const)('where %s', (_what, given, quantity, expected) => {
  const from = view({ given: new Map([[TERMINAL, given]]) })
  expect(why(order(line(quantity)), from)).toEqual(
    expected === 'accepted' ? expected : { reason: 'ceiling-exceeded', ...expected },
  )
})

test('another terminal’s hour is its own', () => {
  const from = view({ given: new Map([[terminalId('T00002'), { lastHour: 100, lastDay: 100 }]]) })
  expect(why(order(line(100)), from)).toBe('accepted')
})

test('where the shelf has less, the order is served in part and paid for that part; nothing is no stock', () => {
  const from = view({ shelf: createShelf([pack(1_000n, 3)]) })
  expect(decideSupplyOrder(from, terminal, order(line(5), line(1, TEN)))).toMatchObject({
    accepted: {
      ...{ codes: 3, debitedMinor: 14_400n },
      lines: [
        { product: FIVE, quantity: 5, supplied: 3 },
        { product: TEN, quantity: 1, supplied: 0 },
      ],
    },
  })
  expect(why(order(line(1)), from)).toEqual({ reason: 'no-stock', products: [FIVE] })
})

test('a refused order takes nothing from the next', () => {
  const from = view({ availableMinor: new Map([[RETAILER, 9_600n]]) })
  expect(why(order(line(3)), from)).toMatchObject({ reason: 'balance-too-low' })
  expect(from.given.size).toBe(0)
  expect(from.shelf.taken()).toEqual([])
  expect(decideSupplyOrder(from, terminal, order(line(2)))).toMatchObject({
    accepted: { runs: [{ firstSerial: 1_000n }] },
  })
})

test('what would be on board, at public prices, is held against the shop’s cap, before stock and money are', () => {
  const [five, ten] = [ATLAS_5.publicPrice.amountMinor, ATLAS_10.publicPrice.amountMinor]
  const nothing = createShelf([])
  const capped = (capMinor: bigint) => view({ capMinor: new Map([[RETAILER, capMinor]]), shelf: nothing })
  const holding = { ...terminal, aboard_minor: 7n * five }
  const asked = order(line(2), line(1, TEN))
  const value = 2n * five + ten
  const noStock = { reason: 'no-stock', products: [FIVE, TEN] }
  expect(why(asked, capped(7n * five + value), holding)).toEqual(noStock)
  const free = { reason: 'cap-exceeded', freeMinor: value - 1n }
  expect(why(asked, capped(7n * five + value - 1n), holding)).toEqual(free)
  // The cap was lowered below what is there.
  expect(why(asked, capped(five), holding)).toEqual({ reason: 'cap-exceeded', freeMinor: 0n })
  expect(why(asked, view({ capMinor: new Map([[retailerId('R00002'), 1n]]), shelf: nothing }))).toEqual(
    noStock,
  )
})
