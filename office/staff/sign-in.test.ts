// Tries, locks and sessions at their edges, on the real table with a clock that the test sets.

import { createHash } from 'node:crypto'
import { createHttpServer } from '@scratchless/program/http/http-server'
import { createLog } from '@scratchless/program/log'
import { centreId, operatorId, type PartyId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase } from '../testing/test-database.ts'
import { addStaff, disableStaff, readStaff, type StaffNeeds, signIn, signOut, whoIs } from './staff.ts'
import { addStaffRoutes, staffOf } from './staff-routes.ts'

const verified = vi.hoisted(() => ({ hashes: [] as string[] }))
vi.mock('@node-rs/argon2', async (original) => {
  const real = await original<typeof import('@node-rs/argon2')>()
  return {
    hash: real.hash,
    verify: (hash: string, password: string) => {
      verified.hashes.push(hash)
      return real.verify(hash, password)
    },
  }
})

const T0 = 1_790_000_000_000
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const GOOD = 'a long password'
const clock = { at: T0, nowMs: () => clock.at }
let database: TestDatabase
let needs: StaffNeeds
let people = 0
let id: number
let name: string
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
  needs = { pool: database.pool('api'), clock, random: systemRandom }
})
afterAll(() => database.drop())
beforeEach(async () => {
  clock.at = T0
  name = `p${++people}`
  id = (await add(name))!
})

const add = (signInName: string, password = GOOD) =>
  addStaff(needs, { signInName, fullName: 'Amel', roles: ['stock', 'finance'], password })
/** `in`, or why not. */
async function attempt(password: string, as = name): Promise<string> {
  const result = await signIn(needs, as, password)
  return typeof result === 'string' ? result : 'in'
}
async function token(): Promise<string> {
  const result = await signIn(needs, name, GOOD)
  if (typeof result === 'string') throw new Error(result)
  return result.token
}
const isIn = async (of: string) => (await whoIs(needs, of)) !== null
const viewOf = async () => (await readStaff(needs)).find((one) => one.id === id)!
async function rows(text: string): Promise<Record<string, unknown>[]> {
  return (await database.pool('owner').query(text, [id])).rows
}
const failures = async () => (await rows('SELECT failures FROM staff WHERE id = $1'))[0]!.failures

test('a password has ten to two hundred characters', async () => {
  await expect(add('q1', '123456789')).rejects.toThrow(RangeError)
  await expect(add('q1', 'x'.repeat(201))).rejects.toThrow('a password has 10 to 200 characters')
  expect(await add('q1', '1234567890')).toBeTypeOf('number')
  expect(await add('q2', 'x'.repeat(200))).toBeTypeOf('number')
  expect(await attempt('x'.repeat(200), 'q2')).toBe('in')
})

test('a sign-in name that is taken stays with whoever has it', async () => {
  expect(await add(name, 'another long password')).toBeNull()
  expect(await attempt('another long password')).toBe('wrong-credentials')
  expect(await attempt(GOOD)).toBe('in')
})

test('the fifth wrong password locks for a quarter of an hour to the millisecond, and the list says until when', async () => {
  for (let n = 1; n <= 4; n++) expect(await attempt('wrong wrong')).toBe('wrong-credentials')
  expect(await failures()).toBe(4)
  expect((await viewOf()).lockedUntil).toBeNull()
  expect(await attempt('wrong wrong')).toBe('wrong-credentials')
  expect((await viewOf()).lockedUntil).toBe(new Date(T0 + 15 * MINUTE).toISOString())
  clock.at = T0 + 15 * MINUTE - 1
  expect([await attempt(GOOD), await attempt('wrong wrong')]).toEqual(['locked', 'locked'])
  clock.at = T0 + 15 * MINUTE
  // The count began anew: one more wrong one does not lock at once, and who is locked is not locked for longer.
  expect([await attempt('wrong wrong'), await failures()]).toEqual(['wrong-credentials', 1])
  expect(await attempt(GOOD)).toBe('in')
  expect([await failures(), (await viewOf()).lockedUntil]).toEqual([0, null])
})

test('the right password after four wrong ones gives five new tries', async () => {
  for (let round = 0; round < 2; round++) {
    for (let n = 1; n <= 4; n++) expect(await attempt('wrong wrong')).toBe('wrong-credentials')
    expect(await attempt(GOOD)).toBe('in')
  }
})

test('of many passwords tried at the same time five are looked at', async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => attempt('wrong wrong')))
  expect(answers.filter((answer) => answer === 'wrong-credentials')).toHaveLength(5)
  expect(answers.filter((answer) => answer === 'locked')).toHaveLength(7)
  expect(await attempt(GOOD)).toBe('locked')
})

