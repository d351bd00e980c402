// One turn of the terminal's side of the supply line: what is unanswered goes out again, else what is to be asked
// next, one request at a time and in sequence; the enrolment's polls too, until the terminal has a name, and beside
// the rest where it is enrolled again.

import { LineFault } from '@scratchless/keys/pinned-client'
import type { Log } from '@scratchless/program/log'
import { nowSeconds } from '@scratchless/voucher/clock'
import type { CardId } from '@scratchless/voucher/ids'
import type { RequestKind } from '@scratchless/wire/supply/answer'
import { type Notice, notices } from '@scratchless/wire/supply/notice'
import type { Standing } from '@scratchless/wire/supply/standing'
import { sellableStock, shelves } from '../safe/safe-run.sql.ts'
import { stockLevel } from '../safe/stock-level.ts'
import { unsent } from '../sale/report.sql.ts'
import { countInDoubt, countUnreported } from '../sale/sale.sql.ts'
import { type AlarmFacts, alarmsToTell, noteAlarms } from './alarms.ts'
import { askCardLetter, type LackingLetter } from './ask-card-letter.ts'
import { askCatalogue, heldCatalogue } from './ask-catalogue.ts'
import { askRenewal } from './ask-renewal.ts'
import { askSettings, heldSettings, minimumOf } from './ask-settings.ts'
import { askStatus } from './ask-status.ts'
import { enrolledBytes, getSettings, getStanding } from './centre-word.sql.ts'
import { stateReportedMs } from './device.sql.ts'
import { type EnrolNeeds, poll } from './enrol.ts'
import { enrolmentIn } from './enrolment.sql.ts'
import { type ExchangeNeeds, exchange } from './exchange.ts'
import { identityOf } from './identity.ts'
import { lackingLetter } from './lacking-letter.ts'
import { nextRequest } from './next-request.ts'
import { reportingRule } from './reporting-rule.ts'
import { askedRequests, lastAskedMs, type StoredRequest, statusWasAsked } from './request.sql.ts'
import { sendSalesReport } from './send-sales-report.ts'
import { type Machine, sendStateReport } from './send-state-report.ts'
import { sendSupplyOrder } from './send-supply-order.ts'
import { sendSupplyReceipt } from './send-supply-receipt.ts'
import { spokenLevel } from './spoken-level.ts'
import { firstOrderIn, orderBySequence } from './supply-order.sql.ts'

export interface TurnNeeds extends EnrolNeeds {
  readonly log: Log
  /** The inserted card of whoever is signed in. */
  readonly card: () => CardId | null
  /** Printer and card as they are now; absent: nobody looks at them. */
  readonly machine?: () => Pick<Machine, 'printer' | 'card'>
  /** Below so many codes a product is low. */
  readonly minimumStock?: number
  /** After how many sales or seconds to report, where the shop does not say. */
  readonly reporting?: { readonly sales: number; readonly seconds: number }
}

/** `not-taken`: an answer that proves nothing, or one over which people have to look. `enrolling`: no name yet. */
export type Turn = 'nothing-to-ask' | 'taken' | 'not-taken' | 'enrolled' | 'enrolling'

export const ENROLMENT_POLL_MS = 5_000
/** Several times a day. */
const STATE_KEEPS_MS = 4 * 3_600_000
/** A certificate is renewed in the last third of its ninety days. */
const RENEW_BEFORE_END_MS = 30 * 86_400_000

const NO_CARD = { status: 'out', id: null, triesLeft: 0 } as const

function saysNotice(standing: Standing, name: Notice['notice']): boolean {
  const said = notices.read(standing.notices)
  return said !== 'update-needed' && said.some(({ notice }) => notice === name)
}

function nameOf({ epoch, card }: LackingLetter): string {
  return `${epoch} ${card}`
}

