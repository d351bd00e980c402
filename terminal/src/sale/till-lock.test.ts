import { cardId } from '@scratchless/voucher/ids'
import { expect, test } from 'vitest'
import { PRINTER_STATUSES } from '../till/till-shapes.ts'
import { type LockFacts, tillLock } from './till-lock.ts'

const CARD = cardId('C0000001')
const open: LockFacts = {
  stopped: null,
  nowMs: 1_000,
  clockWaits: false,
  vendorCard: CARD,
  card: { status: 'in', id: CARD },
  revokedCards: [],
  leaseUntilMs: 2_000,
  certificateUntilMs: 2_000,
  unreported: 0,
  unreportedAllowed: 1,
  notices: [],
  printer: 'ready',
}

test('the till is locked by the first reason that holds', () => {
  expect(tillLock(open)).toBeNull()
  const reasons: [Partial<LockFacts>, ReturnType<typeof tillLock>][] = [
    [{ printer: 'no-paper' }, 'printer'],
    [{ unreported: 1 }, 'too-many-unreported'],
    [{ notices: [{ number: 127, content: new Uint8Array(0) }] }, 'update-needed'],
    [{ leaseUntilMs: 1_000 }, 'lease-over'],
    [{ certificateUntilMs: 1_000 }, 'certificate-over'],
    [{ clockWaits: true }, 'clock-ahead'],
    [{ revokedCards: [CARD] }, 'card-blocked'],
    [{ card: { status: 'in', id: 'C0000002' } }, 'card-out'],
    [{ stopped: 'terminal-locked' }, 'terminal-locked'],
    [{ stopped: 'terminal-revoked' }, 'terminal-revoked'],
  ]
  let facts = open
  for (const [more, reason] of reasons) {
    facts = { ...facts, ...more }
    expect(tillLock(facts)).toBe(reason)
  }
})

test.each<[string, Partial<LockFacts>, ReturnType<typeof tillLock>, Partial<LockFacts>]>([
  [
    'a notice that may be skipped comes',
    { notices: [{ number: 128, content: Buffer.of(0xff) }] },
    'update-needed',
    { notices: [{ number: 127, content: Buffer.of(0xff) }] },
  ],
  ['the lease ends', { nowMs: 1_999, certificateUntilMs: 9_000 }, 'lease-over', { nowMs: 2_000 }],
  ['the certificate ends', { nowMs: 1_999, leaseUntilMs: 9_000 }, 'certificate-over', { nowMs: 2_000 }],
  [
    'the lease allows one sale more',
    { unreported: 4, unreportedAllowed: 5 },
    'too-many-unreported',
    { unreported: 5 },
  ],
  [
    'another card is revoked',
    { revokedCards: [cardId('C0000002')] },
    'card-blocked',
    { revokedCards: [cardId('C0000002'), CARD] },
  ],
])('until %s the till sells, and then no more', (_what, before, lock, after) => {
  expect(tillLock({ ...open, ...before })).toBeNull()
  expect(tillLock({ ...open, ...before, ...after })).toBe(lock)
})

test('a clock that waits for the centre’s time locks only where something ended by it, and says so', () => {
  const waiting = { ...open, clockWaits: true }
  expect(tillLock(waiting)).toBeNull()
  expect(tillLock({ ...waiting, leaseUntilMs: 1_000 })).toBe('clock-ahead')
  expect(tillLock({ ...waiting, certificateUntilMs: 1_000 })).toBe('clock-ahead')
  expect(tillLock({ ...waiting, unreported: 1 })).toBe('too-many-unreported')
})

test('a card that is out, another one, and one that blocked itself sell nothing', () => {
  expect(tillLock({ ...open, card: { status: 'out', id: null } })).toBe('card-out')
  // What the card process said before it was pulled out does not count.
  expect(tillLock({ ...open, card: { status: 'out', id: CARD } })).toBe('card-out')
  expect(tillLock({ ...open, card: { status: 'blocked', id: 'C0000002' } })).toBe('card-out')
  expect(tillLock({ ...open, card: { status: 'blocked', id: CARD } })).toBe('card-blocked')
})

test('only a printer that is ready or printing lets a press in', () => {
  const locks = PRINTER_STATUSES.map((printer) => [printer, tillLock({ ...open, printer })])
  expect(Object.fromEntries(locks)).toEqual({
    ready: null,
    printing: null,
    'no-paper': 'printer',
    'cover-open': 'printer',
    'not-connected': 'printer',
  })
})
