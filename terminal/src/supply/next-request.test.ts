import { expect, test } from 'vitest'
import { nextRequest, type SupplyState } from './next-request.ts'

const quiet: SupplyState = {
  nowMs: 10_000_000,
  clockStandsStill: false,
  renewalDue: false,
  lastRenewalAskedMs: 0,
  deliveryUnreceipted: false,
  letterLacking: false,
  lastLetterAskedMs: 0,
  heldCatalogue: 1,
  catalogueVersion: 1,
  heldSettings: 0,
  settingsVersion: 0,
  lastSettingsAskedMs: 0,
  orderWaiting: false,
  unsentSales: 0,
  oldestUnsentMs: Number.MAX_SAFE_INTEGER,
  unsentEvents: 0,
  lastCodeUnsent: false,
  reporting: { sales: 10, afterMs: 60_000 },
  reportNow: false,
  stateIsOld: false,
  alarmsToTell: false,
  lastStateAskedMs: 0,
  inSession: false,
  lineIsCheap: true,
  standingMs: 10_000_000,
}

test('what is owed goes before what selling needs, and that before what the shop wants', () => {
  expect(nextRequest(quiet)).toBeNull()
  const steps: [Partial<SupplyState>, ReturnType<typeof nextRequest>][] = [
    [{ standingMs: -10_000_000 }, 'catalogue-request'],
    [{ alarmsToTell: true }, 'state-report'],
    [{ orderWaiting: true }, 'supply-order'],
    [{ unsentSales: 1, oldestUnsentMs: quiet.nowMs }, 'sales-report'],
    [{ settingsVersion: 1 }, 'settings-request'],
    [{ catalogueVersion: 2 }, 'catalogue-request'],
    [{ letterLacking: true }, 'card-letter-request'],
    [{ deliveryUnreceipted: true }, 'supply-receipt'],
    [{ renewalDue: true }, 'renewal-request'],
  ]
  let state = quiet
  for (const [more, kind] of steps) {
    state = { ...state, ...more }
    expect(nextRequest(state)).toBe(kind)
  }
})

test('sales go together by number or by the time of the oldest, and at once where somebody may wait for it', () => {
  const sold = { ...quiet, unsentSales: 9, oldestUnsentMs: quiet.nowMs - 59_999 }
  expect(nextRequest(sold)).toBeNull()
  for (const more of [
    { unsentSales: 10 },
    { oldestUnsentMs: quiet.nowMs - 60_000 },
    { unsentEvents: 1 },
    { lastCodeUnsent: true },
    { reportNow: true, lastStateAskedMs: quiet.nowMs },
    { orderWaiting: true },
    { reporting: { sales: 9, afterMs: 60_000 } },
    { reporting: { sales: 10, afterMs: 59_999 } },
  ])
    expect([more, nextRequest({ ...sold, ...more })]).toEqual([more, 'sales-report'])
  expect(nextRequest({ ...quiet, unsentEvents: 1 })).toBe('sales-report')
  // There is nothing to report.
  const nothing = { lastCodeUnsent: true, reportNow: true, lastStateAskedMs: quiet.nowMs, oldestUnsentMs: 0 }
  expect(nextRequest({ ...quiet, ...nothing })).toBeNull()
})

test('a state report rides with another message; an alarm goes alone where that costs no call', () => {
  expect(nextRequest({ ...quiet, stateIsOld: true })).toBeNull()
  expect(nextRequest({ ...quiet, stateIsOld: true, inSession: true })).toBe('state-report')
  expect(nextRequest({ ...quiet, alarmsToTell: true })).toBe('state-report')
  const dialled = { ...quiet, lineIsCheap: false, alarmsToTell: true }
  expect(nextRequest(dialled)).toBeNull()
  expect(nextRequest({ ...dialled, inSession: true })).toBe('state-report')
  expect(nextRequest({ ...quiet, inSession: true })).toBeNull()
  const wanted = { ...quiet, lineIsCheap: false, reportNow: true, lastStateAskedMs: quiet.nowMs - 60_000 }
  expect(nextRequest(wanted)).toBe('state-report')
  expect(nextRequest({ ...wanted, lastStateAskedMs: quiet.nowMs - 59_999 })).toBeNull()
})

