// A sale at its edges: each refusal in its order, each fault where nothing was opened and where something was.

import { PrivateLineFault, PrivateLineLost } from '@scratchless/program/private-line'
import { packDigits, packedSize } from '@scratchless/voucher/packed-code'
import { productId } from '@scratchless/voucher/product'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { layRun } from '../../testing/test-store.ts'
import { CARD, type TestTill, testTill } from '../../testing/test-till.ts'
import { stockOf } from '../safe/safe-run.sql.ts'
import { cardLetterFor, keepLettersOf } from '../supply/card-letter.sql.ts'
import { clockMarks } from '../supply/device.sql.ts'
import { saleByNumber, salesIn } from './sale.sql.ts'
import { MOST_OPEN_DOUBTS } from './sell.ts'
import { doubtOpenIntents, settleDoubt } from './settle-doubt.ts'

const STOCK = 8
const START_MS = Date.parse('2026-11-22T18:42:00Z')
const DAY_MS = 86_400_000
const code = (i: number) => `7712345678${1000 + i}`

/** Whatever was to hold a key or an open code, in order. */
const wipeable = vi.hoisted((): Buffer[] => [])
vi.mock('@scratchless/voucher/wipeable-bytes', async (original) => {
  const { wipeableBytes } = await original<typeof import('@scratchless/voucher/wipeable-bytes')>()
  return {
    wipeableBytes(size: number) {
      const bytes = wipeableBytes(size)
      wipeable.push(bytes)
      return bytes
    },
  }
})

let world: TestTill
let presses = 0
beforeEach(async () => {
  presses = 0
  world = await testTill({
    startMs: START_MS,
    stock: STOCK,
    packedCodes(first, count) {
      const size = packedSize(14)
      const bytes = Buffer.alloc(count * size)
      for (let i = 0; i < count; i++) packDigits(Buffer.from(code(first + i), 'latin1'), bytes, i * size)
      return bytes
    },
  })
})
afterEach(() => world.close())

const press = (product = PRODUCT) =>
  world.till().sell(world.session, { saleId: `press-${++presses}-of-a-key`, product })
const stock = () => stockOf(world.store(), PRODUCT)
/** The delivered codes are good until this day. */
const lastDay = (day: string) => world.store().statement('UPDATE safe_run SET expires_on = ?').run(day)

test('a sale is kept with who, when, what, at which price, in which language and under which lease', async () => {
  await press()
  const { leaseUntilS } = world.till().word()!.standing
  expect(saleByNumber(world.store(), 1)).toEqual({
    ...{ number: 1, state: 'printed', saleId: 'press-1-of-a-key', run: 1, runIndex: 0, operator: 'atlas' },
    ...{ product: PRODUCT, serial: '104822773901', price: { amountMinor: 5_000n, currency: 'TND' } },
    ...{ priceId: 1, ticketFacts: 1 },
    ...{ vendor: '02', card: CARD, leaseUntilMs: leaseUntilS * 1000, atMs: START_MS, locale: 'fr' },
  })
})

test('a code sells on the last day of its validity, and not on the day after', async () => {
  lastDay('2026-11-22')
  expect(await press()).toMatchObject({ state: 'printed' })
  world.clock.setMs(Date.parse('2026-11-22T23:59:59Z'))
  expect(await press()).toMatchObject({ state: 'printed' })
  world.clock.setMs(Date.parse('2026-11-23T00:00:00Z'))
  expect(await press()).toBe('no-stock')
  lastDay('2026-11-23')
  expect(await press()).toMatchObject({ state: 'printed' })
})

test('the lease is over at its end, and not a millisecond before', async () => {
  const { leaseUntilS } = world.till().word()!.standing
  await world.till().supply.stop()
  world.clock.setMs(leaseUntilS * 1000 - 1)
  expect(await press()).toMatchObject({ state: 'printed' })
  world.clock.setMs(leaseUntilS * 1000)
  expect(await press()).toBe('lease-over')
})

test('so is the certificate', async () => {
  const word = world.till().word()!
  await world.till().supply.stop()
  const { certificateUntilMs } = word.identity
  vi.spyOn(word.standing, 'leaseUntilS', 'get' as never).mockReturnValue(
    (certificateUntilMs + DAY_MS) as never,
  )
  world.clock.setMs(certificateUntilMs - 1)
  lastDay('2099-12-31')
  expect(await press()).toMatchObject({ state: 'printed' })
  world.clock.setMs(certificateUntilMs)
  expect(await press()).toBe('certificate-over')
})

