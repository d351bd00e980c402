// The open till: what it tells its screens, and what one outcome does to session, card and line.

import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { cardId } from '@scratchless/voucher/ids'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { type TestTill, testTill } from '../../testing/test-till.ts'
import { keepLettersOf, putCardLetter } from '../supply/card-letter.sql.ts'
import { takeOrder } from '../supply/send-supply-order.ts'
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
  expect(world.till().cardState()).toMatchObject({ status: 'out', id: null })
  expect(told).toEqual([{ kind: 'home' }])
  await world.till().lookAtCard()
  expect(told).toHaveLength(1)
  await world.card('in')
  expect(world.till().cardState()).toEqual({ status: 'in', id: 'C0000001', triesLeft: 3 })
  vi.spyOn(world.till().card, 'state').mockRejectedValueOnce(new Error('gone'))
  await world.till().lookAtCard()
  expect(world.till().cardState()).toMatchObject({ status: 'out', id: null })
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

test('a ticket that nobody watches is told once, at its end', async () => {
  const tell = vi.spyOn(world.till().events, 'tell')
  await press()
  expect(tell.mock.calls.map(([event]) => event().kind)).toEqual(['sale'])
})

test('a letter that is missing is asked for at once', async () => {
  await world.till().supply.stop()
  keepLettersOf(world.store(), [])
  const wake = vi.spyOn(world.till().supply, 'wake')
  expect(await press()).toBe('letter-missing')
  expect(wake).toHaveBeenCalledTimes(1)
})

test('a letter is asked for a card that is in, and not for one that was pulled out', async () => {
  await world.until(() => world.centre.receipts.length === 1)
  await world.card('out')
  // A letter of this epoch is there, for another card.
  keepLettersOf(world.store(), [])
  putCardLetter(world.store(), 1, cardId('C0000009'), Buffer.of(1))
  world.clock.setMs(START_MS + 60_000)
  const letters = () => world.centre.heard.filter(({ kind }) => kind === 'card-letter-request').length
  // Whatever else there is to ask is asked meanwhile.
  world.centre.setStanding({ catalogueVersion: 2 })
  takeOrder(world.till(), [{ product: PRODUCT, quantity: 1 }])
  world.till().supply.wake()
  await world.until(() => world.centre.receipts.length === 2)
  expect(letters()).toBe(1)
  await world.card('in')
  await world.until(() => letters() === 2)
})

test('a new catalogue is on the next ticket', async () => {
  await press()
  world.centre.setRetailerName('Chez Salah')
  world.centre.setStanding({ catalogueVersion: 2 })
  takeOrder(world.till(), [{ product: PRODUCT, quantity: 1 }])
  world.till().supply.wake()
  await world.until(() => world.till().word()?.catalogue?.version === 2)
  expect(world.printer.received().includes('Chez Salah')).toBe(false)
  await press()
  expect(world.printer.received().includes('Chez Salah')).toBe(true)
})

test('the tickets of whoever signs in are laid out before a press, and of nobody else', async () => {
  const turns = async () => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  await world.restart()
  world.till().word()
  await turns()
  // A ticket is laid out for a watched screen or for none.
  const laidOut = vi.spyOn(world.till().events, 'watched')
  world.till().prepare()
  await turns()
  expect(laidOut).toHaveBeenCalledTimes(1)
  world.till().prepare()
  world.till().sessions.end()
  await turns()
  world.till().prepare()
  world.till().sessions.start({ who: 'owner', sinceMs: START_MS })
  world.till().prepare()
  await turns()
  expect(laidOut).toHaveBeenCalledTimes(1)
})

test('a card process that does not answer is written down', async () => {
  const { card, log } = world.till()
  const warn = vi.spyOn(log, 'warn')
  vi.spyOn(card, 'lock').mockRejectedValue(new Error('gone'))
  await world.till().lock()
  expect(warn).toHaveBeenLastCalledWith({ problem: 'Error: gone' }, 'the card process does not answer')
  vi.spyOn(card, 'state').mockRejectedValueOnce(new Error('away'))
  await world.till().lookAtCard()
  expect(warn).toHaveBeenLastCalledWith({ problem: 'Error: away' }, 'the card process does not answer')
})

test('card and printer are looked at every second, the printer not while it prints', async () => {
  const { card, printer } = world.till()
  const looks = vi.spyOn(card, 'state')
  const asks = vi.spyOn(printer, 'status')
  await world.until(() => looks.mock.calls.length >= 1 && asks.mock.calls.length >= 1)
  const end = Promise.withResolvers<'printed'>()
  vi.spyOn(printer, 'print').mockReturnValueOnce(end.promise)
  const selling = press()
  await world.until(() => world.till().printerStatus() === 'printing')
  const [looked, asked] = [looks.mock.calls.length, asks.mock.calls.length]
  await world.until(() => looks.mock.calls.length >= looked + 2)
  // The press itself asked once.
  expect(asks.mock.calls.length).toBeLessThanOrEqual(asked + 1)
  end.resolve('printed')
  await selling
})

test('stopping waits for the ticket that is printing, ends the session, and looks at nothing any more', async () => {
  const selling = press()
  await world.until(() => world.till().printerStatus() === 'printing')
  let stopped = false
  const stopping = world
    .till()
    .stop()
    .then(() => {
      stopped = true
    })
  expect(world.till().sessions.current()).toBeNull()
  expect(await selling).toMatchObject({ state: 'printed' })
  expect(stopped).toBe(false)
  await stopping
  expect(await world.till().printer.status()).toBe('not-connected')
})
