// What the till does with a "no" over which people have to look, and with one that uses the sequence up.

import type { SupplyRefusalReason } from '@scratchless/wire/supply/supply-refusal'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { type TestTill, testTill } from '../../testing/test-till.ts'
import { salesToReport } from '../sale/report.sql.ts'
import { countUnreported } from '../sale/sale.sql.ts'
import { getStanding } from './centre-word.sql.ts'
import { available } from './device.sql.ts'
import { askedRequests } from './request.sql.ts'
import { takeOrder } from './send-supply-order.ts'
import { latestOrders } from './supply-order.sql.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
const DAY_MS = 86_400_000
let world: TestTill
beforeEach(async () => {
  world = await testTill({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    startMs: START_MS,
    stock: 5,
  })
  await world.until(() => askedRequests(world.store()).length === 0)
})
afterEach(() => world.close())

const lastOrder = () => latestOrders(world.store(), 1)[0]!
function order(quantity = 3) {
  takeOrder(world.till(), [{ product: PRODUCT, quantity }])
  world.till().supply.wake()
}
const heard = (kind: string) => world.centre.heard.filter((frame) => frame.kind === kind)

test.each<SupplyRefusalReason>([
  { reason: 'terminal-revoked', why: 'stolen' },
  { reason: 'terminal-locked', why: 'two-journals', sinceS: 1 },
  { reason: 'content-altered' },
  { reason: 'sequence-unexpected', expected: 9 },
])('after "$reason" the request stands, its standing is taken, and the same bytes go again', async (why) => {
  world.centre.setStanding({ unreportedSales: 123 })
  world.centre.refuseNext('supply-order', why)
  order()
  await world.until(() => getStanding(world.store())?.unreportedSales === 123)
  expect(lastOrder().state).toBe('asked')
  expect(askedRequests(world.store())).toHaveLength(1)
  // The balance that came with it is not what people will find.
  expect(available(world.store())).toBe(905_000n)
  const before = heard('supply-order').length
  world.till().supply.wake()
  await world.until(() => heard('supply-order').length > before)
  const frames = heard('supply-order').slice(-2)
  expect(frames[1]!.frame.equals(frames[0]!.frame)).toBe(true)
})

test.each<SupplyRefusalReason>([
  { reason: 'not-understood', highestLevel: 1 },
  { reason: 'not-offered' },
  { reason: 'request-expired' },
  { reason: 'retailer-closed' },
  { reason: 'unknown-product', products: [PRODUCT] },
  { reason: 'price-changed', prices: [{ product: PRODUCT, unitPriceMinor: 1n }] },
  { reason: 'account-blocked', why: 'unpaid', owedMinor: 1n, sinceS: 1 },
  { reason: 'order-window-closed', opensAtS: 1 },
  { reason: 'no-card' },
  { reason: 'cap-exceeded', freeMinor: 1n },
  { reason: 'ceiling-exceeded', codes: 1, freeAtS: 2 },
  { reason: 'no-stock', products: [PRODUCT] },
  { reason: 'balance-too-low', missingMinor: 1n },
])('after "$reason" the order is over, and the balance is the one that came with it', async (why) => {
  world.centre.refuseNext('supply-order', why)
  order()
  await world.until(() => lastOrder().state === 'refused')
  expect(JSON.parse(lastOrder().refusal!)).toMatchObject({ reason: why.reason })
  expect(available(world.store())).toBe(1_000_000n)
  expect(heard('supply-order')).toHaveLength(2)
})

test('a report that was refused goes again in the next', async () => {
  world.centre.refuseNext('sales-report', { reason: 'request-expired' })
  await world.till().sell(world.session, { saleId: 'a-sale-of-a-key', product: PRODUCT })
  world.clock.setMs(START_MS + 60_000)
  world.till().supply.wake()
  await world.until(() => heard('sales-report').length === 2)
  await world.until(() => countUnreported(world.store()) === 0)
  expect(world.centre.reports.map(({ sales }) => sales.map(({ ticket }) => ticket))).toEqual([[1]])
  expect(salesToReport(world.store(), 10)).toEqual([])
})

test('a receipt that was refused is not repeated: the codes are here', async () => {
  world.centre.refuseNext('supply-receipt', { reason: 'retailer-closed' })
  order()
  await world.until(() => lastOrder().state === 'receipted')
  expect(heard('supply-receipt')).toHaveLength(2)
})

test('an order goes again until its expiry, and from that second on its fate is asked', async () => {
  world.centre.disturb('lose-request', 'lose-request')
  order()
  await world.until(() => world.till().supply.status() === 'offline')
  world.clock.setMs(START_MS + DAY_MS - 1_000)
  world.till().supply.wake()
  await world.until(() => lastOrder().state === 'asked' && askedRequests(world.store()).length === 1)
  world.clock.setMs(START_MS + DAY_MS)
  world.till().supply.wake()
  await world.until(() => lastOrder().state === 'refused')
  expect(heard('supply-order')).toHaveLength(1)
  expect(heard('status-request')).toHaveLength(1)
})
