// What the terminal knows to be wrong now: each alarm stands until it is over, and a state report tells of both.

import type { Standing } from '@scratchless/wire/supply/standing'
import type { StateReport } from '@scratchless/wire/supply/state-report'
import type { StockLevel } from '../safe/stock-level.ts'
import type { Store } from '../store/connect-store.ts'
import type { PrinterStatus } from '../till/till-shapes.ts'
import { alarmEnded, beginAlarm, endAlarm, standingAlarms } from './alarm.sql.ts'

type Kind = StateReport['alarms'][number]['kind']

export interface AlarmFacts {
  readonly nowMs: number
  readonly standing: Standing
  /** By product that was ever on board. */
  readonly levels: ReadonlyMap<string, StockLevel>
  readonly printer: PrinterStatus
  readonly card: { readonly status: 'in' | 'out' | 'blocked'; readonly id: string | null }
  readonly clockWaits: boolean
  readonly unreported: number
  readonly inDoubt: number
}

/** A lease of days is renewed several times a day: one that has so little left is not. */
const LEASE_ENDS_SOON_MS = 86_400_000
/** Of ten sales that may stay unreported, so many are. */
const UNREPORTED_TENTHS = 8

/** Kind and subject of each alarm that stands. */
export function alarmsNow(facts: AlarmFacts): { kind: Kind; subject: string }[] {
  const { standing, printer, card } = facts
  const alarms: { kind: Kind; subject: string }[] = []
  const raise = (kind: Kind, holds: boolean, subject = '') => {
    if (holds) alarms.push({ kind, subject })
  }
  for (const [product, level] of facts.levels) {
    raise('low-stock', level === 'low', product)
    raise('sold-out', level === 'none', product)
  }
  raise('printer', printer === 'cover-open' || printer === 'not-connected')
  raise('paper-end', printer === 'no-paper')
  raise('card-blocked', card.status === 'blocked', card.id ?? '')
  raise('clock', facts.clockWaits)
  raise('lease-ending', standing.leaseUntilS * 1_000 - facts.nowMs < LEASE_ENDS_SOON_MS)
  raise('unreported-limit', facts.unreported * 10 >= standing.unreportedSales * UNREPORTED_TENTHS)
  raise('in-doubt-waiting', facts.inDoubt > 0)
  return alarms
}

/** Writes down what began and what is over. */
export function noteAlarms(store: Store, facts: AlarmFacts): void {
  const now = alarmsNow(facts)
  const known = standingAlarms(store)
  const isSame = (one: { kind: string; subject: string }, other: { kind: string; subject: string }) =>
    one.kind === other.kind && one.subject === other.subject
  const begun = now.filter((one) => !known.some((other) => isSame(one, other)))
  const over = known.filter((one) => !now.some((other) => isSame(one, other)))
  if (begun.length + over.length === 0) return
  store.transaction(() => {
    for (const one of begun) beginAlarm(store, { ...one, sinceMs: facts.nowMs })
    for (const { kind, subject } of over) endAlarm(store, kind, subject)
  })
}

/** A cover that is open while the roll is changed is no news. */
const NEWS_AFTER_MS = 60_000

/** One of them began a while ago, or ended, and the centre was not told. */
export function alarmsToTell(store: Store, nowMs: number): boolean {
  const isNews = ({ sinceMs, reported }: { sinceMs: number; reported: boolean }) =>
    !reported && Math.abs(nowMs - sinceMs) >= NEWS_AFTER_MS
  return alarmEnded(store) || standingAlarms(store).some(isNews)
}
