import { cardId } from '@scratchless/voucher/ids'
import { expect, test } from 'vitest'
import { pace } from './card/pace.ts'
import { type LockFacts, tillLock } from './sale/till-lock.ts'
import { nextRequest, type SupplyState } from './supply/next-request.ts'
import { createTries } from './vendors/sign-in.ts'

const CARD = cardId('C0000001')
const open: LockFacts = {
  nowMs: 1_000,
  vendorCard: CARD,
  card: { status: 'in', id: CARD },
  revokedCards: [],
  leaseUntilMs: 2_000,
  certificateUntilMs: 2_000,
  unreported: 0,
  unreportedAllowed: 1,
  printer: 'ready',
}

test('the till is locked by the first reason that holds', () => {
  expect(tillLock(open)).toBeNull()
  const reasons: [Partial<LockFacts>, ReturnType<typeof tillLock>][] = [
    [{ printer: 'no-paper' }, 'printer'],
    [{ unreported: 1 }, 'too-many-unreported'],
    [{ certificateUntilMs: 1_000 }, 'certificate-over'],
    [{ leaseUntilMs: 1_000 }, 'lease-over'],
    [{ revokedCards: [CARD] }, 'card-blocked'],
    [{ card: { status: 'in', id: 'C0000002' } }, 'card-out'],
  ]
  let facts = open
  for (const [more, reason] of reasons) {
    facts = { ...facts, ...more }
    expect(tillLock(facts)).toBe(reason)
  }
})

const quiet: SupplyState = {
  nowMs: 10_000_000,
  clockStandsStill: false,
  deliveryUnreceipted: false,
  heldEpoch: 1,
  epoch: 1,
  cardLacksLetter: false,
  lastLetterAskedMs: 0,
  heldCatalogue: 1,
  catalogueVersion: 1,
  orderWaiting: false,
  unsentTickets: 0,
  newestUnsentMs: 0,
  standingMs: 10_000_000,
}

test('what is owed goes before what selling needs, and that before what the shop wants', () => {
  expect(nextRequest(quiet)).toBeNull()
  const steps: [Partial<SupplyState>, ReturnType<typeof nextRequest>][] = [
    [{ standingMs: -10_000_000 }, 'catalogue-request'],
    [{ orderWaiting: true }, 'supply-order'],
    [{ unsentTickets: 1, newestUnsentMs: quiet.nowMs }, 'sales-report'],
    [{ catalogueVersion: 2 }, 'catalogue-request'],
    [{ cardLacksLetter: true }, 'card-letter-request'],
    [{ deliveryUnreceipted: true }, 'supply-receipt'],
  ]
  let state = quiet
  for (const [more, kind] of steps) {
    state = { ...state, ...more }
    expect(nextRequest(state)).toBe(kind)
  }
})

test('sales in a row are reported together once the shop is quiet', () => {
  const selling = { ...quiet, unsentTickets: 3, newestUnsentMs: quiet.nowMs - 100 }
  expect(nextRequest(selling)).toBeNull()
  expect(nextRequest({ ...selling, nowMs: quiet.nowMs + 5_000 })).toBe('sales-report')
  expect(nextRequest({ ...selling, unsentTickets: 300 })).toBeNull()
  expect(nextRequest({ ...selling, unsentTickets: 1_000 })).toBe('sales-report')
})

test('a new epoch alone asks for nothing; an order under it asks for the letter first', () => {
  expect(nextRequest({ ...quiet, epoch: 2 })).toBeNull()
  expect(nextRequest({ ...quiet, epoch: 2, orderWaiting: true })).toBe('card-letter-request')
})

test('a card that the centre does not know is not asked for at every moment', () => {
  const lacking = { ...quiet, cardLacksLetter: true, lastLetterAskedMs: quiet.nowMs - 1_000 }
  expect(nextRequest(lacking)).toBeNull()
  expect(nextRequest({ ...lacking, nowMs: quiet.nowMs + 60_000 })).toBe('card-letter-request')
})

test('what was noted before a fast clock was set right holds nothing up', () => {
  const aheadMs = quiet.nowMs + 57 * 3_600_000
  expect(nextRequest({ ...quiet, unsentTickets: 1, newestUnsentMs: aheadMs })).toBe('sales-report')
  const lacking = { ...quiet, cardLacksLetter: true, lastLetterAskedMs: aheadMs }
  expect(nextRequest(lacking)).toBe('card-letter-request')
})

test('a clock that stands still keeps no sale from its report', () => {
  const sold = { ...quiet, unsentTickets: 1, newestUnsentMs: quiet.nowMs }
  expect(nextRequest(sold)).toBeNull()
  expect(nextRequest({ ...sold, clockStandsStill: true })).toBe('sales-report')
})

test('a card opens ten at once and then its share a second', () => {
  const mayPass = pace(2)
  expect(Array.from({ length: 12 }, () => mayPass(0)).filter(Boolean)).toHaveLength(10)
  expect([mayPass(500), mayPass(500), mayPass(1_000)]).toEqual([true, false, true])
})

test('after five wrong passwords none is taken for a minute', () => {
  let nowMs = 0
  const tries = createTries(() => nowMs)
  for (let i = 0; i < 5; i++) {
    expect(tries.mayTry()).toBe(true)
    tries.failed()
  }
  expect(tries.mayTry()).toBe(false)
  nowMs = 60_001
  expect(tries.mayTry()).toBe(true)
})
