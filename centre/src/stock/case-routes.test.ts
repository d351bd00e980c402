// Codes put aside by range with a cause, and let go again, by the routes themselves over real tables, vault and supply.

import type { CaseView, HeldView, ReleasedView } from '@scratchless/office/cases/case-shapes'
import { lockCases } from '@scratchless/office/cases/code-case.sql'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { auditOffice } from '../../../office/testing/audit-office.ts'
import { ATLAS, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { type StaffCall, staffCaller } from '../../testing/staff-caller.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import { centreChecks } from '../audit.ts'
import { createStaffServer } from '../staff-server.ts'
import type { StockByStateView } from './stock-shapes.ts'

/** Two packs, the second not full; the first ten codes are with a terminal. */
const FIRST = 1_000_000
const CODES = 1_500
let centre: TestCentre
let terminal: TestTerminal
let app: FastifyInstance
let call: StaffCall
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(FIRST, CODES)
  terminal = await enrolTerminal(centre, await addShop(centre, 10_000n * UNIT_PRICE_MINOR))
  app = await createStaffServer(centre.needs)
  call = await staffCaller(app, centre.database.pool('owner'))
  await terminal.ask('supply-order', terminal.order(10))
})
afterAll(async () => {
  await app.close()
  await centre.close()
})
afterEach(async () => {
  for (const { id } of await open()) await end(id)
  expect(await counted()).toEqual({ inStock: 1_490, onHold: 0 })
})

const serial = (offset: number) => String(FIRST + offset).padStart(12, '0')
const body = (offset: number, count: number) => ({
  ...{ operator: 'atlas', firstSerial: serial(offset), count, cause: 'a box is missing' },
})
const hold = (offset: number, count: number, change: object = {}) =>
  call<HeldView>('POST', '/api/cases', { ...body(offset, count), ...change })
const end = (id: string, cause = 'found') => call<ReleasedView>('POST', `/api/cases/${id}/end`, { cause })
const page = async (query = '') =>
  (await call<{ cases: CaseView[]; next: string | null }>('GET', `/api/cases${query}`)).json
const open = async () => (await page()).cases
const counted = async () => {
  const [{ inStock, onHold, damaged }] = (await call<{ stock: [StockByStateView] }>('GET', '/api/stock')).json
    .stock
  return { inStock, onHold: onHold + damaged }
}
const audited = async () =>
  (
    await centre.database
      .pool('auditor')
      .query(`SELECT at, actor, action, subject, details::json FROM audit_entry
               WHERE action IN ('codes-held', 'codes-released') ORDER BY n`)
  ).rows
const broken = async () =>
  (
    await auditOffice(
      { books: centre.database.urls.auditor, vault: centre.vaultDatabase.urls.auditor },
      centreChecks,
    )
  ).filter(({ ok }) => !ok)

/** Until one of us waits for another's lock. */
const untilOneWaits = () =>
  expect
    .poll(
      async () =>
        (
          await centre.database.pool('owner').query(`SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
                     WHERE NOT granted AND datname = current_database()`)
        ).rowCount,
    )
    .toBe(1)

