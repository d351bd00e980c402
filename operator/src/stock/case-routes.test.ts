// Codes put aside by range with a cause, and let go again, by the routes themselves over real tables.

import { lockCases } from '@scratchless/office/cases/code-case.sql'
import { inTransaction } from '@scratchless/office/database/database'
import { addStaff } from '@scratchless/office/staff/staff'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ATLAS, type TestVault, testVault } from '../../testing/test-vault.ts'
import { createStaffServer } from '../staff-server.ts'
import { planParts } from './allocation.ts'
import { lockProducts } from './product.sql.ts'
import { findFreePacks, markGiven, readStock } from './stock.sql.ts'

const NOW = Date.parse('2026-11-22T10:00:00.000Z')
/** Two packs, the second not full; the first ten codes are promised. */
const FIRST = 1_000_000
const PRODUCT = 'ATLAS-5' as never
const clock = { at: NOW, nowMs: () => clock.at }
let adopted = 0
let vault: TestVault
let app: FastifyInstance
let cookie: string
const pool = () => vault.database.pool('api')

beforeAll(async () => {
  vault = await testVault()
  const { random, log, party } = vault.needs
  app = await createStaffServer({
    ...{ clock, random, log, pool: pool() },
    vault: {
      listSealedLots: async () => {
        adopted++
        return []
      },
    } as never,
    settings: {
      ...{ party, name: 'Atlas', colour: '#1D4F9F', currency: 'TND', partners: [], approvers: [] },
      ...{ staffHttp: { host: '127.0.0.1', port: 1 }, stockHttp: { host: '127.0.0.1', port: 4003 } },
    },
  })
  const member = { signInName: 'amel', fullName: 'Amel', roles: ['stock'], password: 'a long password' }
  await addStaff({ pool: vault.database.pool('owner') }, member)
  const payload = { signInName: 'amel', password: 'a long password' }
  const answer = await app.inject({ method: 'POST', url: '/api/sign-in', payload })
  cookie = String(answer.headers['set-cookie']).split(';')[0]!
  await vault.addProduct('ATLAS-5', 14)
  await pool().query(
    `INSERT INTO lot (id, product, expires_on, codes, sealed_at)
     VALUES ('L000001', 'ATLAS-5', '2099-12-31', 1500, now())`,
  )
  await pool().query(`INSERT INTO pack (id, lot, first_serial, count)
                      VALUES (1, 'L000001', ${FIRST}, 1000), (2, 'L000001', ${FIRST + 1_000}, 500)`)
  await promise(10)
})
afterAll(async () => {
  await app.close()
  await vault.drop()
})
afterEach(async () => {
  for (const { id } of await open()) await end(id)
  expect(await counted()).toEqual([1_490, 0])
})

/** Promises codes as an order does; how many it found. */
async function promise(count: number): Promise<number> {
  return inTransaction(pool(), async (sql) => {
    await lockProducts(sql, ATLAS, [PRODUCT])
    const packs = await findFreePacks(sql, PRODUCT, count, '2026-01-01')
    const free = packs.reduce((sum, pack) => sum + pack.free, 0)
    await markGiven(
      sql,
      planParts(packs, Math.min(count, free)).flatMap(({ runs }) => runs),
    )
    return free
  })
}
async function call(method: 'GET' | 'POST', url: string, payload?: object) {
  const answer = await app.inject({ method, url, headers: { cookie }, ...(payload && { payload }) })
  return { status: answer.statusCode, json: answer.json(), code: answer.json().error?.code }
}
const serial = (offset: number) => String(FIRST + offset).padStart(12, '0')
const body = (offset: number, count: number) => ({
  ...{ firstSerial: serial(offset), count, cause: 'a box is missing' },
})
const hold = (offset: number, count: number, change: object = {}) =>
  call('POST', '/api/cases', { ...body(offset, count), ...change })
const end = (id: string, cause = 'found') => call('POST', `/api/cases/${id}/end`, { cause })
const page = async (query = '') => (await call('GET', `/api/cases${query}`)).json
const open = async (): Promise<{ id: string; cause: string }[]> => (await page()).cases
const counted = async () => {
  const [stock] = await readStock(pool())
  return [Number(stock!.inStock), Number(stock!.onHold)]
}
const audited = async () =>
  (
    await vault.database
      .pool('auditor')
      .query(`SELECT at, actor, action, subject, details::json FROM audit_entry
               WHERE action IN ('codes-held', 'codes-released') ORDER BY n`)
  ).rows

/** Until one of us waits for another's lock. */
const untilOneWaits = () =>
  expect
    .poll(
      async () =>
        (
          await vault.database.pool('owner').query(`SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
                     WHERE NOT granted AND datname = current_database()`)
        ).rowCount,
    )
    .toBe(1)

