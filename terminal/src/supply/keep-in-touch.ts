// The terminal's side of the supply line, in one loop: first what is unanswered, then what is to be asked next,
// one request at a time and in sequence. It polls for the enrolment too, until the terminal has a name.

import { LineFault } from '@scratchless/keys/pinned-client'
import type { Log } from '@scratchless/program/log'
import { nowSeconds } from '@scratchless/voucher/clock'
import type { CardId } from '@scratchless/voucher/ids'
import { randomBytes } from '@scratchless/voucher/random'
import { unsent } from '../sale/report.sql.ts'
import type { LineStatus } from '../till/till-view.ts'
import { askCardLetter } from './ask-card-letter.ts'
import { askCatalogue } from './ask-catalogue.ts'
import { askStatus } from './ask-status.ts'
import { cardLetterFor, newestLetterEpoch } from './card-letter.sql.ts'
import { getCatalogue, getStanding } from './centre-word.sql.ts'
import { type EnrolNeeds, poll } from './enrol.ts'
import { openEnrolmentOf } from './enrolment.sql.ts'
import { type ExchangeNeeds, exchange } from './exchange.ts'
import { identityOf } from './identity.ts'
import { nextRequest, REPORT_AFTER_QUIET_MS } from './next-request.ts'
import { askedRequests, lastAskedMs, type StoredRequest, statusWasAsked } from './request.sql.ts'
import { sendSalesReport } from './send-sales-report.ts'
import { sendSupplyOrder } from './send-supply-order.ts'
import { sendSupplyReceipt } from './send-supply-receipt.ts'
import { firstOrderIn, orderBySequence } from './supply-order.sql.ts'

export interface TouchNeeds extends EnrolNeeds {
  readonly log: Log
  /** The inserted card of whoever is signed in. */
  readonly card: () => CardId | null
  /** Something on the screen is old. */
  readonly changed: () => void
}

export interface SupplyLine {
  /** There may be something to ask: look now, and do not wait out a pause. */
  wake(): void
  status(): LineStatus
  stop(): Promise<void>
}

const FIRST_RETRY_MS = 2_000
const LONGEST_RETRY_MS = 300_000
const ENROLMENT_POLL_MS = 5_000
/** How often the loop looks for what time alone brings: a quiet till's report, a standing grown old. */
const IDLE_MS = REPORT_AFTER_QUIET_MS / 2

export function keepInTouch(needs: TouchNeeds): SupplyLine {
  const { store, log, random } = needs
  let stopped = false
  let status: LineStatus = 'offline'
  let retryMs = FIRST_RETRY_MS
  let identity = identityOf(store, needs.deviceKey)
  // What an earlier life of this program may have sent: the answer may be as old.
  const sent = new Set(askedRequests(store).map(({ sequence }) => sequence))
  let wakeUp: () => void = () => undefined
  let woken = false

  /** Until `ms` have passed or somebody wakes the loop. */
  function rest(ms: number): Promise<void> {
    if (woken || stopped) {
      woken = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      function done() {
        clearTimeout(timer)
        wakeUp = () => undefined
        woken = false
        resolve()
      }
      wakeUp = done
    })
  }

  function setStatus(next: LineStatus): void {
    if (next === status) return
    status = next
    needs.changed()
  }

  /** Doubling to five minutes, varied by a quarter, so that a thousand terminals do not come back in one second. */
  function pauseMs(): number {
    const quarter = randomBytes(random, 1)[0]! / 255 / 2 - 0.25
    const ms = retryMs * (1 + quarter)
    retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)
    return ms
  }

  async function turn(): Promise<number> {
    if (identity === null) return enrolmentTurn()
    const exchangeNeeds: ExchangeNeeds = { ...needs, identity }
    const request = unanswered(exchangeNeeds) ?? next(exchangeNeeds)
    if (request === null) return IDLE_MS
    const outcome = await exchange(exchangeNeeds, request, sent.has(request.sequence)).catch((problem) => {
      sent.add(request.sequence)
      throw problem
    })
    setStatus('online')
    if (outcome.outcome === 'taken') {
      log.info({ sequence: request.sequence, kind: request.kind, answer: outcome.answer }, 'answered')
      retryMs = FIRST_RETRY_MS
      needs.changed()
      return 0
    }
    sent.add(request.sequence)
    log.warn({ sequence: request.sequence, kind: request.kind, ...outcome }, 'no answer that can be taken')
    needs.changed()
    return pauseMs()
  }

  async function enrolmentTurn(): Promise<number> {
    const enrolment = openEnrolmentOf(store, 'waiting')
    if (enrolment === undefined) {
      identity = identityOf(store, needs.deviceKey)
      return identity === null ? IDLE_MS : 0
    }
    const outcome = await poll(needs, enrolment)
    setStatus('online')
    if (outcome !== 'waiting') needs.changed()
    identity = identityOf(store, needs.deviceKey)
    return outcome === 'enrolled' ? 0 : ENROLMENT_POLL_MS
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
    const order = firstOrderIn(store, 'waiting')
    const delivered = firstOrderIn(store, 'delivered')
    const heldEpoch = newestLetterEpoch(store)
    const { sales, events, newestMs } = unsent(store)
    const kind = nextRequest({
      nowMs: needs.clock.nowMs(),
      deliveryUnreceipted: delivered !== undefined,
      heldEpoch,
      epoch: standing.epoch,
      cardLacksLetter: card !== null && cardLetterFor(store, standing.epoch, card) === undefined,
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

  async function run(): Promise<void> {
    while (!stopped) {
      let pause: number
      try {
        pause = await turn()
      } catch (problem) {
        if (problem instanceof LineFault) log.warn({ problem: problem.message }, 'the centre was not reached')
        else log.error({ err: problem }, 'the supply line broke')
        setStatus('offline')
        pause = pauseMs()
      }
      if (pause > 0) await rest(pause)
    }
  }

  const running = run()
  return {
    wake() {
      woken = true
      retryMs = FIRST_RETRY_MS
      wakeUp()
    },
    status: () => status,
    stop() {
      stopped = true
      wakeUp()
      needs.line.close()
      return running
    },
  }
}
