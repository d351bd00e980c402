import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { type TestTill, testTill } from '../../testing/test-till.ts'
import { auditTerminal } from '../audit.ts'
import { stockOf } from '../safe/safe-run.sql.ts'
import { newestLetterEpoch } from './card-letter.sql.ts'
import { readNumberAndCode } from './enrol.ts'
import { keepHead, readKeptHeads } from './kept-head.sql.ts'
import { askedRequests } from './request.sql.ts'
import { takeOrder } from './send-supply-order.ts'
import { latestOrders } from './supply-order.sql.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
const DAY_MS = 86_400_000

let world: TestTill
beforeEach(async () => {
  // Codes 7700…: their content plays no part here.
  world = await testTill({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    startMs: START_MS,
    stock: 0,
  })
  await world.until(() => newestLetterEpoch(world.store()) === 1)
  await world.until(() => askedRequests(world.store()).length === 0)
})
afterEach(async () => {
  const breaks = auditTerminal(join(world.folder, 'terminal.sqlite')).filter(({ ok }) => !ok)
  await world.close()
  expect(breaks).toEqual([])
})

function order(quantity: number) {
  const id = takeOrder(world.till(), [{ product: PRODUCT, quantity }])
  expect(id).toBeTypeOf('number')
  world.till().supply.wake()
}
const lastOrder = () => latestOrders(world.store(), 1)[0]!
const heard = (kind: string) => world.centre.heard.filter((frame) => frame.kind === kind)

test('the first day: catalogue, letter, order, receipt, one sequence without a gap', async () => {
  order(20)
  await world.until(() => lastOrder().state === 'receipted')
  const signed = world.centre.heard.filter(({ kind }) => kind !== 'enrolment-request')
  expect(signed.map(({ kind, sequence }) => `${sequence} ${kind}`)).toEqual([
    '1 catalogue-request',
    '2 card-letter-request',
    '3 supply-order',
    '4 supply-receipt',
  ])
  expect(stockOf(world.store(), PRODUCT)).toBe(20)
})

test.each(['lose-request', 'lose-answer'] as const)(
  'a line that does %s: the same bytes again',
  async (what) => {
    world.centre.disturb(what, what)
    order(20)
    await world.until(() => world.till().supply.status() === 'offline')
    world.till().supply.wake()
    world.till().supply.wake()
    await world.until(() => {
      world.till().supply.wake()
      return lastOrder().state === 'receipted'
    })
    const orders = heard('supply-order')
    expect(orders.length).toBe(what === 'lose-answer' ? 3 : 1)
    for (const { frame } of orders) expect(frame.equals(orders[0]!.frame)).toBe(true)
    expect(stockOf(world.store(), PRODUCT)).toBe(20)
  },
)

test('a program that dies before the answer asks again, the same, and is delivered once', async () => {
  world.centre.disturb('lose-answer')
  order(20)
  await world.until(() => world.till().supply.status() === 'offline')
  await world.restart()
  await world.until(() => lastOrder().state === 'receipted')
  const orders = heard('supply-order')
  expect(orders.length).toBe(2)
  expect(orders[1]!.frame.equals(orders[0]!.frame)).toBe(true)
  expect(stockOf(world.store(), PRODUCT)).toBe(20)
})

test('the answer to what an earlier life of the program sent may be old: it does not set the clock back', async () => {
  world.centre.disturb('lose-answer', 'none', ...Array.from({ length: 20 }, () => 'lose-request' as const))
  order(20)
  await world.until(() => world.till().supply.status() === 'offline')
  const laterMs = START_MS + 3 * 3_600_000
  world.clock.setMs(laterMs)
  await world.restart()
  await world.until(() => lastOrder().state === 'delivered')
  expect(world.till().clock.nowMs()).toBe(laterMs)
})

test('a refused order ends, says why, and the next one goes', async () => {
  world.centre.refuseNext('supply-order', { reason: 'balance-too-low', missingMinor: 83_000n })
  order(20)
  await world.until(() => lastOrder().state === 'refused')
  expect(JSON.parse(lastOrder().refusal!)).toEqual({ reason: 'balance-too-low', missingMinor: '83000' })
  order(5)
  await world.until(() => lastOrder().state === 'receipted')
})

