// What the centre sets for a shop, and what the till makes of it.

import { operatorId } from '@scratchless/voucher/ids'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { notices } from '@scratchless/wire/supply/notice'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { OPERATOR, PRODUCT } from '../../testing/fake-catalogue.ts'
import { type TestTill, testTill } from '../../testing/test-till.ts'
import { auditTerminal } from '../audit.ts'
import { type BarredRange, barRuns } from '../safe/barred-run.sql.ts'
import { moveCursor, nextCode, stockOf } from '../safe/safe-run.sql.ts'
import { stateView } from '../till/state-view.ts'
import { minimumOf, takeSettings } from './ask-settings.ts'
import { getCatalogue, getSettings, putCatalogue } from './centre-word.sql.ts'
import { askedRequests } from './request.sql.ts'
import { takeOrder } from './send-supply-order.ts'
import { latestOrders } from './supply-order.sql.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
const HOUR_MS = 3_600_000
/** Of the first code on board; there are ten. */
const FIRST = 104_822_773_901
let world: TestTill
let presses = 0
beforeEach(async () => {
  world = await testTill({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    startMs: START_MS,
    stock: 10,
  })
  await world.until(() => askedRequests(world.store()).length === 0)
})
afterEach(async () => {
  const breaks = auditTerminal(`${world.folder}/terminal.sqlite`).filter(({ ok }) => !ok)
  await world.close()
  expect(breaks).toEqual([])
})

const heard = (kind: string) => world.centre.heard.filter((frame) => frame.kind === kind)
const settle = () => new Promise((resolve) => setTimeout(resolve, 40))
async function press() {
  const sale = await world
    .till()
    .sell(world.session, { saleId: `press-${++presses}-of-a-key`, product: PRODUCT })
  return typeof sale === 'string' ? sale : Number(sale.serial) - FIRST
}
const range = (first: number, count: number, more: Partial<BarredRange> = {}): BarredRange => ({
  ...{ operator: OPERATOR, firstSerial: serialFromNumber(FIRST + first), count, why: 'held' },
  ...more,
})
async function set(version: number, change: Parameters<TestTill['centre']['setSettings']>[0]) {
  world.centre.setSettings(change)
  world.centre.setStanding({ settingsVersion: version })
  world.clock.setMs(world.clock.nowMs() + 5 * HOUR_MS)
  world.till().supply.wake()
  await world.until(() => getSettings(world.store())?.version === version)
  await world.until(() => askedRequests(world.store()).length === 0)
}

test('they are asked for where the standing has newer ones, once, and kept over restarts', async () => {
  await set(3, { message: 'Bonjour', paymentReference: 'R1' })
  await settle()
  expect(heard('settings-request')).toHaveLength(1)
  expect(stateView(world.till(), null).message).toBe('Bonjour')
  await world.restart()
  expect(getSettings(world.store())).toMatchObject({ version: 3, paymentReference: 'R1', language: 'fr' })
  world.centre.setStanding({ notices: [notices.write({ notice: 'message', text: 'Plus tard' })] })
  await set(4, { message: '' })
  expect(stateView(world.till(), null).message).toBe('Plus tard')
  world.centre.setStanding({ notices: [] })
  await set(5, {})
  expect(stateView(world.till(), null).message).toBeNull()
})

test('a centre that refuses them is asked again after half a minute, and one that has none of them never', async () => {
  world.centre.refuseNext('settings-request', { reason: 'retailer-closed' })
  world.centre.setStanding({ settingsVersion: 1 })
  takeOrder(world.till(), [{ product: PRODUCT, quantity: 1 }])
  world.till().supply.wake()
  await world.until(() => heard('settings-request').length === 1)
  await settle()
  expect(heard('settings-request')).toHaveLength(1)
  world.clock.setMs(START_MS + 30_000)
  world.centre.refuseNext('settings-request', { reason: 'not-offered' })
  world.till().supply.wake()
  await world.until(() => heard('settings-request').length === 2)
  world.clock.setMs(START_MS + HOUR_MS)
  world.till().supply.wake()
  await settle()
  expect(heard('settings-request')).toHaveLength(2)
})

