// Step 10 of the way of a code, its first half: the orders of a turn are decided in its transaction. Prices, ceilings,
// stock and money are read once for all of them; the rule decides each order against what is left; what was accepted is
// written down before anybody hears of it.

import { type Account, type AccountId, availableMinor, balanceMinor } from '@scratchless/ledger/account'
import { readAccount } from '@scratchless/ledger/ledger.sql'
import { type LedgerBatch, pendInBatch } from '@scratchless/ledger/post-transfers'
import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { bookingAt } from '@scratchless/office/calendar/booking'
import type { Sql, SqlClient } from '@scratchless/office/database/database'
import type { DepotId, RetailerId, TerminalId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { SupplyOrder } from '@scratchless/wire/supply/supply-order'
import type { SupplyRefusalReason } from '@scratchless/wire/supply/supply-refusal'
import { readProducts, readRates } from '../catalogue/catalogue.sql.ts'
import { priceFor } from '../catalogue/price.ts'
import type { CentreNeeds } from '../needs.ts'
import { retailerAccount, retailerOf, SALES_ACCOUNT, unpaidAccount } from '../retailers/accounts.ts'
import { orderWindowOpensAtS } from '../retailers/order-window.ts'
import { readSettingsOfShops } from '../retailers/shop-settings.sql.ts'
import { ShopSettingsBody } from '../retailers/shop-settings.ts'
import { keyOf, terminalOf, transferId } from './answer-in-sequence.ts'
import type { OrderToClose } from './close-supply-orders.ts'
import { countGivenCodes } from './open-orders.sql.ts'
import { createShelf } from './shelf.ts'
import type { VerifiedMessage } from './signed-message.ts'
import { epochOf } from './standing.ts'
import {
  insertOrderLines,
  insertOrders,
  insertRuns,
  lockPacksToTake,
  markGiven,
  type PackRow,
} from './supply.sql.ts'
import { type Accepted, type BlockedOrders, decideSupplyOrder, type SupplyView } from './supply-decision.ts'
import type { SupplyTerminal } from './supply-terminal.sql.ts'

/** A shop sells within days; a customer keeps a ticket for weeks. */
const LEAST_VALIDITY_DAYS = 60
/** Packs of one product that are locked at a time; so few that other processes find some too. */
const MOST_PACKS_AT_ONCE = 32
const PACK_CODES = 1_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export interface SupplyOrderMessage extends VerifiedMessage {
  readonly order: SupplyOrder
}

export interface AcceptedOrder extends Accepted {
  readonly message: SupplyOrderMessage
  readonly terminal: SupplyTerminal
  readonly epoch: number
  /** The first of its terminal's orders that was decided within a day; null: this one. */
  readonly dayOrder: bigint | null
}

/** What the vault is asked to close. */
export function orderToClose({ message, debitedMinor, availableMinor, runs }: AcceptedOrder): OrderToClose {
  return { ...keyOf(message), frame: message.bytes, debitedMinor, availableMinor, runs }
}

interface Decided {
  readonly accepted: readonly AcceptedOrder[]
  readonly refused: ReadonlyMap<SupplyOrderMessage, SupplyRefusalReason>
}

/** Orders that are next ones, of terminals that are locked. Takes the codes and the money of those accepted. */
export async function decideSupplyOrders(
  needs: CentreNeeds,
  batch: LedgerBatch,
  messages: readonly SupplyOrderMessage[],
  terminals: ReadonlyMap<TerminalId, SupplyTerminal>,
  at: Date,
): Promise<Decided> {
  const accepted: AcceptedOrder[] = []
  const refused = new Map<SupplyOrderMessage, SupplyRefusalReason>()
  if (messages.length === 0) return { accepted, refused }
  const asking = messages.map((message) => ({ message, terminal: terminalOf(terminals, message.sender) }))
  const view = await viewOf(needs, batch, asking, at)
  for (const { message, terminal } of asking) {
    const verdict = decideSupplyOrder(view, terminal, message.order)
    if ('why' in verdict) refused.set(message, verdict.why)
    else {
      const [epoch, dayOrder] = [epochOf(terminal, view.nowMs), view.dayOrders.get(terminal.id) ?? null]
      accepted.push({ ...verdict.accepted, message, terminal, epoch, dayOrder })
    }
  }
  if (accepted.length > 0) {
    await markGiven(batch.sql, batch.depotId as DepotId, view.shelf.taken())
    await debit(needs, batch, accepted, at)
  }
  return { accepted, refused }
}

interface Asking {
  readonly message: SupplyOrderMessage
  readonly terminal: SupplyTerminal
}

/** What the rule decides by, read once for the group: rows that will change are locked. */
async function viewOf(
  { settings, clock }: CentreNeeds,
  { sql, depotId, accounts }: LedgerBatch,
  asking: readonly Asking[],
  at: Date,
): Promise<SupplyView & { readonly dayOrders: ReadonlyMap<TerminalId, bigint> }> {
  const depot = depotId as DepotId
  const retailers = [...new Set(asking.map(({ terminal }) => terminal.retailer_id))]
  const products = new Map((await readProducts(sql, settings.currency, at)).map((one) => [one.id, one]))
  const rates = await readRates(sql, retailers, at)
  const given = await countGivenCodes(
    sql,
    depot,
    asking.map(({ terminal }) => terminal),
    { hour: new Date(at.getTime() - HOUR_MS), day: new Date(at.getTime() - DAY_MS) },
  )
  return {
    nowMs: clock.nowMs(),
    products,
    priceOf: (product, retailer) => priceFor(product, retailer, rates, settings.discountBasisPoints),
    shelf: createShelf(await lockStock(sql, depot, asking, at)),
    ceilings: settings.ceilings,
    given: new Map(given.map((row) => [row.terminal_id, { lastHour: row.last_hour, lastDay: row.last_day }])),
    blocked: await blockedOrders(sql, depot, accounts),
    dayOrders: new Map(given.map((row) => [row.terminal_id, row.day_order])),
    ...(await rulesOfShops(sql, retailers, settings.timeZone, clock.nowMs())),
    availableMinor: new Map(
      retailers.map((retailer): [RetailerId, bigint] => {
        const account = accounts.get(retailerAccount(retailer))
        return [retailer, account === undefined ? 0n : (availableMinor(account) ?? 0n)]
      }),
    ),
  }
}

/** Retailers whose orders are blocked, each with what it owes for a payment that turned out to be none. */
async function blockedOrders(
  sql: Sql,
  depot: DepotId,
  accounts: ReadonlyMap<AccountId, Account>,
): Promise<Map<RetailerId, BlockedOrders>> {
  const found = new Map<RetailerId, BlockedOrders>()
  for (const { id, blocked } of accounts.values()) {
    if (blocked === null) continue
    const retailer = retailerOf(id)
    const unpaid = await readAccount(sql, depot, unpaidAccount(retailer))
    found.set(retailer, {
      why: blocked.why,
      sinceS: Math.floor(blocked.since.getTime() / 1000),
      owedMinor: unpaid === null ? 0n : -balanceMinor(unpaid),
    })
  }
  return found
}

/** Shops outside their order hours, each with when it may order again; and those with a cap. */
async function rulesOfShops(
  sql: Sql,
  retailers: readonly RetailerId[],
  timeZone: string,
  nowMs: number,
): Promise<Pick<SupplyView, 'opensAtS' | 'capMinor'>> {
  const closed = new Map<RetailerId, number>()
  const capMinor = new Map<RetailerId, bigint>()
  for (const { retailer_id, content } of await readSettingsOfShops(sql, retailers)) {
    const entered = ShopSettingsBody.parse(JSON.parse(content))
    const opensAtS = orderWindowOpensAtS(entered.orderWindows, entered.timeZone ?? timeZone, nowMs)
    if (opensAtS !== null) closed.set(retailer_id, opensAtS)
    if (entered.capMinor > 0n) capMinor.set(retailer_id, entered.capMinor)
  }
  return { opensAtS: closed, capMinor }
}

/** Packs enough for all that the group asks of each product, or all that there are. */
async function lockStock(sql: Sql, depot: DepotId, asking: readonly Asking[], at: Date): Promise<PackRow[]> {
  const wanted = new Map<ProductId, number>()
  for (const { message } of asking)
    for (const { product, quantity } of message.order.lines)
      wanted.set(product, (wanted.get(product) ?? 0) + quantity)
  const notBefore = new Date(at.getTime() + LEAST_VALIDITY_DAYS * DAY_MS).toISOString().slice(0, 10)
  await sql.query('SAVEPOINT before_packs')
  const unlocked = await lockPacks(sql, depot, wanted, { now: at, notBefore }, 'skip')
  if (unlocked.enough) return unlocked.packs
  // Another process may have locked the rest for a moment. What is held is let go first and all is taken in one order,
  // so that two who wait never wait for each other.
  await sql.query('ROLLBACK TO SAVEPOINT before_packs')
  return (await lockPacks(sql, depot, wanted, { now: at, notBefore }, 'wait')).packs
}

async function lockPacks(
  sql: Sql,
  depot: DepotId,
  wanted: ReadonlyMap<ProductId, number>,
  bounds: { now: Date; notBefore: string },
  locked: 'wait' | 'skip',
): Promise<{ packs: PackRow[]; enough: boolean }> {
  const packs: PackRow[] = []
  let enough = true
  for (const product of [...wanted.keys()].sort()) {
    let missing = wanted.get(product)!
    let after: PackRow | null = null
    for (let atOnce = Math.ceil(missing / PACK_CODES); missing > 0; atOnce *= 2) {
      const limit = Math.min(atOnce, MOST_PACKS_AT_ONCE)
      const page: PackRow[] = await lockPacksToTake(sql, depot, product, { ...bounds, after }, limit, locked)
      if (page.length === 0) break
      packs.push(...page)
      missing -= page.reduce((sum, { free }) => sum + free, 0)
      after = page.at(-1)!
    }
    if (missing > 0) enough = false
  }
  return { packs, enough }
}

/** The money of accepted orders, pending until their terminals are heard again. */
async function debit(
  { settings }: CentreNeeds,
  batch: LedgerBatch,
  orders: readonly AcceptedOrder[],
  at: Date,
): Promise<void> {
  const transfers = orders
    .filter(({ debitedMinor }) => debitedMinor > 0n)
    .map(({ message, terminal, debitedMinor }) => ({
      id: transferId(terminal.id, message.sequence),
      kind: 'supply',
      subject: terminal.retailer_id,
      currency: settings.currency,
      debit: retailerAccount(terminal.retailer_id),
      credit: SALES_ACCOUNT,
      amountMinor: debitedMinor,
    }))
  const pended = await pendInBatch(batch, transfers, bookingAt(at, settings.timeZone))
  // The accounts have been locked since the rule looked at them: the ledger can only agree.
  for (const [id, verdict] of pended) if (verdict !== 'accepted') throw new Error(`${id}: ${verdict}`)
}

/** Accepted orders, whose messages stand already; the audit entry of the turn is the last statement. */
export async function writeDown(
  sql: SqlClient,
  depot: DepotId,
  orders: readonly AcceptedOrder[],
  at: Date,
): Promise<void> {
  await insertOrders(
    sql,
    depot,
    orders.map(({ message, terminal, epoch, codes, debitedMinor, availableMinor: left }) => ({
      ...keyOf(message),
      retailer: terminal.retailer_id,
      because: message.order.because,
      epoch,
      codes,
      debitedMinor,
      availableMinor: left,
    })),
    at,
  )
  await insertOrderLines(
    sql,
    depot,
    orders.flatMap(({ message, lines }) =>
      lines.map(({ price, ...line }) => ({
        ...keyOf(message),
        ...line,
        unitPriceMinor: price.unitPrice.amountMinor,
        priceId: price.priceId,
        publicPriceMinor: price.publicPrice.amountMinor,
        rateId: price.rateId,
        discountBasisPoints: price.discountBasisPoints,
        rounding: price.rounding,
      })),
    ),
  )
  await insertRuns(
    sql,
    depot,
    orders.flatMap(({ message, runs }) => runs.map((run) => ({ ...keyOf(message), ...run }))),
  )
  await appendAudit(sql, {
    at,
    actor: 'supply-desk',
    action: 'supply-orders-decided',
    subject: `${orders.length} orders`,
    details: {
      orders: orders.map(({ message, codes, debitedMinor }) => [
        message.sender,
        message.sequence,
        codes,
        String(debitedMinor),
      ]),
    },
  })
}