test('a range is put aside with its cause, what terminals have is counted, and ended it may be supplied again', async () => {
  const before = centre.clock.nowMs()
  const held = await hold(0, 1_510, { cause: ' a box is missing ' })
  const counts = { held: 1_490, heldAlready: 0, given: 10, unknown: 10 }
  const opened = {
    ...{ id: expect.stringMatching(/^[1-9]\d*$/), ...body(0, 1_510), state: 'on_hold' },
    ...{ openedBy: 'demo', openedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/) },
    ...{ endedBy: null, endedAt: null, endedCause: null },
  }
  expect(held).toMatchObject({ status: 201, json: { ...opened, ...counts, tills: { shops: 1 } } })
  const { id } = held.json
  expect(Date.parse(held.json.openedAt) - before).toBeLessThan(60_000)
  expect(Date.parse(held.json.openedAt)).toBeGreaterThanOrEqual(before)
  expect(await open()).toEqual([opened])
  expect(await counted()).toEqual({ inStock: 0, onHold: 1_490 })
  expect(await terminal.ask('supply-order', terminal.order(1))).toMatchObject({
    ...{ kind: 'supply-refusal', content: { why: { reason: 'no-stock' } } },
  })
  expect(await broken()).toEqual([])
  const ended = await end(id)
  const ending = { endedBy: 'demo', endedAt: expect.any(String), endedCause: 'found' }
  expect(ended).toMatchObject({ status: 200, json: { ...opened, ...ending, released: 1_490 } })
  expect(Date.parse(ended.json.endedAt!)).toBeGreaterThanOrEqual(Date.parse(held.json.openedAt))
  expect(await open()).toEqual([])
  expect(await end(id)).toMatchObject({ status: 409, code: 'ended-already' })
  expect(await broken()).toEqual([])
  expect(await audited()).toEqual([
    {
      ...{ at: new Date(held.json.openedAt), actor: 'demo', action: 'codes-held', subject: id },
      details: { ...body(0, 1_510), state: 'on_hold', ...counts },
    },
    {
      ...{ at: new Date(ended.json.endedAt!), actor: 'demo', action: 'codes-released', subject: id },
      details: { ...body(0, 1_510), cause: 'found', released: 1_490 },
    },
  ])
})

test('a range of which nothing is here, or that an open case has, is refused and leaves nothing behind', async () => {
  const entries = (await audited()).length
  expect(await hold(-5, 5)).toMatchObject({ status: 409, code: 'unknown-range' })
  expect(await hold(CODES, 1_000_000)).toMatchObject({ status: 409, code: 'unknown-range' })
  expect(await hold(0, 5, { operator: 'another' })).toMatchObject({ status: 409, code: 'unknown-range' })
  expect(await open()).toEqual([])
  expect((await hold(20, 100)).json).toMatchObject({ held: 100, given: 0, heldAlready: 0, unknown: 0 })
  for (const [offset, count] of [
    [20, 100],
    [119, 1],
    [10, 11],
    [0, 1_000_000],
    [50, 10],
  ] as const)
    expect(await hold(offset, count)).toMatchObject({ status: 409, code: 'overlaps' })
  expect(await counted()).toEqual({ inStock: 1_390, onHold: 100 })
  expect(await open()).toHaveLength(1)
  expect(await audited()).toHaveLength(entries + 1)
  expect((await hold(120, 5)).json).toMatchObject({ held: 5 })
  expect((await hold(10, 10)).json).toMatchObject({ held: 10 })
  // Where serials are alike but the operator is another there is no overlap.
  expect(await hold(20, 100, { operator: 'another' })).toMatchObject({ code: 'unknown-range' })
})

test('of two that hold the same codes at the same moment one opens a case', async () => {
  const answers = await Promise.all([1, 2, 3, 4].map((more) => hold(100, 100 + more)))
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
  expect(await open()).toHaveLength(1)
})

/** While somebody else is opening a case of ten codes from there. */
async function whileOpening<Answer>(
  offset: number,
  state: string,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const other = await centre.needs.pool.connect()
  try {
    await other.query('BEGIN')
    await lockCases(other, { operator: ATLAS })
    const answer = work()
    await untilOneWaits()
    await other.query(
      `INSERT INTO code_case (operator, first_serial, count, state, cause, opened_by, opened_at)
         VALUES ('atlas', $1, 10, $2, 'by night', 'demo', now())`,
      [FIRST + offset, state],
    )
    await other.query('COMMIT')
    return await answer
  } finally {
    other.release()
  }
}

test('who opens or ends a case waits for who is opening one, and respects it', async () => {
  expect(await whileOpening(100, 'on_hold', () => hold(109, 5))).toMatchObject({ code: 'overlaps' })
  const { id } = (await hold(200, 100)).json
  const ended = await whileOpening(200, 'damaged', () => end(id))
  expect(ended.json).toMatchObject({ released: 90 })
})