test('a barred code is not sold: the next one is, and what is barred no more sells again', async () => {
  expect(await press()).toBe(0)
  await set(1, { barred: [range(1, 2), range(5, 1, { why: 'stolen' })] })
  expect(stockOf(world.store(), PRODUCT)).toBe(6)
  expect([await press(), await press(), await press()]).toEqual([3, 4, 6])
  const rows = () =>
    world
      .store()
      .statement(
        'SELECT first_serial - ? AS first, count, barred FROM safe_run WHERE barred IS NOT NULL ORDER BY 1',
      )
      .all(FIRST)
      .map((row) => ({ ...row }))
  expect(rows()).toEqual([
    { first: 1, count: 2, barred: 'held' },
    { first: 5, count: 1, barred: 'stolen' },
  ])
  await world.restart()
  expect(rows()).toHaveLength(2)
  await set(2, { barred: [range(5, 1)] })
  expect(rows()).toEqual([{ first: 5, count: 1, barred: 'held' }])
  expect([await press(), await press()]).toEqual([1, 2])
  await set(3, { barred: [] })
  expect([await press(), await press()]).toEqual([5, 7])
})

test('a range of another operator bars nothing, one around everything bars everything that is not sold', async () => {
  expect(await press()).toBe(0)
  await set(1, { barred: [range(0, 100, { operator: operatorId('another') })] })
  expect(stockOf(world.store(), PRODUCT)).toBe(9)
  await set(2, { barred: [range(-5, 100)] })
  expect(await press()).toBe('no-stock')
  expect(stockOf(world.store(), PRODUCT)).toBe(0)
})

test('codes that are barred before they come are not sold either', async () => {
  await set(1, { barred: [range(10, 2)] })
  takeOrder(world.till(), [{ product: PRODUCT, quantity: 4 }])
  world.till().supply.wake()
  await world.until(() => latestOrders(world.store(), 1)[0]!.state === 'receipted')
  expect(stockOf(world.store(), PRODUCT)).toBe(12)
})

test('a code that was chosen and is barred before it is promised is not sold', () => {
  const code = nextCode(world.store(), PRODUCT, '2026-11-22')!
  barRuns(world.store(), [range(0, 10)])
  expect(() => moveCursor(world.store(), code.run, code.index)).toThrow("the run's cursor is elsewhere")
  barRuns(world.store(), [])
})

test('a code that is given back is not sold where it was barred meanwhile', async () => {
  await set(1, { barred: [range(9, 1)] })
  const known = getSettings(world.store())!
  vi.spyOn(world.till().card, 'keyOfCode').mockImplementationOnce(async () => {
    const store = world.store()
    store.transaction(() => takeSettings(store, { ...known, version: 2, barred: [range(0, 1)] }))
    return { refusal: 'too-fast' }
  })
  expect(await press()).toBe('too-fast')
  expect(await press()).toBe(1)
})

test.each([
  ['sold', 0, expect.any(Number)],
  ['not-ordered', 0, 'unknown-product'],
  ['not-sold', 'unknown-product', 'unknown-product'],
] as const)('a product that is marked %s', async (mark, sold, ordered) => {
  const { products, ...catalogue } = getCatalogue(world.store())!
  putCatalogue(world.store(), { ...catalogue, products: products.map((one) => ({ ...one, mark })) })
  await world.restart()
  expect(await press()).toBe(sold)
  expect(takeOrder(world.till(), [{ product: PRODUCT, quantity: 1 }])).toEqual(ordered)
})

test('below the level that the shop sets a product is low, else below the device’s own', async () => {
  expect(minimumOf(null, 20)(PRODUCT)).toBe(20)
  await set(1, { levels: [{ product: PRODUCT, warnAt: 7, orderUpTo: 30 }] })
  const minimum = minimumOf(getSettings(world.store())!, 20)
  // At seven on board he is warned.
  expect([minimum(PRODUCT), minimum('ANOTHER')]).toEqual([8, 20])
})

test('an order above the cap is refused by the till, and one at it is asked', async () => {
  // Ten on board, at the counter's 5,000 each, whatever the shop pays for them.
  await set(1, { capMinor: 5_000n * 40n })
  expect(takeOrder(world.till(), [{ product: PRODUCT, quantity: 31 }])).toBe('cap-exceeded')
  expect(takeOrder(world.till(), [{ product: PRODUCT, quantity: 29 }])).toEqual(expect.any(Number))
  // They are on the way by now, or here.
  expect(takeOrder(world.till(), [{ product: PRODUCT, quantity: 2 }])).toBe('cap-exceeded')
  expect(takeOrder(world.till(), [{ product: PRODUCT, quantity: 1 }])).toEqual(expect.any(Number))
  await set(2, { capMinor: 0n })
  expect(takeOrder(world.till(), [{ product: PRODUCT, quantity: 500 }])).toEqual(expect.any(Number))
})

test('the shop says after how many sales they are reported', async () => {
  await set(1, { reporting: { sales: 2, seconds: 0 } })
  await press()
  world.till().supply.wake()
  await settle()
  expect(world.centre.reports).toEqual([])
  await press()
  world.till().supply.wake()
  await world.until(() => world.centre.reports.length === 1)
})
