// The open till: what it tells its screens, and what one outcome does to session, card and line.

import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PRODUCT } from '../../testing/fake-centre.ts'
import { type TestTill, testTill } from '../../testing/test-till.ts'
import type { TillEvent } from './till-shapes.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
let world: TestTill
let told: TillEvent[]
let presses = 0
beforeEach(async () => {
  world = await testTill({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    startMs: START_MS,
    stock: 14,
  })
  told = []
})
afterEach(() => world.close())

function watch(): void {
  const response = Object.assign(new EventEmitter(), {
    writeHead: () => response,
    write(text: string) {
      if (text.startsWith('data: ')) told.push(JSON.parse(text.slice(6)) as TillEvent)
    },
    end: () => undefined,
  })
  world.till().events.listen(response as unknown as ServerResponse)
}
const press = () =>
  world.till().sell(world.session, { saleId: `press-${++presses}-of-a-key`, product: PRODUCT })

test('a watched ticket is told line by line, and then as sold', async () => {
  watch()
  await press()
  const printing = told.flatMap((event) => (event.kind === 'printing' ? [event] : []))
  expect(printing.map(({ line }) => line)).toEqual(Array.from({ length: printing.length }, (_, i) => i))
  expect(new Set(printing.map(({ lines }) => lines))).toEqual(new Set([11]))
  expect(printing.at(-1)!.line).toBe(11)
  expect(printing[0]!.sale).toMatchObject({ number: 1, state: 'printing' })
  expect(told.at(-1)).toMatchObject({ kind: 'sale', sale: { number: 1, state: 'printed' } })
})

test('while it prints the till says so, and afterwards what the printer is', async () => {
  expect(world.till().printerStatus()).toBe('ready')
  const selling = press()
  await world.until(() => world.till().printerStatus() === 'printing')
  await selling
  expect(world.till().printerStatus()).toBe('ready')
})

test('a card that forgot its PIN ends the session', async () => {
  watch()
  await world.till().card.lock()
  expect(await press()).toBe('card-locked')
  expect(world.till().sessions.current()).toBeNull()
  expect(told).toContainEqual({ kind: 'signed-out' })
})

test('a lock ends the session also where the card process does not answer', async () => {
  vi.spyOn(world.till().card, 'lock').mockRejectedValue(new Error('gone'))
  await world.till().lock()
  expect(world.till().sessions.current()).toBeNull()
})

test('a card that comes or goes is told, and one that is as before is not', async () => {
  watch()
  await world.card('out')
  expect(world.till().cardState()).toEqual({ status: 'out', id: null })
  expect(told).toEqual([{ kind: 'home' }])
  await world.till().lookAtCard()
  expect(told).toHaveLength(1)
  await world.card('in')
  expect(world.till().cardState()).toEqual({ status: 'in', id: 'C0000001' })
  vi.spyOn(world.till().card, 'state').mockRejectedValueOnce(new Error('gone'))
  await world.till().lookAtCard()
  expect(world.till().cardState()).toEqual({ status: 'out', id: null })
})

test('eleven presses at one moment: ten are served, the next has to wait', async () => {
  const fast = await testTill({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    ...{ startMs: START_MS, stock: 12, cardClock: () => 0 },
  })
  const outcomes = []
  for (let i = 0; i < 11; i++) {
    const outcome = await fast.till().sell(fast.session, { saleId: `quick-${i}-of-a-key`, product: PRODUCT })
    outcomes.push(typeof outcome === 'string' ? outcome : outcome.state)
  }
  expect(outcomes).toEqual([...new Array(10).fill('printed'), 'too-fast'])
  await fast.close()
})

test('nothing is sold before the terminal is one, nor before its first catalogue', async () => {
  world.store().statement(`DELETE FROM centre_word WHERE name = 'catalogue'`).run()
  world.centre.disturb(...Array.from({ length: 20 }, () => 'lose-request' as const))
  await world.restart()
  expect(await press()).toBe('unknown-product')
  world.store().statement('DELETE FROM centre_word').run()
  await world.restart()
  expect(await press()).toBe('signed-out')
})