test('wrong passwords of one person lock nobody else', async () => {
  const other = `p${++people}`
  await add(other)
  for (let n = 1; n <= 5; n++) await attempt('wrong wrong', other)
  expect([await attempt(GOOD, other), await attempt(GOOD)]).toEqual(['locked', 'in'])
})

test('a name that nobody has takes the work of one that somebody has', async () => {
  verified.hashes = []
  expect(await attempt(GOOD, 'nobody')).toBe('wrong-credentials')
  expect(await attempt('nobody signs in with this', 'nobody')).toBe('wrong-credentials')
  const [first, second] = verified.hashes
  expect(first).toMatch(/^\$argon2id\$/)
  expect(second).toBe(first)
})

test('who is locked and disabled is told that he is locked, as anybody would be', async () => {
  for (let n = 1; n <= 5; n++) await attempt('wrong wrong')
  await database.pool('owner').query('UPDATE staff SET disabled_at = now() WHERE id = $1', [id])
  expect(await attempt(GOOD)).toBe('locked')
  clock.at += 15 * MINUTE
  expect(await attempt(GOOD)).toBe('wrong-credentials')
})

test('a session ends an hour after the last look at it', async () => {
  const session = await token()
  clock.at += HOUR - 1
  expect(await isIn(session)).toBe(true)
  clock.at += HOUR - 1
  expect(await isIn(session)).toBe(true)
  clock.at += HOUR
  expect(await isIn(session)).toBe(false)
})

test('a session ends twelve hours after its beginning, however busy it is', async () => {
  const session = await token()
  for (let n = 1; n <= 23; n++) {
    clock.at = T0 + (n * HOUR) / 2
    expect(await isIn(session), `after ${n} half hours`).toBe(true)
  }
  clock.at = T0 + 12 * HOUR - 1
  expect(await isIn(session)).toBe(true)
  clock.at = T0 + 12 * HOUR
  expect(await isIn(session)).toBe(false)
})

test('a look is written down once a minute', async () => {
  const session = await token()
  const seen = async () =>
    ((await rows('SELECT seen_at FROM staff_session WHERE staff_id = $1'))[0]!.seen_at as Date).getTime()
  clock.at = T0 + MINUTE
  await isIn(session)
  expect(await seen()).toBe(T0)
  clock.at = T0 + MINUTE + 1
  await isIn(session)
  expect(await seen()).toBe(T0 + MINUTE + 1)
})

test('the table has the hash of a token of 32 bytes, and two sessions have two', async () => {
  const [one, two] = [await token(), await token()]
  expect(one).not.toBe(two)
  expect(Buffer.from(one, 'base64url')).toHaveLength(32)
  const found = await rows('SELECT token_hash, started_at, ends_at FROM staff_session WHERE staff_id = $1')
  const hashes = [one, two].map((text) => createHash('sha256').update(text).digest('hex'))
  expect(found.map(({ token_hash }) => (token_hash as Buffer).toString('hex')).sort()).toEqual(hashes.sort())
  expect(found[0]).toMatchObject({ started_at: new Date(T0), ends_at: new Date(T0 + 12 * HOUR) })
  await signOut(needs, one)
  expect([await isIn(one), await isIn(two)]).toEqual([false, true])
})

test('signing in clears away the sessions that have ended, and no others', async () => {
  await token()
  clock.at = T0 + 1
  await token()
  clock.at = T0 + 12 * HOUR
  await token()
  const left = await rows('SELECT started_at FROM staff_session WHERE staff_id = $1 ORDER BY started_at')
  expect(left.map(({ started_at }) => (started_at as Date).getTime())).toEqual([T0 + 1, T0 + 12 * HOUR])
})

test('of two who disable somebody at once one does, and his sessions are gone from the table', async () => {
  await token()
  const by = { id: 0, signInName: 'chief', fullName: 'Chief', roles: [] }
  const outcomes = await Promise.all([disableStaff(needs, by, id), disableStaff(needs, by, id)])
  expect(outcomes.sort()).toEqual(['disabled', 'disabled-already'])
  expect(await rows('SELECT FROM staff_session WHERE staff_id = $1')).toEqual([])
  const told = await database
    .pool('auditor')
    .query(`SELECT at FROM audit_entry WHERE action = 'staff-disabled' AND subject = $1`, [name])
  expect(told.rows).toEqual([{ at: new Date(T0) }])
})

