// Codes that are held are promised to no centre, whatever pack they lie in, and let go they are promised again.

import { serialFromNumber, serialToNumber } from '@scratchless/voucher/serial'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../../office/testing/test-database.ts'
import { ATLAS_5 } from '../../../voucher/testing/example-product.ts'
import { OPERATOR_MIGRATIONS } from '../settings.ts'
import { planParts } from './allocation.ts'
import { holdRange, releaseRange } from './held-codes.sql.ts'
import { insertProduct } from './product.sql.ts'
import { findFreePacks, markGiven, readStock } from './stock.sql.ts'

const FIRST = 1_000_000
let database: TestDatabase
const pool = () => database.pool('api')
beforeAll(async () => {
  database = await testDatabase(OPERATOR_MIGRATIONS)
  await insertProduct(pool(), ATLAS_5, new Date())
  await pool().query(
    `INSERT INTO lot (id, product, expires_on, codes, sealed_at) VALUES ('L000001', $1, '2099-12-31', 1500, now())`,
    [ATLAS_5.id],
  )
  await pool().query(`INSERT INTO pack (id, lot, first_serial, count)
                      VALUES (1, 'L000001', ${FIRST}, 1000), (2, 'L000001', ${FIRST + 1_000}, 500)`)
})
afterAll(() => database.drop())

const range = (offset: number, count: number) => ({ firstSerial: serialFromNumber(FIRST + offset), count })
const hold = (offset: number, count: number) => holdRange(pool(), range(offset, count))
const release = (offset: number, count: number) => releaseRange(pool(), range(offset, count))
const counted = async () => {
  const [stock] = await readStock(pool())
  return [Number(stock!.inStock), Number(stock!.onHold)]
}

/** Promises so many codes: places from the first serial on, and how many there. */
async function take(count: number): Promise<[number, number][]> {
  const packs = await findFreePacks(pool(), ATLAS_5.id, count, '2026-01-01')
  const runs = planParts(packs, count).flatMap((part) => part.runs)
  await markGiven(pool(), runs)
  return runs.map(({ firstSerial, count: codes }) => [serialToNumber(firstSerial) - FIRST, codes])
}

test('a range across packs is held, counted apart and passed over, and let go it comes first again', async () => {
  expect(await take(10)).toEqual([[0, 10]])
  // Ten of these are given already and stay so; the last five are of no pack.
  expect(await hold(0, 1_010)).toBe(1_000)
  expect(await hold(1_495, 10)).toBe(5)
  expect(await hold(0, 1_010)).toBe(0)
  expect(await counted()).toEqual([485, 1_005])
  expect(await take(3)).toEqual([[1_010, 3]])
  expect(await release(20, 5)).toBe(5)
  expect(await release(20, 5)).toBe(0)
  expect(await counted()).toEqual([487, 1_000])
  expect(await take(8)).toEqual([
    [20, 5],
    [1_013, 3],
  ])
  expect(await release(995, 10)).toBe(10)
  expect(await take(11)).toEqual([
    [995, 5],
    [1_000, 5],
    [1_016, 1],
  ])
})

test('no code is promised twice, nor one that is held, nor one of a pack that is held whole', async () => {
  await hold(1_100, 1)
  const free = async () => (await findFreePacks(pool(), ATLAS_5.id, 9_999, '2026-01-01')).map(({ id }) => id)
  const run = (offset: number, count: number) => ({ pack: 2n, ...range(offset, count) })
  for (const runs of [
    [run(1_012, 2)],
    [run(1_099, 2)],
    [run(1_200, 2), run(1_201, 1)],
    [run(1_300, 1), { ...run(0, 1), pack: 1n }],
  ])
    await expect(markGiven(pool(), runs)).rejects.toThrow('a code was promised that is not free')
  expect(await free()).toEqual([2n])
  await release(0, 2_000)
  expect(await free()).toEqual([1n, 2n])
  const [here] = await counted()
  await pool().query('UPDATE pack SET held_at = now() WHERE id = 2')
  expect(await free()).toEqual([1n])
  const [left, held] = await counted()
  expect(left! + held!).toBe(here)
})
