// Step 14 of the way of a code: one press, at most one code, one ticket. What each moment leaves behind when the
// power fails there:
//
//   14.1 the printer is asked        nothing
//   14.2 the intent is saved         in doubt: a person looks at the paper
//   14.3 the card is asked           in doubt
//   14.4 the code is opened          in doubt
//   14.5 the ticket is streamed, its buffer zeroed (first byte, half, last byte)    in doubt
//   14.6 "printed" is saved          sold
//
// Where the program itself lives to see that nothing was opened, the intent is withdrawn and the code stays.

import { createSecretKey } from 'node:crypto'
import type { PrivateLine } from '@scratchless/program/private-line'
import { PrivateLineFault, PrivateLineLost } from '@scratchless/program/private-line'
import { money } from '@scratchless/voucher/money'
import type { ProductId } from '@scratchless/voucher/product'
import type { SealedCode } from '@scratchless/voucher/sealed-code'
import { wipeableBytes } from '@scratchless/voucher/wipeable-bytes'
import { type CodeContext, openCode } from '@scratchless/wire/seal/code-box'
import { type Catalogue, priceAt } from '@scratchless/wire/supply/catalogue'
import type { Standing } from '@scratchless/wire/supply/standing'
import type { CardVerbs, KeyRefusal } from '../card/card-verbs.ts'
import { moveCursor, type NextCode, nextCode, stepBack } from '../safe/safe-run.sql.ts'
import type { Store } from '../store/connect-store.ts'
import { barAgain } from '../supply/ask-settings.ts'
import { cardLetterFor } from '../supply/card-letter.sql.ts'
import type { Identity } from '../supply/identity.ts'
import { stopOf } from '../supply/stop.sql.ts'
import type { TerminalClock } from '../supply/terminal-clock.ts'
import type { PrinterLink } from '../ticket/printer-link.ts'
import { type TicketFacts, ticketFields } from '../ticket/ticket-content.ts'
import { keepTicketFacts } from '../ticket/ticket-facts.sql.ts'
import type { TicketTemplate } from '../ticket/ticket-template.ts'
import type { TillLock } from '../till/till-shapes.ts'
import type { VendorSession } from '../vendors/sessions.ts'
import {
  countInDoubt,
  countUnreported,
  endIntent,
  type Intent,
  insertEvent,
  insertIntent,
  nextTicketNumber,
  type StoredSale,
  saleById,
  withdrawIntent,
} from './sale.sql.ts'
import type { SaleForm, SaleRefusal } from './sales-contract.ts'
import { tillLock } from './till-lock.ts'

export interface SellNeeds {
  readonly store: Store
  readonly clock: TerminalClock
  readonly identity: Identity
  readonly standing: Standing
  readonly catalogue: Catalogue
  readonly card: PrivateLine<CardVerbs>
  /** What the card process said last. */
  readonly cardState: { readonly status: 'in' | 'out' | 'blocked'; readonly id: string | null }
  readonly printer: PrinterLink
  readonly locale: 'fr' | 'en'
  /** The ticket of a product as this vendor sells it at this moment's price, laid out before. */
  readonly template: (product: ProductId, session: VendorSession, atMs: number) => TicketTemplate
  /** The ticket's line `mark` of `marks` has been printed. */
  readonly onPrinting: (sale: StoredSale, mark: number, marks: number) => void
}

/** A refusal leaves everything as it was; `card-locked` asks for the PIN again. */
export type SellRefusal = SaleRefusal | 'card-locked'

/** A person settles a doubt while he remembers it; more than this many at once are no accident. */
export const MOST_OPEN_DOUBTS = 3

/** Not to be called twice at once: there is one printer. The same sale id answers the same sale. */
export async function sell(
  needs: SellNeeds,
  session: VendorSession,
  form: SaleForm,
): Promise<StoredSale | SellRefusal> {
  const { store, printer } = needs
  const known = saleById(store, form.saleId)
  if (known !== undefined) return known

  // 14.1; while the printer answers, the store is consulted
  const asked = printer.status()
  const { lock, promise } = judge(needs, session, form)
  if (lock === null && typeof promise === 'object') unwrapSafeKey(needs, promise.recipient)
  const printerStatus = await asked
  if (lock !== null) return lock
  if (printerStatus !== 'ready') return 'printer'
  if (typeof promise === 'string') return promise
  const { code, recipient, intent } = promise
  const template = needs.template(form.product, session, intent.atMs)

  // 14.2
  const sale = saveIntent(needs, intent, template.facts)

  // 14.3
  const key = await askCard(needs, code, recipient)
  if (typeof key === 'string') {
    giveBack(needs, sale)
    return asRefusal(key)
  }

  // 14.4 and 14.5
  const outcome = await openAndPrint(needs, { sale, code, key, template })

  // 14.6
  return saveOutcome(needs, sale, outcome)
}

interface Promised {
  readonly code: NextCode
  /** The safe key of the code's epoch, closed for the vendor's card. */
  readonly recipient: Uint8Array
  readonly intent: Intent
}

/** Every refusal that can be told before anything is promised, in order of precedence; the printer's stands between. */
function judge(
  needs: SellNeeds,
  session: VendorSession,
  form: SaleForm,
): { lock: TillLock | null; promise: Promised | SaleRefusal } {
  const { store, clock, identity, standing } = needs
  const nowMs = clock.nowMs()
  const lock = tillLock({
    stopped: stopOf(store)?.reason ?? null,
    nowMs,
    clockWaits: clock.waitsForCentre(),
    vendorCard: session.card,
    card: needs.cardState,
    revokedCards: standing.revokedCards,
    leaseUntilMs: standing.leaseUntilS * 1000,
    certificateUntilMs: identity.certificateUntilMs,
    unreported: countUnreported(store),
    unreportedAllowed: standing.unreportedSales,
    notices: standing.notices,
    printer: 'ready',
  })
  return { lock, promise: promiseOf(needs, session, form, nowMs) }
}