test('the list of staff goes by name and ends at a thousand', async () => {
  const big = await testDatabase([OFFICE_MIGRATIONS])
  try {
    await big.pool('owner').query(
      `INSERT INTO staff (sign_in_name, full_name, roles, password_hash)
         SELECT 's' || (2000 - n), 'S', '{}', 'h' FROM generate_series(0, 1000) AS n`,
    )
    const names = (await readStaff({ pool: big.pool('api') })).map(({ signInName }) => signInName)
    expect(names).toHaveLength(1_000)
    expect([names[0], names.at(-1)]).toEqual(['s1000', 's1999'])
    expect(names).toEqual([...names].sort())
  } finally {
    await big.drop()
  }
})

async function office(party: PartyId, secureCookie: boolean) {
  const log = createLog({ program: 'test', process: 'api', clock, level: 'silent' })
  const app = createHttpServer({ log, clock, random: systemRandom })
  const guard = await addStaffRoutes(app, needs, { party, secureCookie })
  app.get('/guarded', guard.mayDo('see-stock'), async (request) => staffOf(request))
  app.get('/two', guard.mayDo('add-retailer'), async () => ({}))
  app.get('/forgotten', async (request) => staffOf(request))
  const post = (url: string, payload: object, cookie = '') =>
    app.inject({ method: 'POST', url, payload, headers: { cookie } })
  return { app, post, enter: () => post('/api/sign-in', { signInName: name, password: GOOD }) }
}

test('the cookie is named after the party, for every path, for this site alone, by TLS where there is any', async () => {
  const plain = await office(operatorId('atlas'), false)
  const secure = await office(centreId('centre'), true)
  const [one, two] = [await plain.enter(), await secure.enter()]
  expect(String(one.headers['set-cookie'])).toMatch(
    /^atlas_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
  )
  expect(String(two.headers['set-cookie'])).toMatch(
    /^centre_session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  )
  expect(one.json()).toEqual({ id, signInName: name, fullName: 'Amel', roles: ['stock', 'finance'] })
  // Another office's cookie says nothing here.
  const cookie = String(one.headers['set-cookie']).split(';')[0]!
  const asked = (app: typeof plain.app) => app.inject({ url: '/guarded', headers: { cookie } })
  expect((await asked(plain.app)).json()).toEqual(one.json())
  expect((await asked(secure.app)).json().error.code).toBe('not-signed-in')
  expect((await plain.app.inject({ url: '/two', headers: { cookie } })).statusCode).toBe(403)
  const out = await plain.post('/api/sign-out', {}, cookie)
  expect(String(out.headers['set-cookie'])).toMatch(/^atlas_session=; .*Expires=Thu, 01 Jan 1970/)
  expect((await asked(plain.app)).statusCode).toBe(401)
  expect((await plain.post('/api/sign-out', {})).statusCode).toBe(200)
})

test('a new password takes the cookie away, and ends a lock', async () => {
  const { post, enter } = await office(centreId('centre'), true)
  const cookie = String((await enter()).headers['set-cookie']).split(';')[0]!
  for (let n = 1; n <= 5; n++) await attempt('wrong wrong')
  const answer = await post('/api/me/password', { current: GOOD, next: 'x'.repeat(200) }, cookie)
  expect(String(answer.headers['set-cookie'])).toMatch(/^centre_session=; .*Expires=Thu, 01 Jan 1970/)
  expect(await attempt('x'.repeat(200))).toBe('in')
})

test('what is too long, too much or no number is refused before anybody looks', async () => {
  const { post, enter } = await office(centreId('centre'), true)
  const enters = async (signInName: string, password: string) =>
    (await post('/api/sign-in', { signInName, password })).statusCode
  expect(await enters('x'.repeat(40), 'x'.repeat(200))).toBe(401)
  expect(await enters('x'.repeat(41), GOOD)).toBe(400)
  expect(await enters(name, 'x'.repeat(201))).toBe(400)
  const cookie = String((await enter()).headers['set-cookie']).split(';')[0]!
  const changes = { current: GOOD, next: 'a new password' }
  for (const body of [
    { ...changes, current: 'x'.repeat(201) },
    { ...changes, more: 1 },
    { current: GOOD },
    { next: 'a new password' },
  ])
    expect((await post('/api/me/password', body, cookie)).statusCode).toBe(400)
  await database.pool('owner').query(`UPDATE staff SET roles = '{administrator}' WHERE id = $1`, [id])
  for (const wrong of ['0', '1.5', 'x', '-1'])
    expect((await post(`/api/staff/${wrong}/disabling`, {}, cookie)).statusCode).toBe(400)
  expect((await post('/api/staff/999999/disabling', {}, cookie)).statusCode).toBe(404)
  expect((await post(`/api/staff/${id}/disabling`, {}, cookie)).statusCode).toBe(409)
})

test('a route that forgot its guard answers nothing', async () => {
  const { app } = await office(centreId('centre'), true)
  expect((await app.inject('/forgotten')).json().error.code).toBe('fault')
})
