// What the till says of itself: to whoever looks after this machine, to its screens, and to who writes another one.

import { operatorId } from '@scratchless/voucher/ids'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { layRun } from '../../testing/test-store.ts'
import { type TestTillServer, testTillServer } from '../../testing/test-till-server.ts'
import { insertEvent } from '../sale/sale.sql.ts'
import { insertRequest, nextSequence, saveAnswer } from '../supply/request.sql.ts'
import { askOrder, insertOrder, orderDelivered } from '../supply/supply-order.sql.ts'
import type { HomeView, TillStatus } from './till-contract.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
let shop: TestTillServer
beforeEach(async () => {
  shop = await testTillServer({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    ...{ startMs: START_MS, stock: 8 },
  })
  await shop.world.until(() => shop.world.till().supply.status() === 'online')
})
afterEach(() => shop.close())

const status = async () => (await shop.call<TillStatus>('GET', '/api/status')).body
const sell = (nth: number) =>
  shop.world.till().sell(shop.world.session, { saleId: `press-${nth}`, product: PRODUCT })

test('a till at rest says what it has and that nothing is owed', async () => {
  await shop.world.until(
    () => shop.world.store().statement(`SELECT 1 FROM request WHERE state = 'asked'`).get() === undefined,
  )
  await shop.world.till().supply.stop()
  expect(await status()).toEqual({
    ...{
      terminal: 'T00001',
      enrolment: 'enrolled',
      fingerprint: null,
      stock: { [PRODUCT]: 8 },
      onTheWay: {},
    },
    ...{ outboxEmpty: true, unsent: 0, inDoubt: 0, lastSequence: 4, catalogueVersion: 1, letterEpoch: 1 },
    ...{ line: 'online', printer: 'ready', card: 'in', waitsFor: null },
  })
  // Codes past their day are none that could be sold.
  shop.world.store().statement(`UPDATE safe_run SET expires_on = '2026-11-21'`).run()
  await shop.world.card('out')
  expect(await status()).toMatchObject({ stock: {}, card: 'out' })
})

test('each thing that is owed is said, and the outbox is empty only without all of them', async () => {
  const { store } = shop.world.till()
  await shop.world.till().supply.stop()
  await sell(1)
  expect(await status()).toMatchObject({ outboxEmpty: false, unsent: 1, inDoubt: 0, stock: { [PRODUCT]: 7 } })
  store.statement('UPDATE sale SET acknowledged = 1').run()
  expect(await status()).toMatchObject({ outboxEmpty: true, unsent: 0 })
  insertEvent(store, 1, 'in-doubt', START_MS)
  store.statement(`UPDATE sale SET state = 'in_doubt'`).run()
  expect(await status()).toMatchObject({ outboxEmpty: false, unsent: 1, inDoubt: 1 })
  store.statement('UPDATE ticket_event SET acknowledged = 1').run()
  expect((await status()).outboxEmpty).toBe(true)

  const order = insertOrder(store, START_MS, [
    { product: PRODUCT, operator: operatorId('atlas'), digits: 14, quantity: 3 },
  ])
  expect(await status()).toMatchObject({ outboxEmpty: false, onTheWay: { [PRODUCT]: 3 }, lastSequence: 4 })
  const sequence = nextSequence(store)
  const frame = Buffer.of(1)
  insertRequest(store, { sequence, kind: 'supply-order', frame, payloadHash: frame, level: 1 }, START_MS)
  askOrder(store, order, sequence, 9e9)
  expect(await status()).toMatchObject({ outboxEmpty: false, lastSequence: 5 })
  saveAnswer(store, sequence, frame)
  expect((await status()).outboxEmpty).toBe(true)
  orderDelivered(store, sequence, frame)
  expect(await status()).toMatchObject({ outboxEmpty: false, onTheWay: {} })
})

test('the home screen is the vendor’s, with what the till knows of itself', async () => {
  await shop.signIn()
  layRun(shop.world.store(), { firstSerial: 9_000, count: 3 })
  const { body } = await shop.call<HomeView>('GET', '/api/home')
  expect(body).toMatchObject({
    ...{ nowMs: START_MS, vendor: { id: '02', sinceMs: START_MS }, line: 'online', printer: 'ready' },
    ...{ card: 'in', locked: null, retailerName: 'Épicerie El Amen' },
    operators: [{ tiles: [{ product: PRODUCT, stock: 11, minimum: 5 }] }],
  })
  await shop.signIn('owner')
  expect(await shop.call('GET', '/api/home')).toMatchObject({ status: 401 })
})

test('a screen that asks for events gets the stream', async () => {
  const listen = vi
    .spyOn(shop.world.till().events, 'listen')
    .mockImplementation((response) => void response.writeHead(200).end())
  expect((await shop.call('GET', '/api/events')).status).toBe(200)
  expect(listen).toHaveBeenCalledTimes(1)
})

test('every room stands in the description of the routes', async () => {
  const { body } = await shop.call<{ info: { title: string }; paths: object }>('GET', '/api/openapi.json')
  expect(body.info.title).toBe('Scratchless till')
  expect(Object.keys(body.paths).sort()).toEqual([
    ...['/api/enrolment', '/api/enrolment/poll', '/api/home', '/api/journal', '/api/lock', '/api/sales'],
    ...['/api/sales/{number}/doubt', '/api/sign-in', '/api/state', '/api/status', '/api/supply-orders'],
    '/api/vendors',
  ])
})

test('a form larger than any of ours is not read', async () => {
  const form = (bytes: number) => ({ vendor: '02', password: 'x'.repeat(bytes) })
  expect((await shop.call('POST', '/api/sign-in', form(17 * 1024))).status).toBe(413)
  expect((await shop.call('POST', '/api/sign-in', form(15 * 1024))).status).toBe(400)
})