function promiseOf(
  { store, catalogue, standing, locale }: SellNeeds,
  session: VendorSession,
  form: SaleForm,
  nowMs: number,
): Promised | SaleRefusal {
  if (countInDoubt(store) >= MOST_OPEN_DOUBTS) return 'sale-in-doubt'
  const line = catalogue.products.find(({ id }) => id === form.product)
  if (line === undefined || line.mark === 'not-sold') return 'unknown-product'
  const today = new Date(nowMs).toISOString().slice(0, 10)
  // What lay in the safe before this card came, and is closed for another, does not bar what came after.
  const code = nextCode(store, form.product, today, session.card) ?? nextCode(store, form.product, today)
  if (code === undefined) return 'no-stock'
  const recipient = cardLetterFor(store, code.epoch, session.card)
  if (recipient === undefined) return 'letter-missing'
  const price = priceAt(line, Math.floor(nowMs / 1000))
  const intent: Intent = {
    saleId: form.saleId,
    run: code.run,
    runIndex: code.index,
    operator: code.operator,
    product: code.product,
    serial: code.serial,
    price: money(price.publicPriceMinor, catalogue.currency),
    priceId: price.priceId,
    vendor: session.vendor,
    card: session.card,
    leaseUntilMs: standing.leaseUntilS * 1000,
    atMs: nowMs,
    locale,
  }
  return { code, recipient, intent }
}

function saveIntent({ store, clock }: SellNeeds, intent: Intent, facts: TicketFacts): StoredSale {
  return store.transaction(() => {
    const number = nextTicketNumber(store)
    const ticketFacts = keepTicketFacts(store, facts)
    insertIntent(store, number, intent, ticketFacts)
    moveCursor(store, intent.run, intent.runIndex)
    clock.saveMark()
    return { ...intent, number, ticketFacts, state: 'intent' }
  })
}

/** The card's slow half, while the printer answers and the intent is saved; it gives nothing before it is asked. */
function unwrapSafeKey({ card }: SellNeeds, recipient: Uint8Array): void {
  // Where the line is down, the question that follows says so.
  card.unwrapSafeKey({ recipient }).catch(() => undefined)
}

/** 32 bytes, to be zeroed; or why not: then nothing was opened. */
async function askCard(
  { card, identity }: SellNeeds,
  code: NextCode,
  recipient: Uint8Array,
): Promise<Uint8Array | KeyRefusal> {
  const context: CodeContext = {
    terminal: identity.terminal,
    epoch: code.epoch,
    operator: code.operator,
    product: code.product,
    lot: code.lot,
    delivery: code.delivery,
    digits: code.digits,
    serial: code.serial,
  }
  try {
    const answer = await card.keyOfCode({ recipient, context })
    return 'key' in answer ? answer.key : answer.refusal
  } catch (problem) {
    // A key that was derived and never arrived opened nothing.
    if (problem instanceof PrivateLineLost || problem instanceof PrivateLineFault) return 'card-out'
    throw problem
  }
}

function asRefusal(refusal: KeyRefusal): SellRefusal {
  return refusal === 'not-for-this-card' ? 'letter-missing' : refusal
}

function giveBack({ store }: SellNeeds, sale: StoredSale): void {
  store.transaction(() => {
    withdrawIntent(store, sale.number)
    stepBack(store, sale.run, sale.runIndex)
    // It may have been barred meanwhile.
    barAgain(store)
  })
}

/** The one place where a code is open: from here to the printer's cable. */
async function openAndPrint(
  { printer, onPrinting }: SellNeeds,
  open: { sale: StoredSale; code: NextCode; key: Uint8Array; template: TicketTemplate },
): Promise<'printed' | 'doubtful' | 'does-not-open'> {
  const { sale, code, key, template } = open
  const ticket = fillTicket(code.sealed, key, sale, code, template)
  if (ticket === 'does-not-open') return ticket
  onPrinting(sale, 0, template.marks)
  return printer.print(ticket, template.marks, (mark) => onPrinting(sale, mark, template.marks))
}

function fillTicket(
  sealed: SealedCode<'retailer'>,
  key: Uint8Array,
  sale: StoredSale,
  code: NextCode,
  template: TicketTemplate,
): Buffer | 'does-not-open' {
  // What came over the line may lie on the engine's heap, where OpenSSL would leave a copy of it behind.
  const own = wipeableBytes(key.length)
  own.set(key)
  key.fill(0)
  const secret = createSecretKey(own)
  own.fill(0)
  const clear = openCode(secret, sealed, code.digits)
  if (clear === 'does-not-open') return clear
  try {
    return template.fill(
      ticketFields({
        serial: code.serial,
        expiresOn: code.expiresOn,
        number: sale.number,
        atMs: sale.atMs,
      }),
      clear,
    )
  } finally {
    clear.wipe()
  }
}

function saveOutcome(
  { store, clock }: SellNeeds,
  sale: StoredSale,
  outcome: 'printed' | 'doubtful' | 'does-not-open',
): StoredSale {
  const state = ({ printed: 'printed', doubtful: 'in_doubt', 'does-not-open': 'damaged' } as const)[outcome]
  const atMs = clock.nowMs()
  store.transaction(() => {
    endIntent(store, sale.number, state, atMs)
    if (outcome === 'doubtful') insertEvent(store, sale.number, 'in-doubt', atMs)
    if (outcome === 'does-not-open') insertEvent(store, sale.number, 'settled-damaged', atMs)
  })
  return { ...sale, state }
}