test('a refused renewal is asked for again after ten minutes', () => {
  const due = { ...quiet, renewalDue: true, lastRenewalAskedMs: quiet.nowMs - 599_999 }
  expect(nextRequest(due)).toBeNull()
  expect(nextRequest({ ...due, lastRenewalAskedMs: quiet.nowMs - 600_000 })).toBe('renewal-request')
})

test('an order waits for the letter that is lacking, and goes where the centre has said that there is none', () => {
  expect(nextRequest({ ...quiet, letterLacking: true, orderWaiting: true })).toBe('card-letter-request')
  expect(nextRequest({ ...quiet, letterLacking: false, orderWaiting: true })).toBe('supply-order')
})

test('a letter that comes without the card is not asked for again at every moment', () => {
  const lacking = { ...quiet, letterLacking: true, lastLetterAskedMs: quiet.nowMs - 1_000 }
  expect(nextRequest(lacking)).toBeNull()
  expect(nextRequest({ ...lacking, nowMs: quiet.nowMs + 60_000 })).toBe('card-letter-request')
})

test('what was noted before a fast clock was set right holds nothing up', () => {
  const aheadMs = quiet.nowMs + 57 * 3_600_000
  expect(nextRequest({ ...quiet, unsentSales: 1, oldestUnsentMs: aheadMs })).toBe('sales-report')
  const lacking = { ...quiet, letterLacking: true, lastLetterAskedMs: aheadMs }
  expect(nextRequest(lacking)).toBe('card-letter-request')
})

test('a clock that stands still is set right before an order says by it when it ends', () => {
  const waiting = { ...quiet, orderWaiting: true, clockStandsStill: true, standingMs: -10_000_000 }
  expect(nextRequest(waiting)).toBe('catalogue-request')
  expect(nextRequest({ ...waiting, clockStandsStill: false })).toBe('supply-order')
  expect(nextRequest({ ...waiting, standingMs: quiet.nowMs })).toBe('supply-order')
  expect(nextRequest({ ...waiting, deliveryUnreceipted: true })).toBe('supply-receipt')
})

test('a clock that stands still keeps no sale from its report', () => {
  const sold = { ...quiet, unsentSales: 1, oldestUnsentMs: quiet.nowMs }
  expect(nextRequest(sold)).toBeNull()
  expect(nextRequest({ ...sold, clockStandsStill: true })).toBe('sales-report')
})

test.each<[string, Partial<SupplyState>, ReturnType<typeof nextRequest>, Partial<SupplyState>]>([
  [
    'a letter is asked again after half a minute',
    { letterLacking: true, lastLetterAskedMs: quiet.nowMs - 29_999 },
    'card-letter-request',
    { lastLetterAskedMs: quiet.nowMs - 30_000 },
  ],
  [
    'a catalogue as new as the standing says is not asked for',
    { catalogueVersion: 1 },
    'catalogue-request',
    { catalogueVersion: 2 },
  ],
  [
    'a standing keeps for four hours',
    { standingMs: quiet.nowMs - 4 * 3_600_000 },
    'catalogue-request',
    { standingMs: quiet.nowMs - 4 * 3_600_000 - 1 },
  ],
])('%s, and not a moment before', (_what, before, kind, after) => {
  expect(nextRequest({ ...quiet, ...before })).not.toBe(kind)
  expect(nextRequest({ ...quiet, ...before, ...after })).toBe(kind)
})

test('where an order waits, what was sold goes first, however busy the till is', () => {
  const selling = { ...quiet, unsentSales: 1, oldestUnsentMs: quiet.nowMs }
  expect(nextRequest(selling)).toBeNull()
  expect(nextRequest({ ...selling, orderWaiting: true })).toBe('sales-report')
  expect(nextRequest({ ...quiet, orderWaiting: true })).toBe('supply-order')
})
