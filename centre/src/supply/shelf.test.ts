import { lotId, operatorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { expect, test } from 'vitest'
import { ATLAS_5 } from '../../../voucher/testing/example-product.ts'
import { runsByLot } from './runs-by-lot.ts'
import { createShelf } from './shelf.ts'
import type { PackRow, TakenRun } from './supply.sql.ts'

const FIVE = ATLAS_5.id
const [FIRST, SECOND, THIRD] = [lotId('L000001'), lotId('L000002'), lotId('L000003')]
const pack = (first: bigint, count: number, more: Partial<PackRow> = {}): PackRow => ({
  ...{ operator: operatorId('atlas'), first_serial: first, count, free: count, gone: '0'.repeat(1_000) },
  ...{ lot_id: FIRST, product_id: FIVE, expires_on: '2027-12-31' },
  ...more,
})
/** A map of a pack's codes, `1` at the first ones. */
const gone = (first: number) => '1'.repeat(first).padEnd(1_000, '0')
const spans = (runs: readonly TakenRun[]) =>
  runs.map(({ firstSerial, count }) => [Number(firstSerial), count])

test('codes come pack after pack, from where each stands, and nothing moves before it is taken', () => {
  const shelf = createShelf([
    pack(100n, 10, { gone: gone(8) }),
    pack(200n, 10, { gone: gone(10) }),
    pack(300n, 10),
  ])
  const runs = shelf.find(FIVE, 5, 48n)
  expect(spans(runs)).toEqual([
    [108, 2],
    [300, 3],
  ])
  expect(runs[0]).toEqual({
    ...{ operator: 'atlas', product: FIVE, lot: FIRST, expiresOn: '2027-12-31', packFirstSerial: 100n },
    ...{ firstSerial: 108n, count: 2, unitPriceMinor: 48n },
  })
  expect(spans(shelf.find(FIVE, 5, 48n))).toEqual(spans(runs))
  shelf.take(runs)
  expect(shelf.taken()).toEqual([
    { operator: 'atlas', packFirstSerial: 100n, firstSerial: 108n, count: 2 },
    { operator: 'atlas', packFirstSerial: 300n, firstSerial: 300n, count: 3 },
  ])
  expect(spans(shelf.find(FIVE, 50, 48n))).toEqual([[303, 7]])
  expect(shelf.find(productId('ATLAS-10'), 1, 1n)).toEqual([])
})

test('what is held in the middle of a pack is passed over, and what was let go in front comes first', () => {
  const held = `${'0'.repeat(2)}111${'0'.repeat(2)}1${'0'.repeat(992)}`
  const shelf = createShelf([pack(100n, 10, { gone: held }), pack(200n, 1_000)])
  const runs = shelf.find(FIVE, 5, 1n)
  expect(spans(runs)).toEqual([
    [100, 2],
    [105, 2],
    [108, 1],
  ])
  shelf.take(runs)
  expect(spans(shelf.find(FIVE, 999, 1n))).toEqual([
    [109, 1],
    [200, 998],
  ])
})

test('what was not found just before is not taken', () => {
  const shelf = createShelf([pack(100n, 10), pack(100n, 10, { operator: operatorId('sahel') })])
  const runs = shelf.find(FIVE, 2, 1n)
  shelf.take(runs)
  expect(() => shelf.take(runs)).toThrow('not found just before')
  expect(shelf.taken().map(({ operator }) => operator)).toEqual(['atlas'])
  expect(() => shelf.take([{ ...runs[0]!, product: productId('ATLAS-10') }])).toThrow('not found just before')
})

test('of one product come two lots at most: the end of one and the start of the next', () => {
  const shelf = createShelf([
    pack(100n, 1),
    pack(200n, 1, { lot_id: SECOND }),
    pack(300n, 1),
    pack(400n, 9, { lot_id: THIRD }),
    pack(500n, 9),
  ])
  expect(spans(shelf.find(FIVE, 10, 1n))).toEqual([
    [100, 1],
    [200, 1],
    [300, 1],
  ])
})

test('of one lot come a hundred runs at most, and the next lot still', () => {
  const scattered = Array.from({ length: 101 }, (_, i) => pack(BigInt(1_000 + 10 * i), 1))
  const shelf = createShelf([...scattered, pack(9_000n, 5, { lot_id: SECOND })])
  const runs = shelf.find(FIVE, 200, 1n)
  expect(runs).toHaveLength(101)
  expect(runs.filter(({ lot }) => lot === FIRST)).toHaveLength(100)
  expect(spans(runs).at(-1)).toEqual([9_000, 5])
})

test('the vault is asked by lot, in one order, whoever built the runs', () => {
  const run = (product: string, expiresOn: string, lot: typeof FIRST, first: bigint): TakenRun => ({
    ...{ operator: operatorId('atlas'), product: productId(product), lot, expiresOn, unitPriceMinor: 7n },
    ...{ packFirstSerial: first - 1n, firstSerial: first, count: 2 },
  })
  const runs = [
    run('ATLAS-5', '2027-12-31', FIRST, 50n),
    run('ATLAS-5', '2027-12-31', FIRST, 9n),
    run('ATLAS-5', '2027-01-31', SECOND, 70n),
    run('ATLAS-10', '2028-01-31', FIRST, 90n),
    run('ATLAS-5', '2027-12-31', THIRD, 20n),
  ]
  const lots = runsByLot(runs)
  expect(
    lots.map(({ product, lot, runs: of }) => [product, lot, of.map(({ firstSerial }) => firstSerial)]),
  ).toEqual([
    ['ATLAS-10', FIRST, ['000000000090']],
    ['ATLAS-5', SECOND, ['000000000070']],
    ['ATLAS-5', FIRST, ['000000000009', '000000000050']],
    ['ATLAS-5', THIRD, ['000000000020']],
  ])
  expect(lots[0]).toEqual({
    ...{ operator: 'atlas', product: 'ATLAS-10', lot: FIRST, expiresOn: '2028-01-31', unitPriceMinor: 7n },
    runs: [{ packFirstSerial: '000000000089', firstSerial: '000000000090', count: 2 }],
  })
  expect(runsByLot([...runs].reverse())).toEqual(lots)
})