/** Turns of one life of the program. A turn throws a LineFault where no answer came. */
export function createTurns(needs: TurnNeeds): () => Promise<Turn> {
  const { store, log } = needs
  let identity = identityOf(store, needs.deviceKeys)
  // What an earlier life of this program may have sent: the answer may be as old.
  const sent = new Set(askedRequests(store).map(({ sequence }) => sequence))

  // Letters that the centre said are none, while this card is in and the centre has no newer one; and the last asked.
  let askedInVain:
    | { readonly card: CardId | null; readonly letter: number; readonly letters: Set<string> }
    | undefined
  let lastLetter: LackingLetter | undefined

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

  const startedAtMs = needs.clock.nowMs()
  let failures = 0
  let inSession = false
  const carrier = needs.line.carrier ?? 'https'
  const machine = needs.machine ?? (() => ({ printer: 'ready', card: NO_CARD }) as const)

  async function turn(): Promise<Turn> {
    try {
      const done = await oneTurn()
      inSession = done === 'taken'
      return done
    } catch (problem) {
      inSession = false
      if (problem instanceof LineFault) failures++
      throw problem
    }
  }

  async function oneTurn(): Promise<Turn> {
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
      if (outcome.refusal !== undefined && request.kind === 'card-letter-request') noteInVain()
      const isTooHigh = outcome.refusal === 'not-understood' && spokenLevel(store) < request.level
      if (outcome.refusal === 'not-offered' || (outcome.refusal === 'not-understood' && !isTooHigh))
        notOffered.add(request.kind)
      log.info({ sequence: request.sequence, kind: request.kind, answer: outcome.answer }, 'answered')
      return 'taken'
    }
    sent.add(request.sequence)
    log.warn({ sequence: request.sequence, kind: request.kind, ...outcome }, 'no answer that can be taken')
    return 'not-taken'
  }

  function noteInVain(): void {
    const { letter } = getStanding(store)!
    const card = needs.card()
    if (askedInVain?.card !== card || askedInVain.letter !== letter)
      askedInVain = { card, letter, letters: new Set() }
    if (lastLetter !== undefined) askedInVain.letters.add(nameOf(lastLetter))
  }

  function letterToAsk(standing: Standing, orderWaiting: boolean, nowMs: number): LackingLetter | null {
    const card = needs.card()
    if (askedInVain?.card !== card || askedInVain.letter !== standing.letter) askedInVain = undefined
    const today = new Date(nowMs).toISOString().slice(0, 10)
    const lacking = lackingLetter(store, { card, orderWaiting, letter: standing.letter, today })
    return lacking !== null && askedInVain?.letters.has(nameOf(lacking)) ? null : lacking
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

  /** Half of what may stay unreported is enough, whatever the rule says. */
  function reportingOf(standing: Standing) {
    const { sales, afterMs } = reportingRule(
      carrier,
      needs.reporting ?? null,
      getSettings(store)?.reporting ?? null,
    )
    return { sales: Math.min(sales, Math.ceil(standing.unreportedSales / 2)), afterMs }
  }

  function alarmFacts(
    nowMs: number,
    standing: Standing,
    stock: ReadonlyMap<string, number>,
    unreported: number,
  ): AlarmFacts {
    const minimum = minimumOf(getSettings(store) ?? null, needs.minimumStock ?? 0)
    const levels = [...shelves(store).keys()].map(
      (product) => [product, stockLevel(stock.get(product) ?? 0, minimum(product))] as const,
    )
    return {
      ...{ nowMs, standing, unreported, levels: new Map(levels) },
      ...machine(),
      ...{ clockWaits: needs.clock.waitsForCentre(), inDoubt: countInDoubt(store) },
    }
  }

  function renewalIsDue(nowMs: number, standing: Standing): boolean {
    const { certificateUntilMs } = identity!
    if (nowMs >= certificateUntilMs || notOffered.has('renewal-request')) return false
    if (enrolmentIn(store, 'waiting') !== undefined) return false
    if (nowMs >= certificateUntilMs - RENEW_BEFORE_END_MS) return true
    return saysNotice(standing, 'renew-now')
  }

  async function next(exchangeNeeds: ExchangeNeeds): Promise<StoredRequest | null> {
    const standing = getStanding(store)!
    const order = firstOrderIn(store, 'waiting')
    const delivered = firstOrderIn(store, 'delivered')
    const { sales, events, oldestMs, products } = unsent(store)
    const nowMs = needs.clock.nowMs()
    const stock = sellableStock(store, nowMs)
    const unreported = countUnreported(store)
    const tellsState = !notOffered.has('state-report')
    noteAlarms(store, alarmFacts(nowMs, standing, stock, unreported))
    const lacking = letterToAsk(standing, order !== undefined, nowMs)
    const isLastLetter =
      lacking !== null && lastLetter !== undefined && nameOf(lacking) === nameOf(lastLetter)
    const kind = nextRequest({
      nowMs,
      renewalDue: renewalIsDue(nowMs, standing),
      lastRenewalAskedMs: lastAskedMs(store, 'renewal-request'),
      clockStandsStill: needs.clock.standsStill(),
      deliveryUnreceipted: delivered !== undefined,
      letterLacking: lacking !== null,
      lastLetterAskedMs: isLastLetter ? lastAskedMs(store, 'card-letter-request') : Number.NEGATIVE_INFINITY,
      heldCatalogue: heldCatalogue(store),
      catalogueVersion: standing.catalogueVersion,
      heldSettings: heldSettings(store),
      settingsVersion: notOffered.has('settings-request') ? 0 : standing.settingsVersion,
      lastSettingsAskedMs: lastAskedMs(store, 'settings-request'),
      orderWaiting: order !== undefined,
      unsentSales: sales,
      oldestUnsentMs: oldestMs,
      unsentEvents: events,
      lastCodeUnsent: products.some((product) => !stock.has(product)),
      reporting: reportingOf(standing),
      reportNow: saysNotice(standing, 'report-now'),
      stateIsOld: tellsState && Math.abs(nowMs - stateReportedMs(store)) >= STATE_KEEPS_MS,
      alarmsToTell: tellsState && alarmsToTell(store, nowMs),
      lastStateAskedMs: tellsState ? lastAskedMs(store, 'state-report') : nowMs,
      inSession,
      lineIsCheap: carrier !== 'modem',
      standingMs: standing.timeS * 1000,
    })
    switch (kind) {
      case 'renewal-request':
        return askRenewal({ ...exchangeNeeds, deviceKeys: needs.deviceKeys })
      case 'supply-receipt':
        return sendSupplyReceipt(exchangeNeeds, delivered!)
      case 'card-letter-request':
        lastLetter = lacking!
        return askCardLetter(exchangeNeeds, lacking!)
      case 'catalogue-request':
        return askCatalogue(exchangeNeeds)
      case 'settings-request':
        return askSettings(exchangeNeeds)
      case 'sales-report':
        return sendSalesReport(exchangeNeeds)
      case 'state-report': {
        const report = sendStateReport(exchangeNeeds, { ...machine(), startedAtMs, carrier, failures })
        failures = 0
        return report
      }
      case 'supply-order':
        return sendSupplyOrder(exchangeNeeds, order!)
      default:
        return null
    }
  }

  return turn
}