test('codes that are closed for another card do not bar those that this one opens', async () => {
  layRun(world.store(), { epoch: 7, firstSerial: 9_000, expiresOn: '2026-12-31' })
  for (let sold = 0; sold < STOCK; sold++) expect(await press()).toMatchObject({ state: 'printed', run: 1 })
  expect(await press()).toBe('letter-missing')
})

test('each refusal stands before the next', async () => {
  const store = world.store()
  // From the last to the first: each is added to those behind it.
  keepLettersOf(store, [])
  await world.till().supply.stop()
  expect(await press()).toBe('letter-missing')
  lastDay('2026-11-21')
  expect(await press()).toBe('no-stock')
  expect(await press(productId('ATLAS-99'))).toBe('unknown-product')
  lastDay('2027-12-31')
  store.statement('UPDATE safe_run SET next_index = next_index + ?').run(MOST_OPEN_DOUBTS)
  for (let number = 1; number <= MOST_OPEN_DOUBTS; number++)
    store
      .statement(
        `INSERT INTO sale (number, sale_id, run, run_index, operator, product, serial, price_minor, currency, vendor,
                           card, lease_until_ms, at_ms, locale, state)
         VALUES (?1, 'doubt-' || ?1, 1, ?1 - 1, 'atlas', 'ATLAS-5', 104822773900 + ?1, 5000, 'TND', '02', 'C0000001',
                 9e15, 1, 'fr', CASE WHEN ?1 < ?2 THEN 'in_doubt' ELSE 'printed' END)`,
      )
      .run(number, MOST_OPEN_DOUBTS)
  // Two doubts leave room for a third.
  expect(await press(productId('ATLAS-99'))).toBe('unknown-product')
  store.statement(`UPDATE sale SET state = 'in_doubt'`).run()
  expect(await press(productId('ATLAS-99'))).toBe('sale-in-doubt')
  world.printer.setFault('cover-open')
  expect(await press(productId('ATLAS-99'))).toBe('printer')
  await world.card('out')
  expect(await press(productId('ATLAS-99'))).toBe('card-out')
  expect(stock()).toBe(STOCK - MOST_OPEN_DOUBTS)
})

test.each([
  [new PrivateLineLost(), 'card-out'],
  [new PrivateLineFault('keyOfCode', '0123456789ab'), 'card-out'],
] as const)(
  'where the card process breaks, nothing was opened and nothing is sold',
  async (problem, refusal) => {
    vi.spyOn(world.till().card, 'keyOfCode').mockRejectedValueOnce(problem)
    expect(await press()).toBe(refusal)
    expect(stock()).toBe(STOCK)
    expect(saleByNumber(world.store(), 1)).toBeUndefined()
    expect(await press()).toMatchObject({ number: 1, serial: '104822773901', state: 'printed' })
  },
)

test('a fault of our own is no refusal: the sale stays open, and is in doubt after the restart', async () => {
  vi.spyOn(world.till().card, 'keyOfCode').mockRejectedValueOnce(new TypeError('a bug'))
  await expect(press()).rejects.toThrow('a bug')
  expect(salesIn(world.store(), 'intent')).toHaveLength(1)
  // The till goes on with the next code.
  expect(await press()).toMatchObject({ number: 2, serial: '104822773902', state: 'printed' })
})

test.each([
  ['too-fast', 'too-fast'],
  ['card-blocked', 'card-blocked'],
  ['card-out', 'card-out'],
  ['not-for-this-card', 'letter-missing'],
] as const)('a card that says %s opens nothing: the code stays for the next press', async (refusal, said) => {
  vi.spyOn(world.till().card, 'keyOfCode').mockResolvedValueOnce({ refusal })
  expect(await press()).toBe(said)
  expect(stock()).toBe(STOCK)
  expect(await press()).toMatchObject({ number: 1, serial: '104822773901' })
})

test('the safe key is unwrapped only for a press that may go on', async () => {
  const unwrap = vi.spyOn(world.till().card, 'unwrapSafeKey')
  expect(await press(productId('ATLAS-99'))).toBe('unknown-product')
  expect(unwrap).not.toHaveBeenCalled()
  unwrap.mockRejectedValueOnce(new PrivateLineLost())
  expect(await press()).toMatchObject({ state: 'printed' })
  expect(unwrap.mock.calls).toEqual([[{ recipient: cardLetterFor(world.store(), 1, CARD) }]])
})

