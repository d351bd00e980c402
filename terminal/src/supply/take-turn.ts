// One turn of the terminal's side of the supply line: what is unanswered goes out again, else what is to be asked
// next, one request at a time and in sequence; the enrolment's polls too, until the terminal has a name, and beside
// the rest where it is enrolled again.

import type { Log } from '@scratchless/program/log'
import { nowSeconds } from '@scratchless/voucher/clock'
import type { CardId } from '@scratchless/voucher/ids'
import type { RequestKind } from '@scratchless/wire/supply/answer'
import { notices } from '@scratchless/wire/supply/notice'
import type { Standing } from '@scratchless/wire/supply/standing'
import { unsent } from '../sale/report.sql.ts'
import { askCardLetter } from './ask-card-letter.ts'
import { askCatalogue } from './ask-catalogue.ts'
import { askRenewal } from './ask-renewal.ts'
import { askStatus } from './ask-status.ts'
import { cardLetterFor, newestLetterEpoch } from './card-letter.sql.ts'
import { enrolledBytes, getCatalogue, getStanding } from './centre-word.sql.ts'
import { heldLetter } from './device.sql.ts'
import { type EnrolNeeds, poll } from './enrol.ts'
import { enrolmentIn } from './enrolment.sql.ts'
import { type ExchangeNeeds, exchange } from './exchange.ts'
import { identityOf } from './identity.ts'
import { nextRequest } from './next-request.ts'
import { askedRequests, lastAskedMs, type StoredRequest, statusWasAsked } from './request.sql.ts'
import { sendSalesReport } from './send-sales-report.ts'
import { sendSupplyOrder } from './send-supply-order.ts'
import { sendSupplyReceipt } from './send-supply-receipt.ts'
import { firstOrderIn, orderBySequence } from './supply-order.sql.ts'

export interface TurnNeeds extends EnrolNeeds {
  readonly log: Log
  /** The inserted card of whoever is signed in. */
  readonly card: () => CardId | null
}

/** `not-taken`: an answer that proves nothing, or one over which people have to look. `enrolling`: no name yet. */
export type Turn = 'nothing-to-ask' | 'taken' | 'not-taken' | 'enrolled' | 'enrolling'

export const ENROLMENT_POLL_MS = 5_000
/** A certificate is renewed in the last third of its ninety days. */
const RENEW_BEFORE_END_MS = 30 * 86_400_000

