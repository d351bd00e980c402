// Codes that are held are supplied to nobody, whatever pack they lie in, and let go they are supplied again.

import { inTransaction } from '@scratchless/office/database/database'
import { serialFromNumber, serialToNumber } from '@scratchless/voucher/serial'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { auditOffice } from '../../../office/testing/audit-office.ts'
import { ATLAS, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import { centreChecks } from '../audit.ts'
import { createSupplyDoor } from '../supply/answer-supply-frame.ts'
import { createSupplyDesk } from '../supply/supply-desk.ts'
import type { VaultVerbs } from '../vault/verbs.ts'
import { holdRange, releaseRange } from './held-codes.sql.ts'
import { readStock } from './stock.sql.ts'

/** Two packs, the second not full. */
const FIRST = 1_000_000
const CODES = 1_500
let centre: TestCentre
let terminal: TestTerminal
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(FIRST, CODES)
  terminal = await enrolTerminal(centre, await addShop(centre, 10_000n * UNIT_PRICE_MINOR))
})
afterAll(() => centre.close())

const range = (offset: number, count: number) => ({ firstSerial: serialFromNumber(FIRST + offset), count })
const hold = (offset: number, count: number) => holdRange(centre.needs.pool, ATLAS, range(offset, count))
const release = (offset: number, count: number) =>
  inTransaction(centre.needs.pool, (sql) =>
    releaseRange(sql, ATLAS, range(offset, count), new Date(centre.clock.nowMs())),
  )
const counted = async () => {
  const [stock] = await readStock(centre.needs.pool)
  return [stock!.inStock, stock!.onHold]
}
const broken = async () =>
  (
    await auditOffice(
      { books: centre.database.urls.auditor, vault: centre.vaultDatabase.urls.auditor },
      centreChecks,
    )
  ).filter(({ ok }) => !ok)

/** What an order of so many codes gets: places from the first serial on, and how many there. */
async function take(count: number): Promise<[number, number][] | string> {
  const answer = await terminal.ask('supply-order', terminal.order(count))
  if (answer.kind === 'supply-refusal') return answer.content.why.reason
  return answer.content.lots.flatMap(({ runs }) =>
    runs.map(({ firstSerial, count: codes }): [number, number] => [
      serialToNumber(firstSerial) - FIRST,
      codes,
    ]),
  )
}

beforeEach(async () => {
  await release(0, 2_000)
})

test('a range across packs is held, counted apart and passed over, and let go it comes first again', async () => {
  expect(await take(10)).toEqual([[0, 10]])
  expect(await counted()).toEqual([1_490, 0])
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
  expect(await hold(0, 0)).toBe(0)
  expect(await broken()).toEqual([])
})

test('where all that is left is held there is no stock, and a pack that is held whole counts as held', async () => {
  const { pool } = centre.needs
  await hold(0, 2_000)
  expect(await take(1)).toBe('no-stock')
  await release(0, 2_000)
  const [free] = await counted()
  await pool.query('UPDATE pack SET held_at = now() WHERE first_serial = $1', [FIRST])
  const [here, held] = await counted()
  expect(here! + held!).toBe(free)
  expect((await take(1))![0]![0]).toBeGreaterThanOrEqual(1_000)
  await pool.query('UPDATE pack SET held_at = NULL')
})

test('what the vault would not close is held, and let go it is supplied to the next', async () => {
  const vault = new Proxy(centre.needs.vault, {
    get: (line, verb) =>
      verb === 'closeSupplyDeliveries'
        ? async ({ orders }: Parameters<VaultVerbs['closeSupplyDeliveries']>[0]) =>
            orders.map(() => ({ refusal: 'no-safe-key' as const }))
        : line[verb as keyof typeof line],
  })
  const needs = { ...centre.needs, vault }
  const [before] = await counted()
  await createSupplyDoor(needs, createSupplyDesk(needs))(terminal.order(4).frame)
  const { rows } = await centre.needs.pool.query<{ first_serial: bigint }>(
    `SELECT first_serial FROM supply_run JOIN supply_order USING (terminal_id, sequence)
      WHERE state = 'withheld' AND released_at IS NULL`,
  )
  const offset = Number(rows[0]!.first_serial) - FIRST
  expect(await counted()).toEqual([before! - 4, 4])
  expect(await broken()).toEqual([])
  expect(((await take(1)) as [number, number][])[0]![0]).not.toBe(offset)
  expect(await release(offset, 4)).toBe(4)
  expect(await broken()).toEqual([])
  expect(await take(4)).toEqual([[offset, 4]])
  expect(await broken()).toEqual([])
})
