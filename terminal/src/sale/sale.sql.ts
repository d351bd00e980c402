import {
  type CardId,
  cardId,
  type OperatorId,
  operatorId,
  type VendorId,
  vendorId,
} from '@scratchless/voucher/ids'
import { type Currency, isCurrency, type Money, money } from '@scratchless/voucher/money'
import { type ProductId, productId } from '@scratchless/voucher/product'
import { type SerialNumber, serialFromNumber, serialToNumber } from '@scratchless/voucher/serial'
import type { Store } from '../store/connect-store.ts'

export interface Intent {
  readonly saleId: string
  readonly run: number
  readonly runIndex: number
  readonly operator: OperatorId
  readonly product: ProductId
  readonly serial: SerialNumber
  readonly price: Money
  /** The catalogue's price that it is. */
  readonly priceId: number
  readonly vendor: VendorId
  readonly card: CardId
  readonly leaseUntilMs: number
  readonly atMs: number
  readonly locale: 'fr' | 'en'
}

export interface StoredSale extends Intent {
  /** The ticket's number. */
  readonly number: number
  /** What its ticket showed; null: a sale of an earlier release. */
  readonly ticketFacts: number | null
  readonly state: 'intent' | 'printed' | 'in_doubt' | 'damaged'
}

/** The number of the next ticket. */
export function nextTicketNumber(store: Store): number {
  const row = store.statement('SELECT coalesce(max(number), 0) + 1 AS next FROM sale').get()!
  return row.next as number
}

export function insertIntent(
  store: Store,
  number: number,
  intent: Intent,
  ticketFacts: number | null = null,
): void {
  store
    .statement(
      `INSERT INTO sale (number, sale_id, run, run_index, operator, product, serial, price_minor, currency,
                         price_id, vendor, card, lease_until_ms, at_ms, locale, ticket_facts, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'intent')`,
    )
    .run(
      number,
      intent.saleId,
      intent.run,
      intent.runIndex,
      intent.operator,
      intent.product,
      serialToNumber(intent.serial),
      intent.price.amountMinor,
      intent.price.currency,
      intent.priceId,
      intent.vendor,
      intent.card,
      intent.leaseUntilMs,
      intent.atMs,
      intent.locale,
      ticketFacts,
    )
}

type Row = Record<string, unknown>

function saleOf(row: Row): StoredSale {
  return {
    number: row.number as number,
    saleId: row.sale_id as string,
    run: row.run as number,
    runIndex: row.run_index as number,
    operator: operatorId(row.operator as string),
    product: productId(row.product as string),
    serial: serialFromNumber(row.serial as number),
    price: money(BigInt(row.price_minor as number), currencyOf(row.currency as string)),
    priceId: row.price_id as number,
    vendor: vendorId(row.vendor as string),
    card: cardId(row.card as string),
    leaseUntilMs: row.lease_until_ms as number,
    atMs: row.at_ms as number,
    locale: row.locale === 'en' ? 'en' : 'fr',
    ticketFacts: row.ticket_facts as number | null,
    state: row.state as StoredSale['state'],
  }
}

function currencyOf(text: string): Currency {
  if (!isCurrency(text)) throw new TypeError(`no currency of ours: ${text}`)
  return text
}

export function saleById(store: Store, saleId: string): StoredSale | undefined {
  const row = store.statement('SELECT * FROM sale WHERE sale_id = ?').get(saleId)
  return row && saleOf(row)
}

export function saleByNumber(store: Store, number: number): StoredSale | undefined {
  const row = store.statement('SELECT * FROM sale WHERE number = ?').get(number)
  return row && saleOf(row)
}

/** Oldest first. */
export function salesIn(store: Store, state: 'intent' | 'in_doubt'): StoredSale[] {
  return store.statement('SELECT * FROM sale WHERE state = ? ORDER BY number').all(state).map(saleOf)
}

export function countInDoubt(store: Store): number {
  const row = store.statement(`SELECT count(*) AS sales FROM sale WHERE state = 'in_doubt'`).get()!
  return row.sales as number
}

export function latestSales(store: Store, limit: number): StoredSale[] {
  return store.statement('SELECT * FROM sale ORDER BY number DESC LIMIT ?').all(limit).map(saleOf)
}