test('the widest case is found from its last code', async () => {
  // Codes 10 to 19 of the first pack are its last ones.
  expect((await hold(-999_980, 1_000_000)).json).toMatchObject({ held: 10, given: 10, unknown: 999_980 })
  expect(await hold(19, 1)).toMatchObject({ status: 409, code: 'overlaps' })
  expect((await hold(20, 1)).status).toBe(201)
})

test('what another open case has as well stays aside until that one ends too', async () => {
  const { id } = (await hold(100, 100)).json
  const addCase = async (from: number, count: number, change = '') => {
    const { rows } = await centre.needs.pool.query<{ id: string }>(
      `INSERT INTO code_case (operator, first_serial, count, state, cause, opened_by, opened_at)
       VALUES (${change || `'atlas'`}, $1, $2, 'damaged', 'by night', 'demo', now()) RETURNING id::text`,
      [FIRST + from, count],
    )
    return rows[0]!.id
  }
  const others = [await addCase(90, 20), await addCase(150, 10), await addCase(199, 5)]
  await addCase(0, 1_500, `'another'`)
  // Codes 100 to 109, 150 to 159 and 199 are theirs.
  expect((await end(id)).json).toMatchObject({ released: 79 })
  expect(await counted()).toEqual({ inStock: 1_469, onHold: 21 })
  expect((await hold(105, 10)).json).toMatchObject({ held: 5, heldAlready: 5 })
  // Of these, 105 to 109 are in the newer case.
  expect((await end(others[0]!)).json).toMatchObject({ released: 5 })
  expect((await end(others[1]!)).json).toMatchObject({ released: 10 })
  expect((await end(others[2]!)).json).toMatchObject({ released: 1 })
  expect(await counted()).toEqual({ inStock: 1_480, onHold: 10 })
})

test('open cases are listed newest first, a page at a time', async () => {
  await centre.needs.pool.query(
    `INSERT INTO code_case (operator, first_serial, count, state, cause, opened_by, opened_at)
     SELECT 'atlas', 5000000 + n, 1, 'on_hold', 'cause ' || n, 'demo', now() FROM generate_series(1, 101) AS n`,
  )
  const first = await page()
  expect(first.cases.map(({ cause }) => cause)).toEqual(
    Array.from({ length: 100 }, (_, n) => `cause ${101 - n}`),
  )
  const last = await page(`?before=${first.next}`)
  expect([last.cases.map(({ cause }) => cause), last.next]).toEqual([['cause 1'], null])
  await end(last.cases[0]!.id)
  // A full page may be the last one: then the next is empty.
  expect(await page(`?before=${(await page()).next}`)).toEqual({ cases: [], next: null })
  expect((await call('GET', '/api/cases?before=x')).status).toBe(400)
})

test('what is no range or has no cause is not taken, and a case that never was is not ended', async () => {
  for (const change of [
    ...[{ count: 0 }, { count: 1_000_001 }, { count: 1.5 }, { firstSerial: '1' }, { operator: 'X' }],
    ...[{ cause: ' ' }, { cause: 'c'.repeat(201) }, { state: 'sold' }],
    { firstSerial: '999999999999', count: 2 },
  ])
    expect((await hold(20, 1, change)).status).toBe(400)
  expect(await hold(0, 1, { firstSerial: '999999999999' })).toMatchObject({ code: 'unknown-range' })
  expect((await hold(20, 1, { cause: 'c'.repeat(200) })).status).toBe(201)
  expect(await end('999999')).toMatchObject({ status: 404, code: 'unknown-case' })
  for (const id of ['0', 'x', '-1']) expect((await end(id)).status).toBe(400)
  expect((await end((await open())[0]!.id, ' ')).status).toBe(400)
})
