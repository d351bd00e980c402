// How the terminal is: told after four hours beside another message, and when an alarm began or ended.

import { notices } from '@scratchless/wire/supply/notice'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { CARD, type TestTill, testTill } from '../../testing/test-till.ts'
import { settleDoubt } from '../sale/settle-doubt.ts'
import { standingAlarms } from './alarm.sql.ts'
import { type AlarmFacts, alarmsNow } from './alarms.ts'
import { reportingRule } from './reporting-rule.ts'
import { askedRequests } from './request.sql.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
const HOUR_MS = 3_600_000
let world: TestTill
let presses = 0
beforeEach(async () => {
  world = await testTill({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    startMs: START_MS,
    stock: 8,
  })
  await world.until(() => askedRequests(world.store()).length === 0)
})
afterEach(() => world.close())

const settle = () => new Promise((resolve) => setTimeout(resolve, 40))
const heard = (kind: string) => world.centre.heard.filter((frame) => frame.kind === kind)
async function at(ms: number) {
  world.clock.setMs(ms)
  world.till().supply.wake()
  await settle()
}
const press = () =>
  world.till().sell(world.session, { saleId: `press-${++presses}-of-a-key`, product: PRODUCT })

test('after four hours it rides with the next message, and says what is true', async () => {
  await press()
  world.printer.failAfter(100, 'cut')
  await press()
  settleDoubt(world.till(), 2, { answer: 'did-not-come-out' })
  await world.until(() => world.till().printerStatus() === 'ready')
  await at(START_MS + 1)
  await at(START_MS + 4 * HOUR_MS - 1)
  expect(world.centre.states).toEqual([])
  await at(START_MS + 4 * HOUR_MS + 1)
  await world.until(() => world.centre.states.length > 0)
  const report = world.centre.states.at(-1)!
  expect(report).toEqual({
    ...{ softwareVersion: '0.1.0', startedAtS: START_MS / 1000 },
    ...{ line: { carrier: 'https', rate: 0, failures: 0 }, printer: { state: 'ready', model: '' } },
    cards: [{ card: CARD, state: 'in', pinTriesLeft: 3, pukCount: 0, keysGiven: 2 }],
    stock: { catalogueVersion: 1, onBoard: [6], aside: [{ place: 0, inDoubt: 0, damaged: 1 }] },
    alarms: [],
    shiftMarks: [],
  })
})

test('an alarm is told once it has stood a minute, and told again when it is over', async () => {
  for (let i = 0; i < 4; i++) await press()
  await at(START_MS + 1_000)
  const [alarm] = standingAlarms(world.store())
  expect(alarm).toMatchObject({ kind: 'low-stock', subject: PRODUCT, reported: false })
  await at(alarm!.sinceMs + 59_999)
  expect(world.centre.states).toEqual([])
  await at(alarm!.sinceMs + 60_000)
  await world.until(() => world.centre.states.length === 1)
  expect(world.centre.states[0]!.alarms).toEqual([
    { kind: 'low-stock', subject: PRODUCT, sinceS: Math.floor(alarm!.sinceMs / 1_000) },
  ])
  await at(alarm!.sinceMs + HOUR_MS)
  expect(world.centre.states).toHaveLength(1)
  world.till().store.statement('UPDATE safe_run SET next_index = 0').run()
  await at(alarm!.sinceMs + HOUR_MS + 1)
  await world.until(() => world.centre.states.length === 2)
  expect(world.centre.states[1]!.alarms).toEqual([])
  world.till().store.statement('UPDATE safe_run SET next_index = 4').run()
})

test('an alarm that was over before anybody was told is no news', async () => {
  for (let i = 0; i < 4; i++) await press()
  await at(START_MS + 1_000)
  expect(standingAlarms(world.store())).toHaveLength(1)
  world.till().store.statement('UPDATE safe_run SET next_index = 0').run()
  await at(START_MS + HOUR_MS)
  expect(standingAlarms(world.store())).toEqual([])
  expect(world.centre.states).toEqual([])
  world.till().store.statement('UPDATE safe_run SET next_index = 4').run()
})