test('the key of a code is gone once it has opened it', async () => {
  const { card } = world.till()
  const ask = card.keyOfCode
  const keys: Uint8Array[] = []
  vi.spyOn(card, 'keyOfCode').mockImplementation(async (argument) => {
    const answer = await ask(argument)
    if ('key' in answer) {
      expect(answer.key.some((byte) => byte !== 0)).toBe(true)
      keys.push(answer.key)
    }
    return answer
  })
  wipeable.length = 0
  await press()
  expect(keys.map((key) => [key.length, key.every((byte) => byte === 0)])).toEqual([[32, true]])
  // The key as it was used, and the fourteen digits.
  expect(wipeable.map((bytes) => [bytes.length, bytes.every((byte) => byte === 0)])).toEqual([
    [32, true],
    [14, true],
  ])
})

test('a ticket that cannot be filled leaves no open code behind', async () => {
  vi.spyOn(world.till().printer, 'print')
  wipeable.length = 0
  world.store().statement(`UPDATE safe_run SET expires_on = '20271-12-31'`).run()
  await expect(press()).rejects.toThrow('a expires of another length')
  expect(wipeable.map(({ length }) => length)).toEqual([32, 14])
  expect(wipeable.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true)
  expect(world.till().printer.print).not.toHaveBeenCalled()
})

test('a printer that says nothing more leaves a doubt within its time, and the time of both is kept', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  world.printer.failAfter(1, 'silent')
  const selling = press()
  for (let i = 0; world.printer.received().length === 0 && i < 100_000; i++)
    await new Promise((resolve) => setImmediate(resolve))
  vi.advanceTimersByTime(15_000)
  vi.useRealTimers()
  expect(await selling).toMatchObject({ state: 'in_doubt' })
  expect(world.store().statement('SELECT sale, what, at_ms FROM ticket_event').all()).toEqual([
    { sale: 1, what: 'in-doubt', at_ms: START_MS },
  ])
})

test('a roll that ends within the ticket leaves a doubt, and no code is sold on it again', async () => {
  world.printer.failAfter(150, 'paper-end')
  expect(await press()).toMatchObject({ number: 1, state: 'in_doubt' })
  world.printer.setFault('none')
  await world.until(() => world.till().printer.lastStatus() === 'not-connected')
  await world.until(() => world.till().printer.lastStatus() === 'ready')
  expect(await press()).toMatchObject({ number: 2, serial: '104822773902', state: 'printed' })
})

test('the clock’s latest time is durable with the intent', async () => {
  world.clock.setMs(START_MS + 5_000)
  await press()
  expect(clockMarks(world.store()).highWaterMs).toBe(START_MS + 5_000)
})

test('a doubt is settled by its number, by both answers, with the moment it was settled', async () => {
  const { store, clock } = world.till()
  for (const bytes of [10, 20]) {
    world.printer.failAfter(bytes, 'cut')
    await press()
    await world.until(() => world.till().printer.lastStatus() === 'ready')
  }
  world.clock.setMs(START_MS + 9_000)
  expect(settleDoubt({ store, clock }, 7, { answer: 'came-out' })).toBe('unknown-sale')
  expect(settleDoubt({ store, clock }, 1, { answer: 'came-out' })).toMatchObject({ state: 'printed' })
  expect(settleDoubt({ store, clock }, 2, { answer: 'did-not-come-out' })).toMatchObject({ state: 'damaged' })
  expect(settleDoubt({ store, clock }, 2, { answer: 'did-not-come-out' })).toMatchObject({ state: 'damaged' })
  expect(settleDoubt({ store, clock }, 1, { answer: 'did-not-come-out' })).toBe('not-in-doubt')
  const rows = store.statement('SELECT sale, what, at_ms FROM ticket_event ORDER BY id').all()
  expect(rows).toEqual([
    { sale: 1, what: 'in-doubt', at_ms: START_MS },
    { sale: 2, what: 'in-doubt', at_ms: START_MS },
    { sale: 1, what: 'settled-sold', at_ms: START_MS + 9_000 },
    { sale: 2, what: 'settled-damaged', at_ms: START_MS + 9_000 },
  ])
  expect(store.statement('SELECT number, ended_at_ms FROM sale ORDER BY number').all()).toEqual([
    { number: 1, ended_at_ms: START_MS + 9_000 },
    { number: 2, ended_at_ms: START_MS + 9_000 },
  ])
})

test('what was promised when the program died is in doubt, and is told', async () => {
  const { store, clock } = world.till()
  await press()
  expect(doubtOpenIntents({ store, clock })).toBe(0)
  store.statement(`UPDATE sale SET state = 'intent', ended_at_ms = NULL`).run()
  expect(doubtOpenIntents({ store, clock })).toBe(1)
  expect(saleByNumber(store, 1)).toMatchObject({ state: 'in_doubt' })
  expect(store.statement('SELECT sale, what FROM ticket_event').all()).toEqual([
    { sale: 1, what: 'in-doubt' },
  ])
  expect(doubtOpenIntents({ store, clock })).toBe(0)
})
