// The open till: what the routes ask of, held together. One sale at a time, because there is one printer.

import type { Log } from '@scratchless/program/log'
import type { PrivateLine } from '@scratchless/program/private-line'
import type { CardId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { Random } from '@scratchless/voucher/random'
import { type Catalogue, priceAt } from '@scratchless/wire/supply/catalogue'
import type { Standing } from '@scratchless/wire/supply/standing'
import type { CardState, CardVerbs } from '../card/card-verbs.ts'
import type { Config } from '../config.ts'
import type { CentreLine } from '../line/centre-line.ts'
import { expiryOf } from '../safe/safe-run.sql.ts'
import type { StoredSale } from '../sale/sale.sql.ts'
import type { SaleForm } from '../sale/sales-contract.ts'
import { type SellRefusal, sell } from '../sale/sell.ts'
import type { Store } from '../store/connect-store.ts'
import { getCatalogue, getStanding } from '../supply/centre-word.sql.ts'
import type { DeviceKeys } from '../supply/device-keys.ts'
import { type Identity, identityOf } from '../supply/identity.ts'
import { keepInTouch, type SupplyLine } from '../supply/keep-in-touch.ts'
import type { TerminalClock } from '../supply/terminal-clock.ts'
import type { PrinterLink } from '../ticket/printer-link.ts'
import { ticketFactsOf } from '../ticket/ticket-facts.sql.ts'
import { ticketFacts } from '../ticket/ticket-facts.ts'
import { type TicketTemplate, ticketTemplate } from '../ticket/ticket-template.ts'
import { createSessions, type Sessions, type VendorSession } from '../vendors/sessions.ts'
import { createTries, type Tries } from '../vendors/sign-in.ts'
import { saleView } from './sale-view.ts'
import { createTillEvents, type TillEvents } from './till-events.ts'
import type { CardStatus, PrinterStatus, SaleView, TillEvent } from './till-shapes.ts'

interface TillNeeds {
  readonly store: Store
  readonly log: Log
  readonly clock: TerminalClock
  readonly random: Random
  readonly deviceKeys: DeviceKeys
  readonly line: CentreLine
  readonly card: PrivateLine<CardVerbs>
  readonly printer: PrinterLink
  readonly locale: Config['locale']
  readonly columns: Config['printer']['columns']
  readonly minimumStock: number
  /** After how many sales or seconds to report, where the shop does not say; absent: by the line. */
  readonly reporting?: Config['reporting']
}

/** What the centre said, as the till works with it. */
interface Word {
  readonly identity: Identity
  readonly standing: Standing
  readonly catalogue: Catalogue | null
}

export interface Till extends TillNeeds {
  readonly events: TillEvents
  readonly sessions: Sessions
  readonly tries: Tries
  readonly supply: SupplyLine
  /** Null while the terminal is not enrolled. */
  word(): Word | null
  cardState(): { readonly status: CardStatus; readonly id: string | null }
  printerStatus(): PrinterStatus
  view(sale: StoredSale): SaleView
  sell(session: VendorSession, form: SaleForm): Promise<StoredSale | SellRefusal>
  /** Ends the session and makes the card forget its PIN. */
  lock(): Promise<void>
  /** Looks at the card now; it is looked at every second anyway. */
  lookAtCard(): Promise<void>
  /** Lays out the tickets of whoever has just signed in. */
  prepare(): void
  stop(): Promise<void>
}

const LOOK_MS = 1_000
const NO_CARD = { status: 'out', id: null, triesLeft: 0 } as const

/** When the next of the catalogue's prices comes into force. */
function nextPriceMs(catalogue: Catalogue | null, nowMs: number): number {
  const later = (catalogue?.products ?? []).flatMap(({ prices }) =>
    prices.map(({ validFromS }) => validFromS * 1000).filter((fromMs) => fromMs > nowMs),
  )
  return Math.min(Number.POSITIVE_INFINITY, ...later)
}

export function openTill(needs: TillNeeds): Till {
  const { store, log, clock, card, printer } = needs
  const events = createTillEvents()
  const sessions = createSessions(needs.random)
  const templates = new Map<string, TicketTemplate>()
  let priceChangeMs = Number.POSITIVE_INFINITY
  let word: Word | null = null
  let cardState: { status: CardStatus; id: string | null; triesLeft: number } = NO_CARD
  let printing = false
  let saleTurn: Promise<unknown> = Promise.resolve()

  const changed = () => {
    word = null
    events.tell(() => ({ kind: 'home' }))
  }

  function currentWord(): Word | null {
    if (word !== null) return word
    const identity = identityOf(store, needs.deviceKeys)
    if (identity === null) return null
    // The catalogue may have changed, and with it every ticket.
    templates.clear()
    word = { identity, standing: getStanding(store)!, catalogue: getCatalogue(store) ?? null }
    priceChangeMs = nextPriceMs(word.catalogue, clock.nowMs())
    const session = sessions.current()
    if (session?.who === 'vendor') prepareTickets(session)
    return word
  }

  /** A price that comes into force makes another ticket. */
  function priceOf(product: ProductId, atMs: number): number | undefined {
    const line = word?.catalogue?.products.find(({ id }) => id === product)
    return line && priceAt(line, Math.floor(atMs / 1000)).priceId
  }

  function template(product: ProductId, session: VendorSession, atMs: number): TicketTemplate {
    const watched = events.watched()
    const name = `${product} ${priceOf(product, atMs)} ${session.vendor} ${watched}`
    const known = templates.get(name)
    if (known !== undefined) return known
    const { identity, catalogue } = currentWord()!
    const facts = ticketFacts(catalogue!, identity, product, session.vendor, needs.locale, atMs)!
    const made = ticketTemplate(facts, needs.columns, watched)
    templates.set(name, made)
    return made
  }

  /** All that can be laid out before a press, product by product, without keeping a press waiting. */
  function prepareTickets(session: VendorSession): void {
    const left = [...(word?.catalogue?.products ?? [])]
    const step = () => {
      const product = left.shift()
      if (product === undefined || sessions.current() !== session) return
      template(product.id, session, clock.nowMs())
      setImmediate(step)
    }
    setImmediate(step)
  }

  const view = (sale: StoredSale): SaleView => {
    const facts = sale.ticketFacts === null ? undefined : ticketFactsOf(store, sale.ticketFacts)
    return saleView(sale, { facts, expiresOn: expiryOf(store, sale.run) })
  }

  async function sellNow(session: VendorSession, form: SaleForm): Promise<StoredSale | SellRefusal> {
    const known = currentWord()
    if (known === null) return 'signed-out'
    if (known.catalogue === null) return 'unknown-product'
    const { identity, standing, catalogue } = known
    printing = true
    try {
      const outcome = await sell(
        {
          store,
          clock,
          identity,
          standing,
          catalogue,
          card,
          cardState,
          printer,
          locale: needs.locale,
          template,
          onPrinting: (sale, line, lines) => tellPrinting(sale, line, lines),
        },
        session,
        form,
      )
      if (outcome === 'card-locked') await lock()
      if (outcome === 'letter-missing' || (typeof outcome !== 'string' && outcome.state !== 'printed'))
        supply.wake()
      if (typeof outcome !== 'string') events.tell(() => ({ kind: 'sale', sale: view(outcome) }))
      return outcome
    } finally {
      printing = false
    }
  }

  /** The last mark is the cut's. */
  function tellPrinting(sale: StoredSale, mark: number, marks: number): void {
    // Laid out for nobody to watch; whoever came since sees the whole ticket at its end.
    if (marks === 1) return
    events.tell((): TillEvent => ({ kind: 'printing', sale: view(sale), line: mark, lines: marks - 1 }))
  }

  async function lock(): Promise<void> {
    sessions.end()
    events.tell(() => ({ kind: 'signed-out' }))
    try {
      await card.lock()
    } catch (problem) {
      // A card process that died has forgotten the PIN as well.
      log.warn({ problem: String(problem) }, 'the card process does not answer')
    }
  }

  async function lookAtCard(): Promise<void> {
    let state: CardState
    try {
      state = await card.state()
    } catch (problem) {
      log.warn({ problem: String(problem) }, 'the card process does not answer')
      state = { status: 'out' }
    }
    const next =
      state.status === 'out' ? NO_CARD : { status: state.status, id: state.card, triesLeft: state.triesLeft }
    const isSame = next.status === cardState.status && next.id === cardState.id
    cardState = next
    if (isSame) return
    events.tell(() => ({ kind: 'home' }))
    supply.wake()
  }

  /** A price comes into force at its second: the screens ask anew, and the tickets are laid out. */
  function lookAtPrices(): void {
    if (clock.nowMs() < priceChangeMs) return
    priceChangeMs = nextPriceMs(word?.catalogue ?? null, clock.nowMs())
    events.tell(() => ({ kind: 'home' }))
    const session = sessions.current()
    if (session?.who === 'vendor') prepareTickets(session)
  }

  /** The vendor's own card, while it is in. */
  function sellingCard(): CardId | null {
    const session = sessions.current()
    return session?.who === 'vendor' && session.card === cardState.id ? session.card : null
  }

  const supply = keepInTouch({
    ...needs,
    card: sellingCard,
    machine: () => ({ printer: printing ? 'printing' : printer.lastStatus(), card: cardState }),
    changed,
  })
  let looking: ReturnType<typeof setTimeout>
  let stopped = false
  const look = async () => {
    await lookAtCard()
    // A roll that was changed unlocks the till without a press.
    if (!printing) await printer.status()
    lookAtPrices()
    if (!stopped) looking = setTimeout(look, Math.min(LOOK_MS, Math.max(1, priceChangeMs - clock.nowMs())))
  }
  void look()

  return {
    ...needs,
    events,
    sessions,
    tries: createTries(() => performance.now()),
    supply,
    word: currentWord,
    cardState: () => cardState,
    printerStatus: () => (printing ? 'printing' : printer.lastStatus()),
    view,
    sell(session, form) {
      const mine = saleTurn.then(() => sellNow(session, form))
      saleTurn = mine.catch(() => undefined)
      return mine
    },
    lock,
    lookAtCard,
    prepare() {
      const session = sessions.current()
      if (session?.who === 'vendor' && currentWord() !== null) prepareTickets(session)
    },
    async stop() {
      stopped = true
      clearTimeout(looking)
      sessions.end()
      // A ticket that is printing gets its end, within the time a stopping program has.
      await saleTurn
      await supply.stop()
      events.close()
      printer.close()
    },
  }
}