/** Throws where the sale has ended already. */
export function endIntent(
  store: Store,
  number: number,
  state: 'printed' | 'in_doubt' | 'damaged',
  atMs: number,
): void {
  const { changes } = store
    .statement(
      `UPDATE sale SET state = ?, ended_at_ms = ?
       WHERE number = ? AND state = 'intent'`,
    )
    .run(state, atMs, number)
  if (Number(changes) !== 1) throw new Error(`sale ${number} has ended already`)
}

/** As if it had never been promised: number, id and serial are free again. Throws where the sale has ended already. */
export function withdrawIntent(store: Store, number: number): void {
  const { changes } = store.statement(`DELETE FROM sale WHERE number = ? AND state = 'intent'`).run(number)
  if (Number(changes) !== 1) throw new Error(`sale ${number} has ended already`)
}

/** Throws where the sale is not in doubt. */
export function endDoubt(store: Store, number: number, state: 'printed' | 'damaged', atMs: number): void {
  const { changes } = store
    .statement(`UPDATE sale SET state = ?, ended_at_ms = ? WHERE number = ? AND state = 'in_doubt'`)
    .run(state, atMs, number)
  if (Number(changes) !== 1) throw new Error(`sale ${number} is not in doubt`)
}

export function insertEvent(
  store: Store,
  sale: number,
  what: 'in-doubt' | 'settled-sold' | 'settled-damaged',
  atMs: number,
): void {
  store.statement('INSERT INTO ticket_event (sale, what, at_ms) VALUES (?, ?, ?)').run(sale, what, atMs)
}

/** Tickets that no acknowledged report holds: what the lease bounds. */
export function countUnreported(store: Store): number {
  const row = store.statement('SELECT count(*) AS sales FROM sale WHERE acknowledged = 0').get()!
  return row.sales as number
}

/** Sold from `fromMs` on, hour by hour: `hour` counts from `fromMs`. */
export function soldByHour(
  store: Store,
  fromMs: number,
): { hour: number; sales: number; amountMinor: bigint }[] {
  return store
    .statement(
      // A number is bound as a real: without the cast each sale would have an hour of its own.
      `SELECT CAST((at_ms - ?1) / 3600000 AS INTEGER) AS hour, count(*) AS sales, sum(price_minor) AS amount
       FROM sale WHERE at_ms >= ?1 AND state = 'printed' GROUP BY 1`,
    )
    .all(fromMs)
    .map((row) => ({
      hour: row.hour as number,
      sales: row.sales as number,
      amountMinor: BigInt(row.amount as number),
    }))
}

/** Sold from `fromMs` on, by product. */
export function soldSince(store: Store, fromMs: number): ReadonlyMap<string, number> {
  const rows = store
    .statement(
      `SELECT product, count(*) AS sales FROM sale WHERE at_ms >= ? AND state = 'printed' GROUP BY product`,
    )
    .all(fromMs)
  return new Map(rows.map((row) => [row.product as string, row.sales as number]))
}

/** Null before the first sale. */
export function firstSaleMs(store: Store): number | null {
  const row = store.statement('SELECT at_ms FROM sale ORDER BY number LIMIT 1').get()
  return row === undefined ? null : (row.at_ms as number)
}

/** Tickets in doubt and damaged, by product that has any. */
export function asideByProduct(store: Store): ReadonlyMap<string, { inDoubt: number; damaged: number }> {
  const rows = store
    .statement(
      `SELECT product, sum(state = 'in_doubt') AS in_doubt, sum(state = 'damaged') AS damaged
       FROM sale WHERE state IN ('in_doubt', 'damaged') GROUP BY product`,
    )
    .all()
  return new Map(
    rows.map((row) => [
      row.product as string,
      { inDoubt: row.in_doubt as number, damaged: row.damaged as number },
    ]),
  )
}

/** Sales under a card: each had one key of it, or may have had it. */
export function keysGivenTo(store: Store, card: CardId): number {
  return store.statement('SELECT count(*) AS keys FROM sale WHERE card = ?').get(card)!.keys as number
}
