// Forged, damaged and replayed answers at the terminal: each kind of answer in every bit and at every length before
// the true one comes. None is taken, and none leaves anything in the store.

import { LineFault } from '@scratchless/keys/pinned-client'
import { readFrame } from '@scratchless/wire/compact/frame'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { damaged } from '../../../wire/testing/damaged.ts'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { type TestTill, testTill } from '../../testing/test-till.ts'
import { exchange } from './exchange.ts'
import { askedRequests } from './request.sql.ts'
import { takeOrder } from './send-supply-order.ts'
import { latestOrders } from './supply-order.sql.ts'

const MUCH = 200
let world: TestTill
let tried = 0
beforeEach(async () => {
  world = await testTill({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    startMs: Date.parse('2026-11-22T18:42:00Z'),
    stock: 0,
  })
  await world.until(() => askedRequests(world.store()).length === 0)
})
afterEach(() => world.close())
afterAll(() => {
  process.stdout.write(`forgeries at the terminal: ${tried} tried, 0 accepted\n`)
})

/** Every row of the store. */
function everything(): string {
  const store = world.store()
  const tables = store.statement("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
  return JSON.stringify(
    tables.map(({ name }) => [name, store.statement(`SELECT * FROM "${name}"`).all()]),
    (_, value) => (typeof value === 'bigint' ? `${value}` : value),
  )
}

/** What the till asks next, each with what makes it ask. */
const asked: Record<string, () => Promise<void>> = {
  'supply-order': async () => {
    world.centre.disturb(...Array.from({ length: MUCH }, () => 'lose-request' as const))
    takeOrder(world.till(), [{ product: PRODUCT, quantity: 3 }])
  },
  'supply-receipt': async () => {
    world.centre.disturb('none', ...Array.from({ length: MUCH }, () => 'lose-request' as const))
    takeOrder(world.till(), [{ product: PRODUCT, quantity: 3 }])
    world.till().supply.wake()
    await world.until(() => latestOrders(world.store(), 1)[0]?.state === 'delivered')
  },
  'catalogue-request': async () => {
    world.centre.setStanding({ catalogueVersion: 2 })
    world.centre.disturb('none', 'none', ...Array.from({ length: MUCH }, () => 'lose-request' as const))
    takeOrder(world.till(), [{ product: PRODUCT, quantity: 3 }])
  },
  'card-letter-request': async () => {
    world.clock.setMs(world.clock.nowMs() + 60_000)
    world.centre.setStanding({ letter: 2 })
    world.centre.disturb('none', 'none', ...Array.from({ length: MUCH }, () => 'lose-request' as const))
    takeOrder(world.till(), [{ product: PRODUCT, quantity: 3 }])
  },
}

test.each(Object.entries(asked))('answers to a %s', { timeout: 60_000 }, async (kind, ask) => {
  await ask()
  world.till().supply.wake()
  await world.until(() => askedRequests(world.store())[0]?.kind === kind)
  await world.till().supply.stop()
  const store = world.store()
  const request = askedRequests(store)[0]!
  const identity = world.till().word()!.identity
  const answerBy = (bytes: Uint8Array) =>
    exchange(
      {
        ...{ store, clock: world.till().clock, identity },
        line: {
          async ask() {
            const frame = readFrame(bytes)
            if (frame === undefined) throw new LineFault('cut')
            return frame
          },
          close: () => undefined,
        },
      },
      request,
      true,
    )
  const good = world.centre.answer(Buffer.from(request.frame))
  const before = everything()
  // Answers to earlier requests, and to the same one as if another had been asked.
  const earlier = world.centre.heard
    .filter(({ sequence, kind: of }) => of !== 'enrolment-request' && sequence < request.sequence)
    .map(({ frame }) => world.centre.answer(frame))
  expect(earlier.length).toBeGreaterThan(0)
  for (const bytes of [...damaged(good), ...earlier, request.frame]) {
    tried++
    const outcome = await answerBy(bytes).catch((problem: unknown) => problem)
    if (outcome instanceof LineFault) continue
    expect(outcome).toEqual({ outcome: 'unacceptable' })
  }
  expect(everything()).toBe(before)
  expect(await answerBy(good)).toMatchObject({ outcome: 'taken' })
  expect(everything()).not.toBe(before)
})