test('a range is put aside with its cause, what centres have is counted, and ended it may be promised again', async () => {
  const before = adopted
  const held = await hold(0, 1_510, { cause: ' a box is missing ' })
  // What the vault sealed a moment ago is entered first.
  expect(adopted).toBe(before + 1)
  const counts = { held: 1_490, heldAlready: 0, given: 10, unknown: 10 }
  const opened = {
    ...{ id: expect.stringMatching(/^[1-9]\d*$/), ...body(0, 1_510), state: 'on_hold' },
    ...{ openedBy: 'amel', openedAt: '2026-11-22T10:00:00.000Z' },
    ...{ endedBy: null, endedAt: null, endedCause: null },
  }
  expect(held).toEqual({ status: 201, json: { ...opened, ...counts }, code: undefined })
  const { id } = held.json
  expect(await open()).toEqual([opened])
  expect(await counted()).toEqual([0, 1_490])
  expect(await promise(1)).toBe(0)
  clock.at = NOW + 1_500
  const ending = { endedBy: 'amel', endedAt: '2026-11-22T10:00:01.500Z', endedCause: 'found' }
  expect(await end(id)).toEqual({
    ...{ status: 200, json: { ...opened, ...ending, released: 1_490 }, code: undefined },
  })
  expect(await open()).toEqual([])
  expect(await end(id)).toMatchObject({ status: 409, code: 'ended-already' })
  expect(await audited()).toEqual([
    {
      ...{ at: new Date(NOW), actor: 'amel', action: 'codes-held', subject: id },
      details: { ...body(0, 1_510), state: 'on_hold', ...counts },
    },
    {
      ...{ at: new Date(NOW + 1_500), actor: 'amel', action: 'codes-released', subject: id },
      details: { ...body(0, 1_510), cause: 'found', released: 1_490 },
    },
  ])
})

test('a range of which nothing is here, or that an open case has, is refused and leaves nothing behind', async () => {
  const entries = (await audited()).length
  expect(await hold(-5, 5)).toMatchObject({ status: 409, code: 'unknown-range' })
  expect(await hold(1_500, 1_000_000)).toMatchObject({ status: 409, code: 'unknown-range' })
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
  expect(await counted()).toEqual([1_390, 100])
  expect(await open()).toHaveLength(1)
  expect(await audited()).toHaveLength(entries + 1)
  expect((await hold(120, 5)).json).toMatchObject({ held: 5 })
  expect((await hold(10, 10)).json).toMatchObject({ held: 10 })
})

test('of two that hold the same codes at the same moment one opens a case', async () => {
  const answers = await Promise.all([1, 2, 3, 4].map((more) => hold(100, 100 + more)))
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
  expect(await open()).toHaveLength(1)
})

test('whoever holds codes waits for the order that is being promised some of them', async () => {
  const order = await pool().connect()
  try {
    await order.query('BEGIN')
    await lockProducts(order, ATLAS, [PRODUCT])
    const held = hold(100, 10)
    await untilOneWaits()
    await order.query('COMMIT')
    expect((await held).json).toMatchObject({ held: 10 })
  } finally {
    order.release()
  }
})

/** While somebody else is opening a case of ten codes from there. */
async function whileOpening<Answer>(
  offset: number,
  state: string,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const other = await pool().connect()
  try {
    await other.query('BEGIN')
    await lockCases(other, {})
    const answer = work()
    await untilOneWaits()
    await other.query(
      `INSERT INTO code_case (first_serial, count, state, cause, opened_by, opened_at)
         VALUES ($1, 10, $2, 'by night', 'demo', now())`,
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
  const addCase = async (from: number, count: number) => {
    const { rows } = await pool().query<{ id: string }>(
      `INSERT INTO code_case (first_serial, count, state, cause, opened_by, opened_at)
       VALUES ($1, $2, 'damaged', 'by night', 'amel', now()) RETURNING id::text`,
      [FIRST + from, count],
    )
    return rows[0]!.id
  }
  const others = [await addCase(90, 20), await addCase(150, 10), await addCase(199, 5)]
  // Codes 100 to 109, 150 to 159 and 199 are theirs.
  expect((await end(id)).json).toMatchObject({ released: 79 })
  expect(await counted()).toEqual([1_469, 21])
  expect((await hold(105, 10)).json).toMatchObject({ held: 5, heldAlready: 5 })
  // Of these, 105 to 109 are in the newer case.
  expect((await end(others[0]!)).json).toMatchObject({ released: 5 })
  expect((await end(others[1]!)).json).toMatchObject({ released: 10 })
  expect((await end(others[2]!)).json).toMatchObject({ released: 1 })
  expect(await counted()).toEqual([1_480, 10])
})

test('open cases are listed newest first, a page at a time', async () => {
  await pool().query(
    `INSERT INTO code_case (first_serial, count, state, cause, opened_by, opened_at)
     SELECT 5000000 + n, 1, 'on_hold', 'cause ' || n, 'amel', now() FROM generate_series(1, 101) AS n`,
  )
  const first = await page()
  expect(first.cases.map(({ cause }: { cause: string }) => cause)).toEqual(
    Array.from({ length: 100 }, (_, n) => `cause ${101 - n}`),
  )
  const last = await page(`?before=${first.next}`)
  expect([last.cases.map(({ cause }: { cause: string }) => cause), last.next]).toEqual([['cause 1'], null])
  await end(last.cases[0]!.id)
  // A full page may be the last one: then the next is empty.
  expect(await page(`?before=${(await page()).next}`)).toEqual({ cases: [], next: null })
  expect((await call('GET', '/api/cases?before=x')).status).toBe(400)
})

test('what is no range or has no cause is not taken, and a case that never was is not ended', async () => {
  for (const change of [
    ...[{ count: 0 }, { count: 1_000_001 }, { count: 1.5 }, { firstSerial: '1' }, { operator: 'atlas' }],
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
