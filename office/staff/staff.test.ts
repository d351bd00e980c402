import { generateKeyPairSync } from 'node:crypto'
import { createHttpServer } from '@scratchless/program/http/http-server'
import { createLog } from '@scratchless/program/log'
import { centreId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import {
  startTestPostgres,
  type TestDatabase,
  type TestPostgres,
  testDatabase,
} from '../testing/test-database.ts'
import { signApproval, verifyApprovals } from './approval.ts'
import { addStaff } from './staff.ts'
import { addStaffRoutes } from './staff-routes.ts'

let server: TestPostgres
let database: TestDatabase
const clock = { at: 1_790_000_000_000, nowMs: () => clock.at }
beforeAll(async () => {
  server = await startTestPostgres()
  database = await testDatabase([OFFICE_MIGRATIONS])
})
afterAll(async () => {
  await database.drop()
  await server.stop()
})

async function office() {
  const log = createLog({ program: 'test', process: 'api', clock, level: 'silent' })
  const app = createHttpServer({ log, clock, random: systemRandom })
  const needs = { pool: database.pool('api'), clock, random: systemRandom }
  const guard = await addStaffRoutes(app, needs, { party: centreId('centre'), secureCookie: false })
  app.get('/api/stock', guard.mayDo('bring-in-stock'), async () => ({ stock: [] }))
  app.get('/api/money', guard.mayDo('take-deposit'), async () => ({}))
  return { app, needs }
}

test('sign in, see what the role allows, sign out', async () => {
  const { app, needs } = await office()
  await addStaff(needs, {
    signInName: 'amel',
    fullName: 'Amel',
    roles: ['stock'],
    password: 'a long password',
  })
  expect((await app.inject({ url: '/api/stock' })).json()).toMatchObject({ error: { code: 'not-signed-in' } })

  const signedIn = await app.inject({
    method: 'POST',
    url: '/api/sign-in',
    payload: { signInName: 'Amel ', password: 'a long password' },
  })
  const cookie = signedIn.cookies[0]!
  expect(cookie).toMatchObject({ name: 'centre_session', httpOnly: true, sameSite: 'Strict' })
  const cookies = { [cookie.name]: cookie.value }
  expect((await app.inject({ url: '/api/me', cookies })).json()).toMatchObject({ fullName: 'Amel' })
  expect((await app.inject({ url: '/api/stock', cookies })).statusCode).toBe(200)
  expect((await app.inject({ url: '/api/money', cookies })).json()).toMatchObject({
    error: { code: 'not-allowed' },
  })

  clock.at += 59 * 60_000
  expect((await app.inject({ url: '/api/me', cookies })).statusCode).toBe(200)
  clock.at += 61 * 60_000
  expect((await app.inject({ url: '/api/me', cookies })).statusCode).toBe(401)
  clock.at -= 61 * 60_000
  await app.inject({ method: 'POST', url: '/api/sign-out', cookies })
  expect((await app.inject({ url: '/api/me', cookies })).statusCode).toBe(401)
})

test('five wrong passwords lock, even against the right one, for a quarter of an hour', async () => {
  const { app, needs } = await office()
  await addStaff(needs, { signInName: 'sami', fullName: 'Sami', roles: [], password: 'another password' })
  const attempt = async (password: string) => {
    const payload = { signInName: 'sami', password }
    const answer = await app.inject({ method: 'POST', url: '/api/sign-in', payload })
    return answer.statusCode === 200 ? 'in' : answer.json().error.code
  }
  for (let i = 0; i < 5; i++) expect(await attempt('wrong wrong')).toBe('wrong-credentials')
  expect(await attempt('another password')).toBe('locked')
  clock.at += 15 * 60_000 + 1
  expect(await attempt('another password')).toBe('in')
})

test('a body that does not fit names the field and the rule, not the value', async () => {
  const { app } = await office()
  const answer = await app.inject({ method: 'POST', url: '/api/sign-in', payload: { signInName: 7 } })
  expect(answer.json().error).toMatchObject({
    code: 'invalid',
    details: [{ field: 'signInName' }, { field: 'password' }],
  })
})

test('an act is approved by two people with two keys, and only that act', () => {
  const [a, b] = [1, 2].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }))
  const ring = new Map([
    ['amel', a!.publicKey],
    ['sami', b!.publicKey],
    ['amel-again', a!.publicKey],
  ])
  const fields = ['T00001', 7n]
  const byAmel = { approver: 'amel', signature: signApproval(a!.privateKey, 'certify-terminal', fields) }
  const bySami = { approver: 'sami', signature: signApproval(b!.privateKey, 'certify-terminal', fields) }
  const check = (purpose: string, approvals: (typeof byAmel)[]) =>
    verifyApprovals(ring, purpose, fields, approvals)
  expect(check('certify-terminal', [byAmel, bySami])).toBe('approved')
  expect(check('certify-terminal', [byAmel])).toBe('one-approver-only')
  expect(check('certify-terminal', [byAmel, { ...byAmel, approver: 'amel-again' }])).toBe('one-approver-only')
  expect(check('register-card', [byAmel, bySami])).toBe('wrong-signature')
  expect(check('certify-terminal', [byAmel, { ...bySami, approver: 'nobody' }])).toBe('unknown-approver')
})
