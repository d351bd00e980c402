// Step 10 of the way of a code, its first half: supply orders that arrived together are decided in one transaction.
// Prices, ceilings, stock and money are read once for the group; the rule decides each order against what is left;
// what was accepted is written down before anybody hears of it.

import { type Account, type AccountId, availableMinor, balanceMinor } from '@scratchless/ledger/account'
import { lockAccounts, readAccount } from '@scratchless/ledger/ledger.sql'
import { pendTransfers } from '@scratchless/ledger/post-transfers'
import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { bookingAt } from '@scratchless/office/calendar/booking'
import type { SqlClient } from '@scratchless/office/database/database'
import type { RetailerId } from '@scratchless/voucher/ids'
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
import { DEPOT } from '../settings.ts'
import { keyOf, settleEarlierOrders, transferId } from './answer-in-sequence.ts'
import type { OrderToClose } from './close-supply-orders.ts'
import { type Place, placeOf } from './sequence.ts'
import { createShelf } from './shelf.ts'
import type { SignedMessage } from './signed-message.ts'
import { epochOf } from './standing.ts'
import {
  countGivenCodes,
  insertOrderLines,
  insertOrders,
  insertRuns,
  lockPacksToTake,
  markGiven,
  type PackRow,
} from './supply.sql.ts'
import { type Accepted, type BlockedOrders, decideSupplyOrder, type SupplyView } from './supply-decision.ts'
import { insertMessages, readMessages } from './supply-message.sql.ts'
import { lockTerminals, type SupplyTerminal } from './supply-terminal.sql.ts'

/** A shop sells within days; a customer keeps a ticket for weeks. */
const LEAST_VALIDITY_DAYS = 60
/** Packs of one product that are locked at a time; so few that other processes find some too. */
const MOST_PACKS_AT_ONCE = 32
const PACK_CODES = 1_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** What the transaction made of one order. */
type Decided =
  | { readonly place: Exclude<Place, 'next'> }
  | { readonly why: SupplyRefusalReason; readonly terminal: SupplyTerminal }
  | { readonly accepted: OrderToClose }

export interface SupplyOrderMessage extends SignedMessage {
  readonly order: SupplyOrder
}

export async function decideSupplyOrders(
  needs: CentreNeeds,
  sql: SqlClient,
  messages: readonly SupplyOrderMessage[],
  at: Date,
): Promise<Decided[]> {
  const nowMs = at.getTime()
  const terminals = await lockTerminals(
    sql,
    DEPOT,
    messages.map(({ terminal }) => terminal.id),
  )
  const known = new Map(
    (await readMessages(sql, DEPOT, messages.map(keyOf))).map((row) => [
      transferId(row.terminal_id, row.sequence),
      row,
    ]),
  )
  const places = messages.map((message) => {
    const terminal = terminals.get(message.terminal.id)!
    return placeOf(terminal, known.get(transferId(terminal.id, message.sequence)), message, nowMs)
  })
  const fresh = messages.filter((_, index) => places[index] === 'next')
  await settleEarlierOrders(sql, fresh.map(keyOf), at)
  const view = await viewOf(needs, sql, fresh, at)

  const accepted: AcceptedOrder[] = []
  const decided = messages.map((message, index): Decided => {
    const place = places[index]!
    if (place !== 'next') return { place }
    const terminal = terminals.get(message.terminal.id)!
    const verdict = decideSupplyOrder(view, terminal, message.order)
    if ('why' in verdict) return { why: verdict.why, terminal }
    accepted.push({ ...verdict.accepted, message, terminal })
    const { runs, debitedMinor, availableMinor: left } = verdict.accepted
    return { accepted: { ...keyOf(message), frame: message.bytes, debitedMinor, availableMinor: left, runs } }
  })
  if (accepted.length > 0) {
    await markGiven(sql, DEPOT, view.shelf.taken())
    await writeDown(needs, sql, accepted, at)
  }
  return decided
}

