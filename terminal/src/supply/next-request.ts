// What the terminal asks next, once nothing is unanswered.

import type { RequestKind } from '@scratchless/wire/supply/answer'

export interface SupplyState {
  readonly nowMs: number
  /** By this clock no pause would ever end; what is sent meanwhile brings the time that sets it right. */
  readonly clockStandsStill: boolean
  /** The certificate nears its end, or the centre wants it renewed now. */
  readonly renewalDue: boolean
  readonly lastRenewalAskedMs: number
  /** A delivery is in the safe and its receipt not made. */
  readonly deliveryUnreceipted: boolean
  /** The numbers of the newest letter held, and of the one that the centre's standing says to hold. */
  readonly heldLetter: number
  readonly letter: number
  /** Somebody is signed in with a card: he wants the newest letter. */
  readonly cardIsIn: boolean
  /** His card lacks a letter of the newest epoch: one of them may be new. */
  readonly cardLacksLetter: boolean
  /** The centre said in this session that no card of the shop is registered: a person must see to that first. */
  readonly shopHasNoCard: boolean
  readonly lastLetterAskedMs: number
  readonly heldCatalogue: number
  readonly catalogueVersion: number
  /** An order waits because the centre wants the letter first. */
  readonly orderWaiting: boolean
  readonly unsentTickets: number
  readonly newestUnsentMs: number
  readonly standingMs: number
}

/** Sales go together where they come in a row; the shop has none lying about when it rests. */
export const REPORT_AFTER_QUIET_MS = 2_000
/**
 * Or so many, however busy. A till that sells without two quiet seconds is pressed by a script: a report in between
 * would hold its presses up, and what is unreported is bounded by the lease all the same.
 */
const REPORT_AT_TICKETS = 1_000
/** A card that the centre has not registered is not asked for at every moment. */
const LETTER_AGAIN_MS = 30_000
/** Several times a day, so that a lease of days never ends while there is a line. */
const STANDING_KEEPS_MS = 4 * 3_600_000

/** A centre that refuses a renewal is not asked for it at every moment. */
const RENEWAL_AGAIN_MS = 600_000

/** Null where there is nothing to ask. In this order: what speaking needs, what is owed, what selling needs, what the shop wants. */
export function nextRequest(state: SupplyState): RequestKind | null {
  const renewedLately = apartMs(state.nowMs, state.lastRenewalAskedMs) < RENEWAL_AGAIN_MS
  if (state.renewalDue && !renewedLately) return 'renewal-request'
  if (state.deliveryUnreceipted) return 'supply-receipt'
  // Before anybody sells, a letter is of no use; an order alone wants it so that the centre has a safe key to close with.
  const isNewer = state.letter > state.heldLetter
  const letterWanted =
    !state.shopHasNoCard && (state.cardLacksLetter || (isNewer && (state.cardIsIn || state.orderWaiting)))
  const askedLately = apartMs(state.nowMs, state.lastLetterAskedMs) < LETTER_AGAIN_MS
  if (letterWanted && !askedLately) return 'card-letter-request'
  if (state.catalogueVersion > state.heldCatalogue) return 'catalogue-request'
  const quiet = state.clockStandsStill || apartMs(state.nowMs, state.newestUnsentMs) >= REPORT_AFTER_QUIET_MS
  if (state.unsentTickets > 0 && (state.orderWaiting || quiet || state.unsentTickets >= REPORT_AT_TICKETS))
    return 'sales-report'
  const standingIsOld = state.nowMs - state.standingMs > STANDING_KEEPS_MS
  // An order says by this clock when it ends: one that may be far ahead is set right first.
  if (standingIsOld && state.clockStandsStill) return 'catalogue-request'
  if (state.orderWaiting) return 'supply-order'
  if (standingIsOld) return 'catalogue-request'
  return null
}

/** A moment that lies ahead was noted before the clock was set right: it is as far off as one that has passed. */
function apartMs(nowMs: number, notedMs: number): number {
  return Math.abs(nowMs - notedMs)
}
