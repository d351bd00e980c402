// Signing in, locking and giving out vendor numbers from the screen.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '@scratchless/keys/certificates'
import { generatePair } from '@scratchless/keys/party-keys'
import { systemClock } from '@scratchless/voucher/clock'
import { cardId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CARD, PIN } from '../../testing/test-till.ts'
import { PASSWORD, type TestTillServer, testTillServer } from '../../testing/test-till-server.ts'
import { vendorIds, vendorOf } from './vendor.sql.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
let shop: TestTillServer
async function open(tls?: { certificate: string; key: string }) {
  shop = await testTillServer(
    { packedCodes: (_first, count) => Buffer.alloc(count * 6, 1), startMs: START_MS, stock: 0 },
    tls,
  )
}
beforeEach(() => open())
afterEach(() => shop.close())

const code = (word: string) => ({ error: { code: word } })
const signIn = (form: object) => shop.call('POST', '/api/sign-in', form)
const signedIn = async () => (await shop.call<{ signedIn: string }>('GET', '/api/state')).body.signedIn

test('signing in looks at the card, lays out the tickets and asks the centre; its cookie is for the till alone', async () => {
  const till = shop.world.till()
  const done = [vi.spyOn(till, 'lookAtCard'), vi.spyOn(till, 'prepare'), vi.spyOn(till.supply, 'wake')]
  const { status, body, headers } = await signIn({ vendor: '02', password: PASSWORD, pin: PIN })
  expect(status).toBe(200)
  expect(body).toMatchObject({ terminal: 'T00001', signedIn: 'vendor', vendors: [{ id: '02' }] })
  for (const one of done) expect(one).toHaveBeenCalled()
  expect(headers['set-cookie']).toMatch(/^till=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
  expect(till.sessions.current()).toMatchObject({ who: 'vendor', vendor: '02', card: CARD })
  expect(await signedIn()).toBe('vendor')
  expect(shop.acts()).toEqual(['signed-in nobody done'])
})

test('a no to a sign-in has its word, what belongs to it, and no cookie', async () => {
  expect(await signIn({ vendor: '02', password: 'wrong', pin: PIN })).toMatchObject({
    ...{ status: 403, body: code('wrong-password') },
  })
  expect(await signIn({ vendor: '02', password: PASSWORD, pin: '00000000' })).toMatchObject({
    ...{ status: 403, body: { error: { code: 'wrong-pin', details: { triesLeft: 2 } } } },
  })
  // A card that is revoked opens nothing, whatever its PIN.
  const { standing } = shop.world.till().word()!
  vi.spyOn(standing, 'revokedCards', 'get' as never).mockReturnValue([CARD] as never)
  expect(await signIn({ vendor: '02', password: PASSWORD, pin: PIN })).toMatchObject({
    ...{ status: 403, body: code('card-blocked') },
  })
  await shop.world.card('out')
  const out = await signIn({ vendor: '02', password: PASSWORD, pin: PIN })
  expect(out).toMatchObject({ status: 403, body: code('card-out') })
  expect(out.headers['set-cookie']).toBeUndefined()
  for (let i = 0; i < 4; i++) await signIn({ vendor: '02', password: 'wrong' })
  expect(await signIn({ vendor: 'owner', password: PASSWORD })).toMatchObject({
    ...{ status: 403, body: code('too-many-tries') },
  })
  expect(shop.acts().slice(0, 2)).toEqual([
    'signed-in nobody refused: wrong-password',
    'signed-in nobody refused: wrong-pin',
  ])
})

test('whoever stands there locks the till, and a stranger’s lock locks nobody out of it', async () => {
  await shop.signIn()
  const lock = vi.spyOn(shop.world.till(), 'lock')
  const cookie = shop.forgetCookie()
  const stranger = await shop.call('POST', '/api/lock')
  expect([stranger.status, lock.mock.calls.length]).toEqual([204, 0])
  expect(stranger.headers['set-cookie']).toMatch(/^till=; Max-Age=0; Path=\/; /)
  expect(shop.world.till().sessions.of(cookie.slice('till='.length))).toMatchObject({ vendor: '02' })
  await shop.signIn()
  expect((await shop.call('POST', '/api/lock')).status).toBe(204)
  expect(lock).toHaveBeenCalledTimes(1)
  expect(shop.world.till().sessions.current()).toBeNull()
  expect(shop.acts().filter((act) => act.startsWith('locked'))).toEqual([
    'locked nobody done',
    'locked 02 done',
  ])
})

test('the owner gives out a number with its card, and a vendor does not', async () => {
  const form = { vendor: '07', password: 'ten chars.', card: 'C0000009' }
  await shop.signIn()
  expect(await shop.call('POST', '/api/vendors', form)).toMatchObject({ status: 401 })
  await shop.signIn('owner')
  expect(await shop.call('POST', '/api/vendors', { ...form, password: 'nine char' })).toMatchObject({
    ...{ status: 409, body: code('password-too-short') },
  })
  for (const bad of [
    { ...form, vendor: 'owner' },
    { ...form, card: 'C1' },
    { ...form, password: '' },
    { ...form, password: 'a'.repeat(201) },
    { ...form, role: 'owner' },
    {},
  ])
    expect(await shop.call('POST', '/api/vendors', bad)).toMatchObject({ body: code('invalid') })
  expect(vendorIds(shop.world.store())).toEqual(['02'])
  expect(await shop.call('POST', '/api/vendors', form)).toMatchObject({
    ...{ status: 200, body: { vendor: '07' } },
  })
  expect(vendorOf(shop.world.store(), '07')).toMatchObject({ card: cardId('C0000009') })
  expect(shop.acts().slice(-2)).toEqual([
    'vendor-added owner refused: password-too-short',
    'vendor-added owner done',
  ])
})

test('a sign-in of another shape tries nothing', async () => {
  for (const form of [
    {},
    { vendor: 'v'.repeat(21), password: PASSWORD },
    { vendor: '02', password: '' },
    { vendor: '02', password: 'a'.repeat(201) },
    { vendor: '02', password: PASSWORD, pin: '1'.repeat(65) },
    { vendor: '02', password: PASSWORD, card: CARD },
  ])
    expect(await signIn(form)).toMatchObject({ body: code('invalid') })
  expect(shop.acts()).toEqual([])
  expect(await signedIn()).toBe('nobody')
})

test('over TLS the cookie comes back over TLS alone', async () => {
  await shop.close()
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  const pair = generatePair('tls')
  const tls = { certificate: join(folder, 'tls.pem'), key: join(folder, 'tls.key') }
  writeFileSync(
    tls.certificate,
    await createAuthority('till', pair, { clock: systemClock, random: systemRandom }),
  )
  writeFileSync(tls.key, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await open(tls)
  const { headers } = await signIn({ vendor: 'owner', password: PASSWORD })
  expect(headers['set-cookie']).toMatch(/; HttpOnly; Secure; SameSite=Strict$/)
  rmSync(folder, { recursive: true })
})
