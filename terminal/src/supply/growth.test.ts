// The centre may know less than this program, or more: the terminal speaks as the centre understands.

import { notices } from '@scratchless/wire/supply/notice'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { type TestTill, testTill } from '../../testing/test-till.ts'
import { stateView } from '../till/state-view.ts'
import { getStanding } from './centre-word.sql.ts'
import { askedRequests } from './request.sql.ts'
import { takeOrder } from './send-supply-order.ts'
import { speakAsHigh, speakLower, spokenLevel } from './spoken-level.ts'
import { latestOrders } from './supply-order.sql.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
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
function order() {
  takeOrder(world.till(), [{ product: PRODUCT, quantity: 3 }])
  world.till().supply.wake()
}

test('it speaks no higher than the centre understands, until the centre says that it knows more', () => {
  const store = world.store()
  expect(spokenLevel(store, 3)).toBe(3)
  expect(speakLower(store, 3, 3)).toBe(false)
  expect(spokenLevel(store, 3)).toBe(3)
  expect(speakLower(store, 3, 2)).toBe(true)
  expect([spokenLevel(store, 3), spokenLevel(store, 1)]).toEqual([2, 1])
  const standing = getStanding(store)!
  speakAsHigh(store, standing, 3)
  expect(spokenLevel(store, 3)).toBe(2)
  speakAsHigh(store, { ...standing, notices: [notices.write({ notice: 'centre-level', level: 9 })] }, 3)
  expect(spokenLevel(store, 3)).toBe(3)
})

test('what was written too high is made again, as the centre can read it', async () => {
  // As a program of level 2 would have written it.
  world.centre.disturb('lose-request')
  world.centre.refuseNext('supply-order', { reason: 'not-understood', highestLevel: 1 })
  order()
  await world.until(() => askedRequests(world.store()).length === 1)
  world.store().statement('UPDATE request SET level = 2').run()
  world.till().supply.wake()
  await world.until(() => lastOrder().state === 'receipted')
  expect(world.centre.heard.filter(({ kind }) => kind === 'supply-order')).toHaveLength(3)
  expect(stateView(world.till(), null).updateNeeded).toBe(false)
})

test('not understood at its own level it says that it needs an update, and sells on', async () => {
  world.centre.refuseNext('supply-order', { reason: 'not-understood', highestLevel: 1 })
  order()
  await world.until(() => lastOrder().state === 'refused')
  expect(stateView(world.till(), null).updateNeeded).toBe(true)
  const sale = await world.till().sell(world.session, { saleId: 'a-sale-of-a-key', product: PRODUCT })
  expect(sale).toMatchObject({ state: 'printed' })
  await world.restart()
  expect(stateView(world.till(), null).updateNeeded).toBe(true)
  world.store().statement(`UPDATE device SET not_understood = '0.0.9'`).run()
  expect(stateView(world.till(), null).updateNeeded).toBe(false)
})
