import { createLog } from '@scratchless/program/log'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { CARD, PIN, type TestTill, testTill } from '../../testing/test-till.ts'
import { hashPassword } from '../vendors/passwords.ts'
import { putVendor } from '../vendors/vendor.sql.ts'
import type { HomeView } from './till-contract.ts'
import { createTillServer } from './till-server.ts'
import type { SaleView } from './till-shapes.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
const PASSWORD = 'a long password'

const outside = { clock: systemClock, random: systemRandom }

let world: TestTill
let app: FastifyInstance
let cookie: string

beforeEach(async () => {
  world = await testTill({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    startMs: START_MS,
    stock: 10,
  })
  const log = createLog({ program: 'terminal', process: 'test', clock: world.clock, level: 'silent' })
  app = await createTillServer(world.till(), { ...outside, log, listener: { host: '127.0.0.1', port: 4000 } })
  putVendor(world.store(), { id: 'owner', passwordHash: await hashPassword(PASSWORD), card: null })
  putVendor(world.store(), { id: '02', passwordHash: await hashPassword(PASSWORD), card: CARD })
  cookie = ''
})
afterEach(async () => {
  await app.close()
  await world.close()
})

async function call<T>(method: 'GET' | 'POST', url: string, payload?: object, host = '127.0.0.1:4000') {
  const answer = await app.inject({
    method,
    url,
    headers: { host, cookie },
    ...(payload === undefined ? {} : { payload }),
  })
  const [given] = answer.cookies
  if (given !== undefined) cookie = `${given.name}=${given.value}`
  return { status: answer.statusCode, body: (answer.body === '' ? null : answer.json()) as T, answer }
}
const signIn = () => call('POST', '/api/sign-in', { vendor: '02', password: PASSWORD, pin: PIN })
const sell = (saleId = 'a-sale-id') => call<SaleView>('POST', '/api/sales', { saleId, product: PRODUCT })

test('nothing is shown or sold before somebody has signed in', async () => {
  for (const path of ['/api/home', '/api/journal', '/api/supply-orders'])
    expect((await call('GET', path)).body).toMatchObject({ error: { code: 'signed-out' } })
  expect((await sell()).status).toBe(401)
  expect((await call('POST', '/api/vendors', { vendor: '03', password: PASSWORD, card: CARD })).status).toBe(
    401,
  )
})

test('a name that was pointed at this machine is not served', async () => {
  expect((await call('GET', '/api/state', undefined, 'till.example')).status).toBe(403)
  expect((await call('GET', '/api/state', undefined, 'localhost:4000')).status).toBe(200)
})

test('a vendor sees tiles, sells, and finds the sale in the journal, the code nowhere', async () => {
  expect((await signIn()).status).toBe(200)
  const { body: home } = await call<HomeView>('GET', '/api/home')
  expect(home).toMatchObject({
    terminal: 'T00001',
    vendor: { id: '02' },
    locked: null,
    card: 'in',
    printer: 'ready',
    balance: { amountMinor: '905000', currency: 'TND' },
    operators: [
      { name: 'Atlas', tiles: [{ key: 1, product: PRODUCT, stock: 10, full: 10, level: 'normal' }] },
    ],
  })
  const { body: sale } = await sell()
  expect(sale).toMatchObject({ number: 1, state: 'printed' })
  expect(sale.ticket.find(({ kind }) => kind === 'code')).toEqual({ kind: 'code', groups: [4, 4, 4, 2] })
  const { body: journal, answer } = await call<{ sales: SaleView[] }>('GET', '/api/journal')
  expect(journal.sales).toEqual([sale])
  const printed = /tel:\*123\*(\d{14})%23/.exec(world.printer.received().toString('latin1'))![1]!
  expect(answer.body).not.toContain(printed)
  const { body: after } = await call<HomeView>('GET', '/api/home')
  expect(after.day).toMatchObject({ sales: 1, amount: { amountMinor: '5000' } })
  expect(after.operators[0]!.tiles[0]!.stock).toBe(9)
})

test('a refusal has its word and a reference; nothing was sold', async () => {
  await signIn()
  world.printer.setFault('no-paper')
  const { status, body } = await sell()
  expect(status).toBe(409)
  expect(body).toEqual({ error: { code: 'printer', reference: expect.stringMatching(/^[0-9a-f]{12}$/) } })
  expect((await call<HomeView>('GET', '/api/home')).body).toMatchObject({
    locked: 'printer',
    printer: 'no-paper',
  })
  // A new roll is noticed without a press.
  world.printer.setFault('none')
  await world.until(() => world.till().printerStatus() === 'ready')
})

test('a doubt is asked on the home screen and settled once', async () => {
  await signIn()
  world.printer.failAfter(50, 'cut')
  expect((await sell()).body).toMatchObject({ state: 'in_doubt' })
  const { body: home } = await call<HomeView>('GET', '/api/home')
  expect(home.doubts.map(({ number }) => number)).toEqual([1])
  const settle = (answer: string) => call<SaleView>('POST', '/api/sales/1/doubt', { answer })
  expect((await settle('came-out')).body).toMatchObject({ state: 'printed' })
  expect((await settle('did-not-come-out')).body).toMatchObject({ error: { code: 'not-in-doubt' } })
  expect((await call('POST', '/api/sales/7/doubt', { answer: 'came-out' })).status).toBe(404)
})

test('locking ends the session, and the card forgets its PIN', async () => {
  await signIn()
  expect((await call('POST', '/api/lock', {})).status).toBe(204)
  expect((await sell()).status).toBe(401)
  expect(await world.till().card.state()).toMatchObject({ unlocked: false })
})

test('an earlier cookie opens nothing once another person has signed in', async () => {
  await signIn()
  const earlier = cookie
  await call('POST', '/api/sign-in', { vendor: 'owner', password: PASSWORD })
  expect((await call('POST', '/api/vendors', { vendor: '03', password: PASSWORD, card: CARD })).status).toBe(
    200,
  )
  cookie = earlier
  expect((await sell()).status).toBe(401)
})

test('wrong passwords are counted and then refused for a while', async () => {
  for (let i = 0; i < 5; i++) {
    const { body } = await call('POST', '/api/sign-in', { vendor: '02', password: 'wrong', pin: PIN })
    expect(body).toMatchObject({ error: { code: 'wrong-password' } })
  }
  expect((await signIn()).body).toMatchObject({ error: { code: 'too-many-tries' } })
})

test('three wrong PINs block the card', async () => {
  const wrong = () => call('POST', '/api/sign-in', { vendor: '02', password: PASSWORD, pin: '00000000' })
  expect((await wrong()).body).toMatchObject({ error: { code: 'wrong-pin', details: { triesLeft: 2 } } })
  expect((await wrong()).body).toMatchObject({ error: { code: 'wrong-pin', details: { triesLeft: 1 } } })
  expect((await wrong()).body).toMatchObject({ error: { code: 'card-blocked' } })
  expect((await signIn()).body).toMatchObject({ error: { code: 'card-blocked' } })
})

test.each([
  ['/api/sales', { saleId: 'a-sale-id', product: 'no product' }],
  ['/api/sales', { saleId: 'a-sale-id', product: PRODUCT, price: 1 }],
  ['/api/supply-orders', { lines: [{ product: PRODUCT, quantity: 0 }] }],
  ['/api/sales/1/doubt', { answer: 'perhaps' }],
])('a misshapen form for %s is refused', async (path, form) => {
  await signIn()
  expect((await call('POST', path, form)).body).toMatchObject({ error: { code: 'invalid' } })
})