/** Turns of one life of the program. A turn throws a LineFault where no answer came. */
export function createTurns(needs: TurnNeeds): () => Promise<Turn> {
  const { store, log } = needs
  let identity = identityOf(store, needs.deviceKeys)
  // What an earlier life of this program may have sent: the answer may be as old.
  const sent = new Set(askedRequests(store).map(({ sequence }) => sequence))

  // Whose session it was, nobody's too, in which the centre said that the shop has no card: it is not asked again in it.
  let askedInVain: CardId | null | undefined

  let known = enrolledBytes(store)
  let polledMs = Number.NEGATIVE_INFINITY
  // What the centre does not do, or does not know: it is asked again by the next life of this program.
  const notOffered = new Set<RequestKind>()

  /** By a renewal, or by an enrolment that the centre had approved before it was asked for. */
  function someoneElse(): boolean {
    const enrolled = enrolledBytes(store)
    if (enrolled === undefined || (known !== undefined && Buffer.compare(known, enrolled) === 0)) return false
    known = enrolled
    identity = identityOf(store, needs.deviceKeys)
    return true
  }

  async function turn(): Promise<Turn> {
    if (someoneElse()) return 'enrolled'
    if (identity === null) return enrolmentTurn()
    if (performance.now() - polledMs >= ENROLMENT_POLL_MS && enrolmentIn(store, 'waiting') !== undefined) {
      polledMs = performance.now()
      if ((await enrolmentTurn()) === 'enrolled') return 'enrolled'
    }
    const exchangeNeeds: ExchangeNeeds = { ...needs, identity }
    const request = unanswered(exchangeNeeds) ?? (await next(exchangeNeeds))
    if (request === null) return 'nothing-to-ask'
    const outcome = await exchange(exchangeNeeds, request, sent.has(request.sequence)).catch((problem) => {
      sent.add(request.sequence)
      throw problem
    })
    if (outcome.outcome === 'taken') {
      if (outcome.refusal === 'no-card') askedInVain = needs.card()
      if (outcome.refusal === 'not-offered' || outcome.refusal === 'not-understood')
        notOffered.add(request.kind)
      log.info({ sequence: request.sequence, kind: request.kind, answer: outcome.answer }, 'answered')
      return 'taken'
    }
    sent.add(request.sequence)
    log.warn({ sequence: request.sequence, kind: request.kind, ...outcome }, 'no answer that can be taken')
    return 'not-taken'
  }

  async function enrolmentTurn(): Promise<Turn> {
    const enrolment = enrolmentIn(store, 'waiting')
    if (enrolment === undefined) return 'nothing-to-ask'
    const outcome = await poll(needs, enrolment)
    someoneElse()
    return outcome === 'enrolled' ? 'enrolled' : 'enrolling'
  }

  function unanswered(exchangeNeeds: ExchangeNeeds): StoredRequest | null {
    const [oldest, newer] = askedRequests(store)
    if (oldest === undefined) return null
    const expiresAtS = orderBySequence(store, oldest.sequence)?.expiresAtS ?? null
    if (expiresAtS === null || nowSeconds(needs.clock) < expiresAtS) return oldest
    if (newer !== undefined) return newer
    // An answered status request said that the order is known: then its own stored answer comes.
    return statusWasAsked(store, oldest.sequence) ? oldest : askStatus(exchangeNeeds, oldest.sequence)
  }

  function renewalIsDue(nowMs: number, standing: Standing): boolean {
    const { certificateUntilMs } = identity!
    if (nowMs >= certificateUntilMs || notOffered.has('renewal-request')) return false
    if (enrolmentIn(store, 'waiting') !== undefined) return false
    if (nowMs >= certificateUntilMs - RENEW_BEFORE_END_MS) return true
    const said = notices.read(standing.notices)
    return said !== 'update-needed' && said.some(({ notice }) => notice === 'renew-now')
  }

  async function next(exchangeNeeds: ExchangeNeeds): Promise<StoredRequest | null> {
    const standing = getStanding(store)!
    const card = needs.card()
    if (card !== askedInVain) askedInVain = undefined
    const order = firstOrderIn(store, 'waiting')
    const delivered = firstOrderIn(store, 'delivered')
    const { sales, events, newestMs } = unsent(store)
    const nowMs = needs.clock.nowMs()
    const kind = nextRequest({
      nowMs,
      renewalDue: renewalIsDue(nowMs, standing),
      lastRenewalAskedMs: lastAskedMs(store, 'renewal-request'),
      clockStandsStill: needs.clock.standsStill(),
      deliveryUnreceipted: delivered !== undefined,
      heldLetter: heldLetter(store),
      letter: standing.letter,
      cardIsIn: card !== null,
      cardLacksLetter: card !== null && cardLetterFor(store, newestLetterEpoch(store), card) === undefined,
      shopHasNoCard: card === askedInVain,
      lastLetterAskedMs: lastAskedMs(store, 'card-letter-request'),
      heldCatalogue: getCatalogue(store)?.version ?? 0,
      catalogueVersion: standing.catalogueVersion,
      orderWaiting: order !== undefined,
      unsentTickets: sales + events,
      newestUnsentMs: newestMs,
      standingMs: standing.timeS * 1000,
    })
    switch (kind) {
      case 'renewal-request':
        return askRenewal({ ...exchangeNeeds, deviceKeys: needs.deviceKeys })
      case 'supply-receipt':
        return sendSupplyReceipt(exchangeNeeds, delivered!)
      case 'card-letter-request':
        return askCardLetter(exchangeNeeds)
      case 'catalogue-request':
        return askCatalogue(exchangeNeeds)
      case 'sales-report':
        return sendSalesReport(exchangeNeeds)
      case 'supply-order':
        return sendSupplyOrder(exchangeNeeds, order!)
      default:
        return null
    }
  }

  return turn
}
