import { randomInt } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packDigits, packedSize } from '@scratchless/voucher/packed-code'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { type TestTill, testTill } from '../../testing/test-till.ts'
import { auditTerminal } from '../audit.ts'
import { stockOf } from '../safe/safe-run.sql.ts'
import { countUnreported, type StoredSale, salesIn, soldByHour } from './sale.sql.ts'
import { MOST_OPEN_DOUBTS } from './sell.ts'
import { settleDoubt } from './settle-doubt.ts'

const STOCK = 12
const START_MS = Date.parse('2026-11-22T18:42:00Z')

let digits: string[]
let world: TestTill
let presses = 0

function packedCodes(first: number, count: number): Buffer {
  const size = packedSize(14)
  const bytes = Buffer.alloc(count * size)
  for (let i = 0; i < count; i++) packDigits(Buffer.from(digits[first + i]!, 'latin1'), bytes, i * size)
  return bytes
}

beforeEach(async () => {
  digits = Array.from({ length: STOCK }, () => `77${String(randomInt(10 ** 12)).padStart(12, '0')}`)
  world = await testTill({ packedCodes, startMs: START_MS, stock: STOCK })
})
afterEach(async () => {
  const breaks = auditTerminal(join(world.folder, 'terminal.sqlite')).filter(({ ok }) => !ok)
  await world.close()
  expect(breaks).toEqual([])
})

const press = (saleId = `press-${++presses}-of-a-key`) =>
  world.till().sell(world.session, { saleId, product: PRODUCT })
const printedCodes = () => digits.filter((code) => world.printer.received().includes(`*${code}%23`))

async function sold(): Promise<StoredSale> {
  const outcome = await press()
  if (typeof outcome === 'string') throw new Error(outcome)
  return outcome
}

test('one press prints one code and leaves one sale', async () => {
  expect(await sold()).toMatchObject({ number: 1, state: 'printed', serial: '104822773901' })
  expect(printedCodes()).toEqual([digits[0]])
  expect(stockOf(world.store(), PRODUCT)).toBe(STOCK - 1)
})

test('sales of one hour are counted together', async () => {
  await sold()
  await sold()
  expect(soldByHour(world.store(), START_MS - 90 * 60_000)).toEqual([
    { hour: 1, sales: 2, amountMinor: expect.any(BigInt) },
  ])
})

test('the same sale id prints once, also when both presses come together and after a restart', async () => {
  const [first, second] = await Promise.all([press('one-sale-id'), press('one-sale-id')])
  expect(first).toMatchObject({ number: 1, state: 'printed' })
  expect(second).toMatchObject({ number: 1, state: 'printed' })
  await world.restart()
  expect(await press('one-sale-id')).toMatchObject({ number: 1, state: 'printed' })
  expect(printedCodes()).toEqual([digits[0]])
})

test('presses that come together go one after the other, each with its own code', async () => {
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => sold()))
  expect(outcomes.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5])
  expect(printedCodes()).toEqual(digits.slice(0, 5))
})

test.each([
  ['no-paper', 'printer'],
  ['cover-open', 'printer'],
] as const)('a printer with %s sells nothing', async (fault, refusal) => {
  world.printer.setFault(fault)
  expect(await press()).toBe(refusal)
  expect(stockOf(world.store(), PRODUCT)).toBe(STOCK)
  world.printer.setFault('none')
  expect(await sold()).toMatchObject({ number: 1, serial: '104822773901' })
})

test.each([
  ['at the first byte', 0],
  ['in the middle', 150],
])('a cable pulled %s leaves a doubt, and the code is never sold again', async (_where, bytes) => {
  world.printer.failAfter(bytes, 'cut')
  const doubtful = await sold()
  expect(doubtful).toMatchObject({ number: 1, state: 'in_doubt' })
  await world.until(() => world.till().printer.lastStatus() === 'ready')
  expect(await sold()).toMatchObject({ number: 2, serial: '104822773902' })
  expect(settleDoubt(world.till(), 1, { answer: 'did-not-come-out' })).toMatchObject({ state: 'damaged' })
  expect(settleDoubt(world.till(), 1, { answer: 'came-out' })).toBe('not-in-doubt')
  expect(await sold()).toMatchObject({ number: 3, serial: '104822773903' })
})

test('a doubt settled as sold is told to the centre once as a sale, and how it came to be one', async () => {
  world.printer.failAfter(100, 'cut')
  await sold()
  settleDoubt(world.till(), 1, { answer: 'came-out' })
  expect(settleDoubt(world.till(), 1, { answer: 'came-out' })).toMatchObject({ state: 'printed' })
  world.clock.setMs(START_MS + 10_000)
  world.till().supply.wake()
  await world.until(() => countUnreported(world.store()) === 0)
  const reports = world.centre.reports
  expect(reports.flatMap(({ events }) => events.map(({ what }) => what))).toEqual([
    'in-doubt',
    'settled-sold',
  ])
  expect(reports.flatMap(({ sales }) => sales.map(({ ticket }) => ticket))).toEqual([1])
  await world.until(() => countUnreported(world.store()) === 0)
})

