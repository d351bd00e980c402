import { createHttpServer } from '@scratchless/program/http/http-server'
import { createLog } from '@scratchless/program/log'
import { centreId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase } from '../testing/test-database.ts'
import { addStaff } from './staff.ts'
import { addStaffRoutes } from './staff-routes.ts'

const OLD = 'a long old password'
const NEW = 'a long new password'
const clock = { nowMs: () => 1_790_000_000_000 }
let database: TestDatabase
let app: FastifyInstance
let people = 0
let amel: { id: number; name: string }
let chief: { id: number; name: string }

beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
  const log = createLog({ program: 'test', process: 'api', clock, level: 'silent' })
  app = createHttpServer({ log, clock, random: systemRandom })
  const needs = { pool: database.pool('api'), clock, random: systemRandom }
  await addStaffRoutes(app, needs, { party: centreId('centre'), secureCookie: true })
})
afterAll(async () => {
  await app.close()
  await database.drop()
})
beforeEach(async () => {
  amel = await add('stock')
  chief = await add('administrator')
})

async function add(role: string) {
  const name = `${role}-${++people}`
  const member = { signInName: name, fullName: name, roles: [role], password: OLD }
  return { name, id: (await addStaff({ pool: database.pool('owner') }, member))! }
}

async function signIn(name: string, password = OLD): Promise<string> {
  const answer = await app.inject({
    ...{ method: 'POST', url: '/api/sign-in', payload: { signInName: name, password } },
  })
  return answer.statusCode === 200
    ? String(answer.headers['set-cookie']).split(';')[0]!
    : answer.json().error.code
}

const post = (url: string, cookie: string, payload: object = {}) =>
  app.inject({ method: 'POST', url, headers: { cookie }, payload })
const isIn = async (cookie: string) =>
  (await app.inject({ url: '/api/me', headers: { cookie } })).statusCode === 200

async function audited(subject: string): Promise<string[]> {
  const { rows } = await database
    .pool('auditor')
    .query(`SELECT actor || ' ' || action AS said FROM audit_entry WHERE subject = $1 ORDER BY n`, [subject])
  return rows.map(({ said }) => said)
}

test('a new password ends every session of its owner, and only his', async () => {
  const [here, elsewhere, other] = [
    await signIn(amel.name),
    await signIn(amel.name),
    await signIn(chief.name),
  ]
  expect((await post('/api/me/password', here, { current: OLD, next: NEW })).statusCode).toBe(200)
  expect([await isIn(here), await isIn(elsewhere), await isIn(other)]).toEqual([false, false, true])
  expect(await signIn(amel.name)).toBe('wrong-credentials')
  expect(await isIn(await signIn(amel.name, NEW))).toBe(true)
  expect(await audited(amel.name)).toEqual([`${amel.name} password-changed`])
})

test('without the password that holds, or with a short one, nothing changes', async () => {
  const cookie = await signIn(amel.name)
  const code = async (current: string, next: string) =>
    (await post('/api/me/password', cookie, { current, next })).json().error.code
  expect(await code('a long other password', 'short')).toBe('wrong-password')
  expect(await code(OLD, '123456789')).toBe('password-too-short')
  expect((await post('/api/me/password', cookie, { current: OLD, next: 'x'.repeat(201) })).statusCode).toBe(
    400,
  )
  expect(await isIn(cookie)).toBe(true)
  expect(await audited(amel.name)).toEqual([])
  expect((await post('/api/me/password', cookie, { current: OLD, next: '1234567890' })).statusCode).toBe(200)
})

test('a leaver is out at once, and the right password lets him in no more', async () => {
  const [hers, chiefs] = [await signIn(amel.name), await signIn(chief.name)]
  expect((await post(`/api/staff/${amel.id}/disabling`, chiefs)).statusCode).toBe(200)
  expect(await isIn(hers)).toBe(false)
  expect(await signIn(amel.name)).toBe('wrong-credentials')
  expect(await audited(amel.name)).toEqual([`${chief.name} staff-disabled`])
  expect((await post(`/api/staff/${amel.id}/disabling`, chiefs)).json().error.code).toBe('disabled-already')
  expect(await isIn(chiefs)).toBe(true)
})

test('a session that was left in the table does not outlive its owner’s leaving', async () => {
  const hers = await signIn(amel.name)
  await database.pool('owner').query('UPDATE staff SET disabled_at = now() WHERE id = $1', [amel.id])
  expect(await isIn(hers)).toBe(false)
})

test('nobody disables himself, nor somebody who is not there', async () => {
  const chiefs = await signIn(chief.name)
  expect((await post(`/api/staff/${chief.id}/disabling`, chiefs)).json().error.code).toBe('oneself')
  expect((await post('/api/staff/999999/disabling', chiefs)).json().error.code).toBe('unknown-member')
  expect(await isIn(chiefs)).toBe(true)
})

test('the list of staff says who may sign in, and nothing that signs anybody in', async () => {
  const chiefs = await signIn(chief.name)
  await post(`/api/staff/${amel.id}/disabling`, chiefs)
  const answer = await app.inject({ url: '/api/staff', headers: { cookie: chiefs } })
  const of = (id: number) => answer.json().staff.find((one: { id: number }) => one.id === id)
  expect(of(amel.id)).toEqual({
    ...{ id: amel.id, signInName: amel.name, fullName: amel.name, roles: ['stock'] },
    ...{ disabledAt: new Date(clock.nowMs()).toISOString(), lockedUntil: null },
  })
  expect(of(chief.id).disabledAt).toBeNull()
  expect(answer.body).not.toContain('argon2')
})
