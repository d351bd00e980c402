// A terminal that the centre has revoked or locked sells no more with the first answer that says so, says why, and
// stays so until a later word.

import type { SupplyRefusalReason } from '@scratchless/wire/supply/supply-refusal'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { type TestTill, testTill } from '../../testing/test-till.ts'
import { stateView } from '../till/state-view.ts'
import { getStanding } from './centre-word.sql.ts'
import { askedRequests } from './request.sql.ts'
import { takeOrder } from './send-supply-order.ts'
import { stopOf } from './stop.sql.ts'
import { latestOrders } from './supply-order.sql.ts'
import { takeStanding, takeStop } from './take-standing.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
const START_S = START_MS / 1000
let world: TestTill
let presses = 0
beforeEach(async () => {
  world = await testTill({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    startMs: START_MS,
    stock: 5,
  })
  await world.until(() => askedRequests(world.store()).length === 0)
})
afterEach(() => world.close())

const press = async () => {
  const outcome = await world
    .till()
    .sell(world.session, { saleId: `press-${++presses}-of-a-key`, product: PRODUCT })
  return typeof outcome === 'string' ? outcome : outcome.state
}
function order() {
  takeOrder(world.till(), [{ product: PRODUCT, quantity: 3 }])
  world.till().supply.wake()
}
const lastOrder = () => latestOrders(world.store(), 1)[0]!

test.each<[SupplyRefusalReason, string, string]>([
  [{ reason: 'terminal-revoked', why: 'stolen' }, 'terminal-revoked', 'stolen'],
  [{ reason: 'terminal-locked', why: 'two-journals', sinceS: 1 }, 'terminal-locked', 'two-journals'],
  [{ reason: 'content-altered' }, 'terminal-locked', 'content-altered'],
])('$reason stops it over restarts, and a later word alone lets it sell again', async (why, lock, said) => {
  expect(await press()).toBe('printed')
  const { leaseUntilS } = getStanding(world.store())!
  // A faulty centre: what stops a terminal says a longer lease.
  world.centre.setStanding({ leaseUntilS: leaseUntilS + 1_000_000 })
  world.centre.stop(why)
  order()
  await world.until(() => stopOf(world.store()) !== null)
  expect(await press()).toBe(lock)
  expect(getStanding(world.store())!.leaseUntilS).toBe(leaseUntilS)
  expect(stateView(world.till(), null).stopped).toEqual({ reason: lock, why: said })
  await world.restart()
  expect(await press()).toBe(lock)
  // The centre says something else within the same second: it may be of before.
  world.centre.stop(null)
  world.till().supply.wake()
  await world.until(() => askedRequests(world.store()).length === 0)
  expect(await press()).toBe(lock)
  world.clock.setMs(START_MS + 1_000)
  order()
  await world.until(() => stopOf(world.store()) === null)
  expect(await press()).toBe('printed')
  await world.until(() => lastOrder().state === 'receipted')
})

test('a word that was said before the stop does not end it, and a stop counts whatever its time', () => {
  const needs = { store: world.store(), clock: world.till().clock }
  const known = getStanding(world.store())!
  const at = (timeS: number) => ({ ...known, timeS, leaseUntilS: timeS })
  takeStop(needs, 9, at(START_S - 5), { reason: 'terminal-revoked', why: 'retired' }, false)
  expect(stopOf(world.store())).toEqual({
    ...{ reason: 'terminal-revoked', why: 'retired', sequence: 9, saidAtS: START_S },
  })
  // An older standing changes nothing else.
  expect(getStanding(world.store())).toEqual(known)
  takeStanding(needs, at(START_S), false)
  expect(stopOf(world.store())).not.toBeNull()
  takeStop(needs, 10, at(START_S + 5), { reason: 'terminal-locked', why: 'by-staff' }, false)
  expect(stopOf(world.store())).toMatchObject({ why: 'by-staff', saidAtS: START_S + 5 })
  takeStanding(needs, at(START_S + 5), false)
  expect(stopOf(world.store())).not.toBeNull()
  takeStanding(needs, at(START_S + 6), false)
  expect(stopOf(world.store())).toBeNull()
})

test('a sequence that the centre did not expect stops nobody from selling', async () => {
  world.centre.refuseNext('supply-order', { reason: 'sequence-unexpected', expected: 9 })
  order()
  await world.until(() => world.centre.heard.filter(({ kind }) => kind === 'supply-order').length === 2)
  expect(await press()).toBe('printed')
  expect(stopOf(world.store())).toBeNull()
})