test('a doubt settled as damaged is told by its events, and is then reported', async () => {
  world.printer.failAfter(100, 'cut')
  await sold()
  settleDoubt(world.till(), 1, { answer: 'did-not-come-out' })
  world.clock.setMs(START_MS + 10_000)
  world.till().supply.wake()
  await world.until(() => countUnreported(world.store()) === 0)
  // The first of them at once.
  const { reports } = world.centre
  expect(reports.flatMap(({ sales }) => sales)).toEqual([])
  expect(reports.flatMap(({ events }) => events.map(({ what }) => what))).toEqual([
    'in-doubt',
    'settled-damaged',
  ])
})

test('after some open doubts nothing is sold until one is settled', async () => {
  for (let i = 0; i < MOST_OPEN_DOUBTS; i++) {
    await world.until(() => world.till().printer.lastStatus() === 'ready')
    world.printer.failAfter(10, 'cut')
    expect(await sold()).toMatchObject({ state: 'in_doubt' })
  }
  await world.until(() => world.till().printer.lastStatus() === 'ready')
  expect(await press()).toBe('sale-in-doubt')
  settleDoubt(world.till(), 1, { answer: 'came-out' })
  expect(await sold()).toMatchObject({ state: 'printed' })
})

test('without its card the till sells nothing, and goes on with the same code when it is back', async () => {
  await world.card('out')
  expect(await press()).toBe('card-out')
  await world.card('in')
  expect(await sold()).toMatchObject({ number: 1, serial: '104822773901' })
})

test('a card that forgot its PIN between promise and key: not sold, and the code stays', async () => {
  const selling = press('a-locked-sale')
  await world.till().card.lock()
  expect(await selling).toBe('card-locked')
  expect(stockOf(world.store(), PRODUCT)).toBe(STOCK)
  await world.card('in')
  // The same press again is a first press: it was answered with a no.
  expect(await press('a-locked-sale')).toMatchObject({ number: 1, serial: '104822773901', state: 'printed' })
})

test('a program that dies between intent and end finds the sale in doubt when it comes back', async () => {
  await sold()
  world.store().statement(`UPDATE sale SET state = 'intent', ended_at_ms = NULL`).run()
  await world.restart()
  expect(salesIn(world.store(), 'in_doubt').map(({ number }) => number)).toEqual([1])
  expect(await sold()).toMatchObject({ number: 2, serial: '104822773902' })
})

test('the lease ends selling, also for a clock that is set back; the centre renews it', async () => {
  const leaseMs = 7 * 86_400_000
  world.centre.disturb(...Array.from({ length: 50 }, () => 'lose-request' as const))
  world.clock.setMs(START_MS + leaseMs + 1_000)
  expect(await press()).toBe('lease-over')
  world.clock.setMs(START_MS)
  expect(await press()).toBe('clock-ahead')
})

test('a revoked card sells no more', async () => {
  world.centre.setStanding({ revokedCards: [world.session.card], catalogueVersion: 2 })
  world.clock.setMs(START_MS + 5 * 3_600_000)
  world.till().supply.wake()
  await world.until(() => world.till().word()!.standing.revokedCards.length === 1)
  expect(await press()).toBe('card-blocked')
})

test('as many unreported sales as the lease allows, and no more', async () => {
  world.centre.setStanding({ unreportedSales: 2, catalogueVersion: 2 })
  world.clock.setMs(START_MS + 5 * 3_600_000)
  world.till().supply.wake()
  await world.until(() => world.till().word()!.standing.unreportedSales === 2)
  await sold()
  await sold()
  expect(await press()).toBe('too-many-unreported')
  world.clock.setMs(START_MS + 6 * 3_600_000)
  world.till().supply.wake()
  await world.until(() => world.centre.reports.length === 1)
  await world.until(() => world.till().supply.status() === 'online')
  expect(await sold()).toMatchObject({ state: 'printed' })
})

test('an empty shelf says so', async () => {
  for (let i = 0; i < STOCK; i++) await sold()
  expect(await press()).toBe('no-stock')
  expect(printedCodes()).toEqual(digits)
})

test('a code whose box was altered is damaged, and the next one sells', async () => {
  const { codes } = world.store().statement('SELECT codes FROM safe_codes').get() as { codes: Uint8Array }
  codes[0]! ^= 1
  world.store().statement('UPDATE safe_codes SET codes = ?').run(codes)
  expect(await sold()).toMatchObject({ number: 1, state: 'damaged' })
  expect(await sold()).toMatchObject({ number: 2, state: 'printed', serial: '104822773902' })
  expect(printedCodes()).toEqual([digits[1]])
})

test('no code stands open in any file of the terminal', async () => {
  for (let i = 0; i < 5; i++) await sold()
  const files = readdirSync(world.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
  expect(files.some((file) => file.includes('104822773901'))).toBe(false)
  const open = digits.filter((code, i) =>
    files.some((file) => file.includes(code) || file.includes(packedCodes(i, 1))),
  )
  expect(open).toEqual([])
})