/** What the rule decides by, read once for the group: rows that will change are locked. */
async function viewOf(
  { settings, clock }: CentreNeeds,
  sql: SqlClient,
  messages: readonly SupplyOrderMessage[],
  at: Date,
): Promise<SupplyView> {
  const retailers = [...new Set(messages.map(({ terminal }) => terminal.retailer_id))]
  const products = new Map((await readProducts(sql, settings.currency, at)).map((one) => [one.id, one]))
  const rates = await readRates(sql, retailers, at)
  const accounts = await lockAccounts(sql, DEPOT, [...retailers.map(retailerAccount), SALES_ACCOUNT])
  const given = await countGivenCodes(
    sql,
    DEPOT,
    messages.map(({ terminal }) => terminal.id),
    { hour: new Date(at.getTime() - HOUR_MS), day: new Date(at.getTime() - DAY_MS) },
  )
  return {
    nowMs: clock.nowMs(),
    products,
    priceOf: (product, retailer) => priceFor(product, retailer, rates, settings.discountBasisPoints),
    shelf: createShelf(await lockStock(sql, messages, at)),
    ceilings: settings.ceilings,
    given: new Map(given.map((row) => [row.terminal_id, { lastHour: row.last_hour, lastDay: row.last_day }])),
    blocked: await blockedOrders(sql, accounts),
    opensAtS: await closedShops(sql, retailers, settings.timeZone, clock.nowMs()),
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
  sql: SqlClient,
  accounts: ReadonlyMap<AccountId, Account>,
): Promise<Map<RetailerId, BlockedOrders>> {
  const found = new Map<RetailerId, BlockedOrders>()
  for (const { id, blocked } of accounts.values()) {
    if (blocked === null) continue
    const retailer = retailerOf(id)
    const unpaid = await readAccount(sql, DEPOT, unpaidAccount(retailer))
    found.set(retailer, {
      why: blocked.why,
      sinceS: Math.floor(blocked.since.getTime() / 1000),
      owedMinor: unpaid === null ? 0n : -balanceMinor(unpaid),
    })
  }
  return found
}

/** Shops outside their order hours, each with when it may order again. */
async function closedShops(
  sql: SqlClient,
  retailers: readonly RetailerId[],
  timeZone: string,
  nowMs: number,
): Promise<Map<RetailerId, number>> {
  const closed = new Map<RetailerId, number>()
  for (const { retailer_id, content } of await readSettingsOfShops(sql, retailers)) {
    const entered = ShopSettingsBody.parse(JSON.parse(content))
    const opensAtS = orderWindowOpensAtS(entered.orderWindows, entered.timeZone ?? timeZone, nowMs)
    if (opensAtS !== null) closed.set(retailer_id, opensAtS)
  }
  return closed
}

/** Packs enough for all that the group asks of each product, or all that there are. */
async function lockStock(
  sql: SqlClient,
  messages: readonly SupplyOrderMessage[],
  at: Date,
): Promise<PackRow[]> {
  const wanted = new Map<ProductId, number>()
  for (const { order } of messages)
    for (const { product, quantity } of order.lines)
      wanted.set(product, (wanted.get(product) ?? 0) + quantity)
  const notBefore = new Date(at.getTime() + LEAST_VALIDITY_DAYS * DAY_MS).toISOString().slice(0, 10)
  await sql.query('SAVEPOINT before_packs')
  const unlocked = await lockPacks(sql, wanted, { now: at, notBefore }, 'skip')
  if (unlocked.enough) return unlocked.packs
  // Another process may have locked the rest for a moment. What is held is let go first and all is taken in one order,
  // so that two who wait never wait for each other.
  await sql.query('ROLLBACK TO SAVEPOINT before_packs')
  return (await lockPacks(sql, wanted, { now: at, notBefore }, 'wait')).packs
}

async function lockPacks(
  sql: SqlClient,
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
      const page: PackRow[] = await lockPacksToTake(sql, DEPOT, product, { ...bounds, after }, limit, locked)
      if (page.length === 0) break
      packs.push(...page)
      missing -= page.reduce((sum, { free }) => sum + free, 0)
      after = page.at(-1)!
    }
    if (missing > 0) enough = false
  }
  return { packs, enough }
}

interface AcceptedOrder extends Accepted {
  readonly message: SupplyOrderMessage
  readonly terminal: SupplyTerminal
}

/** Money, codes and messages of the orders accepted; the audit entry of the group is the last statement. */
async function writeDown(
  { settings, clock }: CentreNeeds,
  sql: SqlClient,
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
  const pended = await pendTransfers(sql, DEPOT, transfers, bookingAt(at, settings.timeZone))
  // The accounts have been locked since the rule looked at them: the ledger can only agree.
  for (const [id, verdict] of pended) if (verdict !== 'accepted') throw new Error(`${id}: ${verdict}`)

  await insertMessages(
    sql,
    DEPOT,
    orders.map(({ message }) => ({
      ...keyOf(message),
      kind: message.kind,
      payloadHash: message.payloadHash,
      request: message.bytes,
      answer: null,
    })),
    at,
  )
  await insertOrders(
    sql,
    DEPOT,
    orders.map(({ message, terminal, codes, debitedMinor, availableMinor: left }) => ({
      ...keyOf(message),
      retailer: terminal.retailer_id,
      because: message.order.because,
      epoch: epochOf(terminal, clock.nowMs()),
      codes,
      debitedMinor,
      availableMinor: left,
    })),
    at,
  )
  await insertOrderLines(
    sql,
    DEPOT,
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
    DEPOT,
    orders.flatMap(({ message, runs }) => runs.map((run) => ({ ...keyOf(message), ...run }))),
  )
  await appendAudit(sql, {
    at,
    actor: 'supply-desk',
    action: 'supply-orders-decided',
    subject: `${orders.length} orders`,
    details: {
      orders: orders.map(({ message, codes, debitedMinor }) => [
        message.terminal.id,
        message.sequence,
        codes,
        String(debitedMinor),
      ]),
    },
  })
}
