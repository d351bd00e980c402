// What the terminal asks next, once nothing is unanswered.

import type { RequestKind } from '@scratchless/wire/supply/answer'
import type { ReportingRule } from './reporting-rule.ts'

export interface SupplyState {
  readonly nowMs: number
  /** By this clock no pause would ever end; what is sent meanwhile brings the time that sets it right. */
  readonly clockStandsStill: boolean
  /** The certificate nears its end, or the centre wants it renewed now. */
  readonly renewalDue: boolean
  readonly lastRenewalAskedMs: number
  /** A delivery is in the safe and its receipt not made. */
  readonly deliveryUnreceipted: boolean
  /** A letter that somebody needs now, and that the centre has not refused in this session. */
  readonly letterLacking: boolean
  /** When just that letter was asked for last. */
  readonly lastLetterAskedMs: number
  readonly heldCatalogue: number
  readonly catalogueVersion: number
  /** The version of the settings held, and the one that the standing says to hold; 0: none. */
  readonly heldSettings: number
  readonly settingsVersion: number
  readonly lastSettingsAskedMs: number
  /** An order waits because the centre wants the letter first. */
  readonly orderWaiting: boolean
  /** Sales in no report, and when the oldest of them was made. */
  readonly unsentSales: number
  readonly oldestUnsentMs: number
  /** What happened to single tickets, in no report. */
  readonly unsentEvents: number
  /** The last code of a product was sold, and no report says so. */
  readonly lastCodeUnsent: boolean
  readonly reporting: ReportingRule
  /** The centre asks for sales and state now. */
  readonly reportNow: boolean
  /** Hours have passed since the last state report; or an alarm began or ended. */
  readonly stateIsOld: boolean
  readonly alarmsToTell: boolean
  readonly lastStateAskedMs: number
  /** A request was answered just now: another one costs no call. */
  readonly inSession: boolean
  /** What is asked costs no call anyway. */
  readonly lineIsCheap: boolean
  readonly standingMs: number
}

/** A centre that goes on asking for a report is not told at every moment. */
const STATE_AGAIN_MS = 60_000
/** A centre that answers with a letter that lacks the card is not asked for it at every moment. */
const LETTER_AGAIN_MS = 30_000
/** Several times a day, so that a lease of days never ends while there is a line. */
const STANDING_KEEPS_MS = 4 * 3_600_000

/** A centre that says that there are newer settings and does not give them is not asked at every moment. */
const SETTINGS_AGAIN_MS = 30_000
/** A centre that refuses a renewal is not asked for it at every moment. */
const RENEWAL_AGAIN_MS = 600_000

/** Null where there is nothing to ask. In this order: what speaking needs, what is owed, what selling needs, what the shop wants. */
export function nextRequest(state: SupplyState): RequestKind | null {
  const renewedLately = apartMs(state.nowMs, state.lastRenewalAskedMs) < RENEWAL_AGAIN_MS
  if (state.renewalDue && !renewedLately) return 'renewal-request'
  if (state.deliveryUnreceipted) return 'supply-receipt'
  const askedLately = apartMs(state.nowMs, state.lastLetterAskedMs) < LETTER_AGAIN_MS
  if (state.letterLacking && !askedLately) return 'card-letter-request'
  if (state.catalogueVersion > state.heldCatalogue) return 'catalogue-request'
  const settingsAskedLately = apartMs(state.nowMs, state.lastSettingsAskedMs) < SETTINGS_AGAIN_MS
  if (state.settingsVersion > state.heldSettings && !settingsAskedLately) return 'settings-request'
  if (isReportDue(state)) return 'sales-report'
  const standingIsOld = state.nowMs - state.standingMs > STANDING_KEEPS_MS
  // An order says by this clock when it ends: one that may be far ahead is set right first.
  if (standingIsOld && state.clockStandsStill) return 'catalogue-request'
  if (state.orderWaiting) return 'supply-order'
  if (isStateDue(state)) return 'state-report'
  if (standingIsOld) return 'catalogue-request'
  return null
}

/** Together where it is cheaper; at once where somebody may wait for it. */
function isReportDue(state: SupplyState): boolean {
  if (state.unsentEvents > 0) return true
  if (state.unsentSales === 0) return false
  if (state.orderWaiting || state.lastCodeUnsent || state.reportNow || state.clockStandsStill) return true
  const { sales, afterMs } = state.reporting
  return state.unsentSales >= sales || apartMs(state.nowMs, state.oldestUnsentMs) >= afterMs
}

/** It rides with another message; an alarm goes by itself where that costs no call. */
function isStateDue(state: SupplyState): boolean {
  if (state.reportNow && apartMs(state.nowMs, state.lastStateAskedMs) >= STATE_AGAIN_MS) return true
  if (state.inSession && (state.stateIsOld || state.alarmsToTell)) return true
  return state.lineIsCheap && state.alarmsToTell
}

/** A moment that lies ahead was noted before the clock was set right: it is as far off as one that has passed. */
function apartMs(nowMs: number, notedMs: number): number {
  return Math.abs(nowMs - notedMs)
}
