import { officeTime } from '@scratchless/office/calendar/office-day'
import { productId } from '@scratchless/voucher/product'
import { expect, test } from 'vitest'
import { sumsOfDays, sumsOfHours } from './sales-sums.ts'

const [FIVE, TEN] = [productId('ATLAS-5'), productId('ATLAS-10')]
const sale = (product: typeof FIVE, day: string, hour: number, amountMinor: bigint | null = 5_000n) => ({
  ...{ product, day, hour, amountMinor },
})

test('sales are added up by day, hour and product, in one order whatever they came in', () => {
  const sales = [
    sale(TEN, '2026-11-25', 10, 10_000n),
    sale(FIVE, '2026-11-25', 10),
    sale(FIVE, '2026-11-25', 9),
    sale(FIVE, '2026-11-24', 23),
    sale(FIVE, '2026-11-25', 10),
  ]
  const sums = sumsOfHours(sales)
  expect(
    sums.map(({ day, hour, product, sales, amountMinor }) => [day, hour, product, sales, amountMinor]),
  ).toEqual([
    ['2026-11-24', 23, FIVE, 1, 5_000n],
    ['2026-11-25', 9, FIVE, 1, 5_000n],
    ['2026-11-25', 10, TEN, 1, 10_000n],
    ['2026-11-25', 10, FIVE, 2, 10_000n],
  ])
  expect(sumsOfHours(sales.toReversed())).toEqual(sums)
  expect(
    sumsOfDays(sales).map(({ day, product, sales, amountMinor }) => [day, product, sales, amountMinor]),
  ).toEqual([
    ['2026-11-24', FIVE, 1, 5_000n],
    ['2026-11-25', TEN, 1, 10_000n],
    ['2026-11-25', FIVE, 3, 15_000n],
  ])
})

test('a sale without a price counts, and adds no amount', () => {
  expect(sumsOfDays([sale(FIVE, '2026-11-25', 9, null), sale(FIVE, '2026-11-25', 9)])).toMatchObject([
    { sales: 2, amountMinor: 5_000n },
  ])
})

test('an hour that the clock shows twice is one hour, and one that it leaves out has none', () => {
  const inParis = (instants: readonly string[]) =>
    sumsOfHours(
      instants.map((at) => ({ product: FIVE, ...officeTime(new Date(at), 'Europe/Paris'), amountMinor: 1n })),
    ).map(({ day, hour, sales }) => [day, hour, sales])
  expect(
    inParis(['2026-10-25T00:59:59Z', '2026-10-25T01:00:00Z', '2026-10-25T01:59:59Z', '2026-10-25T02:00:00Z']),
  ).toEqual([
    ['2026-10-25', 2, 3],
    ['2026-10-25', 3, 1],
  ])
  expect(inParis(['2027-03-28T00:59:59Z', '2027-03-28T01:00:00Z'])).toEqual([
    ['2027-03-28', 1, 1],
    ['2027-03-28', 3, 1],
  ])
})
