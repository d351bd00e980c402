// How long a terminal's requests and answers are kept, and what a terminal gets that asks an old one again.

import { createHash } from 'node:crypto'
import { depotId } from '@scratchless/voucher/ids'
import { catalogueRequestMessage } from '@scratchless/wire/supply/catalogue-request'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import { letBytesGo as letGo } from './let-bytes-go.ts'

const letBytesGo = (needs: Parameters<typeof letGo>[0]) => letGo(needs, depotId('main'))

let centre: TestCentre
let terminal: TestTerminal
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(1_000_000, 1_000)
})
afterAll(() => centre.close())
beforeEach(async () => {
  terminal = await enrolTerminal(centre, await addShop(centre, 100n * UNIT_PRICE_MINOR))
})

const request = () => terminal.sign(catalogueRequestMessage, { knownVersion: 0 })

interface Kept {
  readonly sequence: bigint
  readonly request: Buffer
  readonly answer: Buffer | null
  readonly answer_hash: Buffer | null
}
async function kept(): Promise<Kept[]> {
  const { rows } = await centre.needs.pool.query<Kept>(
    'SELECT sequence, request, answer, answer_hash FROM supply_message WHERE terminal_id = $1 ORDER BY sequence',
    [terminal.id],
  )
  return rows
}
const isWhole = ({ request, answer, answer_hash }: Kept) =>
  request.length > 0 && answer !== null && answer.length > 0 && answer_hash === null

/** All that was taken so far becomes this old. */
async function age(days: number): Promise<void> {
  await centre.database
    .pool('owner')
    .query(`UPDATE supply_message SET taken_at = taken_at - $2 * interval '1 day' WHERE terminal_id = $1`, [
      ...[terminal.id, days],
    ])
}

const needs = (days = 90) => ({
  ...centre.needs,
  settings: { ...centre.needs.settings, messageBytesDays: days },
})

test('the bytes of an old message go, with the hash of its answer kept; the newest stays however old', async () => {
  for (let sent = 0; sent < 3; sent++) await terminal.ask('catalogue-request', request())
  const before = await kept()
  await age(91)
  expect(await letBytesGo(needs())).toBe(3)
  const after = await kept()
  expect(after.map(isWhole)).toEqual([false, false, false, true])
  for (const [index, row] of after.slice(0, 3).entries())
    expect(row).toMatchObject({
      request: Buffer.alloc(0),
      answer: Buffer.alloc(0),
      answer_hash: createHash('sha256').update(before[index]!.answer!).digest(),
    })
  expect(await letBytesGo(needs())).toBe(0)
})

test('what is not old enough stays, and goes when it is', async () => {
  for (let sent = 0; sent < 2; sent++) await terminal.ask('catalogue-request', request())
  await age(2)
  await terminal.ask('catalogue-request', request())
  await terminal.ask('catalogue-request', request())
  await age(3)
  expect(await letBytesGo(needs(6))).toBe(0)
  expect(await letBytesGo(needs(5))).toBe(3)
  expect((await kept()).map(isWhole)).toEqual([false, false, false, true, true])
  await age(2)
  await terminal.ask('catalogue-request', request())
  expect(await letBytesGo(needs(4))).toBe(2)
})

test('from an order on that has no answer yet everything stays', async () => {
  await terminal.ask('supply-order', terminal.order(1))
  await terminal.ask('catalogue-request', request())
  await terminal.ask('catalogue-request', request())
  await centre.database
    .pool('owner')
    .query('UPDATE supply_message SET answer = NULL WHERE terminal_id = $1 AND sequence = 2', [terminal.id])
  await age(91)
  expect(await letBytesGo(needs())).toBe(1)
  expect((await kept()).map(({ answer_hash }) => answer_hash === null)).toEqual([false, true, true, true])
})

test('a terminal that repeats its newest request gets the same bytes, long after', async () => {
  const signed = request()
  const answer = await centre.door(signed.frame)
  await age(400)
  await letBytesGo(needs())
  expect(Buffer.from(await centre.door(signed.frame))).toEqual(Buffer.from(answer))
})

test('one that repeats an older request, as a store from a backup does, is told that it is unexpected', async () => {
  const [old, newest] = [request(), request()]
  await terminal.ask('catalogue-request', old)
  await terminal.ask('catalogue-request', newest)
  await age(91)
  await letBytesGo(needs())
  expect(await terminal.ask('catalogue-request', old)).toMatchObject({
    kind: 'supply-refusal',
    content: { why: { reason: 'sequence-unexpected', expected: newest.sequence + 1 } },
  })
  // Two contents of one sequence are two journals, also where only the hash of one is left.
  const other = terminal.sign(catalogueRequestMessage, { knownVersion: 1 }, old.sequence)
  expect(await terminal.ask('catalogue-request', other)).toMatchObject({
    kind: 'supply-refusal',
    content: { why: { reason: 'content-altered' } },
  })
})

test('more messages than one transaction takes go in one run, of many terminals', async () => {
  const owner = centre.database.pool('owner')
  const made = async (id: string, messages: number) => {
    await owner.query(
      `INSERT INTO terminal (id, depot_id, retailer_id, added_at, last_sequence) VALUES ($1, 'main', $2, now(), $3)`,
      [id, terminal.retailer, messages],
    )
    await owner.query(
      `INSERT INTO supply_message (depot_id, terminal_id, sequence, kind, payload_hash, request, answer, taken_at)
       SELECT 'main', $1, n, 'catalogue-request', sha256('r'), 'r', 'a', now() - interval '91 days'
         FROM generate_series(1, $2::int) AS n`,
      [id, messages],
    )
  }
  for (let n = 0; n < 101; n++) await made(`T${90_000 + n}`, 2)
  await made('T90200', 121)
  expect(await letBytesGo(needs())).toBe(101 + 120)
  const { rows } = await owner.query(
    `SELECT count(*)::int AS whole FROM supply_message WHERE terminal_id >= 'T90000' AND answer_hash IS NULL`,
  )
  expect(rows).toEqual([{ whole: 102 }])
})