test('where the centre wants the letter first, the order goes anew after it', async () => {
  world.centre.setStanding({ letter: 2 })
  world.centre.refuseNext('supply-order', { reason: 'card-letter-needed', letter: 2 })
  world.clock.setMs(START_MS + 60_000)
  order(20)
  await world.until(() => lastOrder().state === 'receipted')
  expect(world.centre.heard.slice(-4).map(({ kind }) => kind)).toEqual([
    'supply-order',
    'card-letter-request',
    'supply-order',
    'supply-receipt',
  ])
})

test('an order that nobody answered before its expiry is burnt, and nothing is owed', async () => {
  world.centre.disturb('lose-request')
  order(20)
  await world.until(() => world.till().supply.status() === 'offline')
  world.clock.setMs(START_MS + 2 * DAY_MS)
  world.till().supply.wake()
  await world.until(() => lastOrder().state === 'refused')
  expect(JSON.parse(lastOrder().refusal!)).toEqual({ reason: 'never-arrived' })
  expect(heard('supply-order')).toEqual([])
  order(5)
  await world.until(() => lastOrder().state === 'receipted')
})

test('an order whose answer was lost past its expiry still gets its stored answer', async () => {
  world.centre.disturb('lose-answer')
  order(20)
  await world.until(() => world.till().supply.status() === 'offline')
  world.clock.setMs(START_MS + 2 * DAY_MS)
  world.till().supply.wake()
  await world.until(() => lastOrder().state === 'receipted')
  expect(stockOf(world.store(), PRODUCT)).toBe(20)
})

test('a serial that is on board already is not taken twice', async () => {
  order(20)
  await world.until(() => lastOrder().state === 'receipted')
  const insert = () =>
    world
      .store()
      .statement(
        `INSERT INTO safe_run (delivery, epoch, operator, product, lot, expires_on, digits, first_serial, count)
         SELECT delivery, epoch, operator, product, lot, expires_on, digits, first_serial + 19, 20 FROM safe_run`,
      )
      .run()
  expect(insert).toThrow('on board already')
})

test('an order with a product twice, or of nothing, is not taken', () => {
  const till = world.till()
  expect(takeOrder(till, [])).toBe('no-lines')
  expect(
    takeOrder(till, [
      { product: PRODUCT, quantity: 1 },
      { product: PRODUCT, quantity: 2 },
    ]),
  ).toBe('product-twice')
  expect(takeOrder(till, [{ product: PRODUCT, quantity: 1_001 }])).toBe('too-many-codes')
})

test('number and code are read together, however they are typed', () => {
  const read = readNumberAndCode(' 1042 abcd-efgh jkmn pqrs')
  expect(read?.enrolmentNumber).toBe(1042)
  expect(readNumberAndCode('ABCD-EFGH-JKMN-PQRS')).toBeNull()
  expect(readNumberAndCode('1042-ABCD-EFGH-JKMN-PQR')).toBeNull()
  expect(readNumberAndCode('0-ABCD-EFGH-JKMN-PQRS')).toBeNull()
})

test('the head that an acknowledgement brings is kept, with the highest thousand', async () => {
  const head = (n: bigint, byte = 1) => ({ n, hash: Buffer.alloc(32, byte) })
  const acknowledged = async () => {
    order(1)
    await world.until(() => lastOrder().state === 'receipted')
  }
  world.centre.setAuditHead(head(7n))
  await acknowledged()
  await acknowledged()
  world.centre.setAuditHead(head(7n, 2))
  await acknowledged()
  expect(readKeptHeads(world.store())).toEqual([head(7n), head(7n, 2)])

  // A chain that begins anew does not drive out the heads of the old one.
  for (let n = 1_001n; n <= 1_999n; n++) keepHead(world.store(), head(n), START_MS)
  world.centre.setAuditHead(head(3n))
  await acknowledged()
  const kept = readKeptHeads(world.store()).map(({ n }) => n)
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([1_001, 7n, 1_999n])
})
