// One turn of the terminal's side of the supply line: what is unanswered goes out again, else what is to be asked
// next, one request at a time and in sequence; the enrolment's polls too, until the terminal has a name.

import type { Log } from '@scratchless/program/log'
import { nowSeconds } from '@scratchless/voucher/clock'
import type { CardId } from '@scratchless/voucher/ids'
import { unsent } from '../sale/report.sql.ts'
import { askCardLetter } from './ask-card-letter.ts'
import { askCatalogue } from './ask-catalogue.ts'
import { askStatus } from './ask-status.ts'
import { cardLetterFor, newestLetterEpoch } from './card-letter.sql.ts'
import { getCatalogue, getStanding } from './centre-word.sql.ts'
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

/** Turns of one life of the program. A turn throws a LineFault where no answer came. */
export function createTurns(needs: TurnNeeds): () => Promise<Turn> {
  const { store, log } = needs
  let identity = identityOf(store, needs.deviceKey)
  // What an earlier life of this program may have sent: the answer may be as old.
  const sent = new Set(askedRequests(store).map(({ sequence }) => sequence))

  // Whose session it was, nobody's too, in which the centre said that the shop has no card: it is not asked again in it.
  let askedInVain: CardId | null | undefined

  async function turn(): Promise<Turn> {
    if (identity === null) return enrolmentTurn()
    const exchangeNeeds: ExchangeNeeds = { ...needs, identity }
    const request = unanswered(exchangeNeeds) ?? next(exchangeNeeds)
    if (request === null) return 'nothing-to-ask'
    const outcome = await exchange(exchangeNeeds, request, sent.has(request.sequence)).catch((problem) => {
      sent.add(request.sequence)
      throw problem
    })
    if (outcome.outcome === 'taken') {
      if (outcome.refusal === 'no-card') askedInVain = needs.card()
      log.info({ sequence: request.sequence, kind: request.kind, answer: outcome.answer }, 'answered')
      return 'taken'
    }
    sent.add(request.sequence)
    log.warn({ sequence: request.sequence, kind: request.kind, ...outcome }, 'no answer that can be taken')
    return 'not-taken'
  }

  async function enrolmentTurn(): Promise<Turn> {
    const enrolment = enrolmentIn(store, 'waiting')
    if (enrolment === undefined) {
      identity = identityOf(store, needs.deviceKey)
      return identity === null ? 'nothing-to-ask' : 'enrolled'
    }
    const outcome = await poll(needs, enrolment)
    identity = identityOf(store, needs.deviceKey)
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

  function next(exchangeNeeds: ExchangeNeeds): StoredRequest | null {
    const standing = getStanding(store)!
    const card = needs.card()
    if (card !== askedInVain) askedInVain = undefined
    const order = firstOrderIn(store, 'waiting')
    const delivered = firstOrderIn(store, 'delivered')
    const { sales, events, newestMs } = unsent(store)
    const kind = nextRequest({
      nowMs: needs.clock.nowMs(),
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