test('a centre that does not take state reports is not told again before the next start', async () => {
  world.centre.refuseNext('state-report', { reason: 'not-offered' })
  await at(START_MS + 5 * HOUR_MS)
  await world.until(() => heard('state-report').length === 1)
  await at(START_MS + 10 * HOUR_MS)
  await at(START_MS + 15 * HOUR_MS)
  expect(heard('state-report')).toHaveLength(1)
  await world.restart()
  await at(START_MS + 20 * HOUR_MS)
  await world.until(() => world.centre.states.length > 0)
})

test('where the centre asks for it, sales and state go at once', async () => {
  await press()
  await at(START_MS + 2_000)
  expect(heard('sales-report')).toEqual([])
  world.centre.setStanding({ notices: [notices.write({ notice: 'report-now' })], catalogueVersion: 2 })
  await at(START_MS + 4 * HOUR_MS + 1)
  await world.until(() => world.centre.states.length === 1 && world.centre.reports.length === 1)
  // The centre goes on asking: not at every moment.
  await settle()
  expect(heard('state-report')).toHaveLength(1)
})

test('what the alarms are, each at its edge', () => {
  const nowMs = START_MS
  const well: AlarmFacts = {
    ...{ nowMs, levels: new Map([['A', 'normal']]), printer: 'ready', card: { status: 'in', id: 'C1' } },
    ...{ clockWaits: false, unreported: 79, inDoubt: 0 },
    standing: { leaseUntilS: nowMs / 1000 + 86_400, unreportedSales: 100 } as AlarmFacts['standing'],
  }
  expect(alarmsNow(well)).toEqual([])
  const wrong: [Partial<AlarmFacts>, string, string?][] = [
    [{ levels: new Map([['A', 'low']]) }, 'low-stock', 'A'],
    [{ levels: new Map([['A', 'none']]) }, 'sold-out', 'A'],
    [{ printer: 'cover-open' }, 'printer'],
    [{ printer: 'not-connected' }, 'printer'],
    [{ printer: 'no-paper' }, 'paper-end'],
    [{ card: { status: 'blocked', id: 'C1' } }, 'card-blocked', 'C1'],
    [{ clockWaits: true }, 'clock'],
    [{ nowMs: nowMs + 1 }, 'lease-ending'],
    [{ unreported: 80 }, 'unreported-limit'],
    [{ inDoubt: 1 }, 'in-doubt-waiting'],
  ]
  for (const [more, kind, subject = ''] of wrong)
    expect(alarmsNow({ ...well, ...more })).toEqual([{ kind, subject }])
})

test("by the line's own rule, unless device or shop say otherwise", () => {
  const none = { sales: 0, seconds: 0 }
  expect(reportingRule('https', null, null)).toEqual({ sales: 10, afterMs: 60_000 })
  expect(reportingRule('frames', none, none)).toEqual({ sales: 10, afterMs: 60_000 })
  expect(reportingRule('modem', none, null)).toEqual({ sales: 30, afterMs: 900_000 })
  expect(reportingRule('modem', { sales: 5, seconds: 6 }, none)).toEqual({ sales: 5, afterMs: 6_000 })
  const shop = { sales: 0, seconds: 9 }
  expect(reportingRule('modem', { sales: 5, seconds: 6 }, shop)).toEqual({ sales: Infinity, afterMs: 9_000 })
  expect(reportingRule('https', null, { sales: 3, seconds: 0 })).toEqual({ sales: 3, afterMs: Infinity })
})

test('the last code of a product, and half of what may stay unreported, are reported at once', async () => {
  world.centre.setStanding({ unreportedSales: 6 })
  await at(START_MS + 4 * HOUR_MS + 1)
  await press()
  await press()
  await at(START_MS + 4 * HOUR_MS + 2)
  expect(world.centre.reports).toEqual([])
  await press()
  await at(START_MS + 4 * HOUR_MS + 3)
  await world.until(() => world.centre.reports.length === 1)
  world.centre.setStanding({ unreportedSales: 500 })
  await at(START_MS + 9 * HOUR_MS)
  for (let i = 0; i < 4; i++) await press()
  await at(START_MS + 9 * HOUR_MS + 1)
  expect(world.centre.reports).toHaveLength(1)
  await press()
  await at(START_MS + 9 * HOUR_MS + 2)
  await world.until(() => world.centre.reports.length === 2)
})
