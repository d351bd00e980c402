// Which sales and ticket events a report holds, and which reports the centre has.

import { vendorId } from '@scratchless/voucher/ids'
import { type ProductId, productId } from '@scratchless/voucher/product'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { MAX_COPY, type Sale, type TicketEvent } from '@scratchless/wire/supply/sales-report'
import type { Store } from '../store/connect-store.ts'

type Row = Record<string, unknown>

function head(row: Row) {
  return {
    product: productId(row.product as string),
    serial: serialFromNumber(row.serial as number),
    ticket: row.number as number,
    vendor: vendorId(row.vendor as string),
  }
}

/** Sold and in no report yet, oldest first; one that was in doubt once it is settled as sold. */
export function salesToReport(store: Store, limit: number): Sale[] {
  return store
    .statement(
      `SELECT number, product, serial, vendor, price_id, at_ms FROM sale
       WHERE acknowledged = 0 AND reported_in IS NULL AND state = 'printed'
       ORDER BY number LIMIT ?`,
    )
    .all(limit)
    .map((row) => ({
      ...head(row),
      priceId: row.price_id as number,
      soldAtS: Math.floor((row.at_ms as number) / 1000),
    }))
}

interface EventToReport {
  readonly id: number
  readonly event: TicketEvent
}

export function eventsToReport(store: Store, limit: number): EventToReport[] {
  return store
    .statement(
      `SELECT ticket_event.id, number, product, serial, vendor, ticket_event.at_ms AS event_ms, what,
              (SELECT count(*) FROM ticket_event AS earlier
                WHERE earlier.sale = ticket_event.sale AND earlier.what = 'duplicate'
                  AND earlier.id <= ticket_event.id) AS duplicates
       FROM ticket_event JOIN sale ON sale.number = ticket_event.sale
       WHERE ticket_event.acknowledged = 0 AND ticket_event.reported_in IS NULL
       ORDER BY ticket_event.id LIMIT ?`,
    )
    .all(limit)
    .map((row) => ({
      id: row.id as number,
      event: {
        ...head(row),
        atS: Math.floor((row.event_ms as number) / 1000),
        what: row.what as TicketEvent['what'],
        copy: row.what === 'duplicate' ? Math.min(row.duplicates as number, MAX_COPY) : 0,
      },
    }))
}

/** Everything that `salesToReport` gave, up to the last of them. */
export function salesReported(store: Store, lastNumber: number, sequence: number): void {
  store
    .statement(
      `UPDATE sale SET reported_in = ?
       WHERE acknowledged = 0 AND reported_in IS NULL AND state = 'printed' AND number <= ?`,
    )
    .run(sequence, lastNumber)
}

export function eventReported(store: Store, id: number, sequence: number): void {
  store.statement('UPDATE ticket_event SET reported_in = ? WHERE id = ?').run(sequence, id)
}

/** A damaged ticket is acknowledged with its event; an open doubt still counts as unreported. */
export function acknowledgeReport(store: Store, sequence: number): void {
  store.statement('UPDATE sale SET acknowledged = 1 WHERE acknowledged = 0 AND reported_in = ?').run(sequence)
  store
    .statement(
      `UPDATE sale SET acknowledged = 1
       WHERE acknowledged = 0 AND number IN (
         SELECT sale FROM ticket_event
         WHERE acknowledged = 0 AND reported_in = ? AND what = 'settled-damaged')`,
    )
    .run(sequence)
  store
    .statement('UPDATE ticket_event SET acknowledged = 1 WHERE acknowledged = 0 AND reported_in = ?')
    .run(sequence)
}

/** What a refused report held goes into the next. */
export function releaseReported(store: Store, sequence: number): void {
  store
    .statement('UPDATE sale SET reported_in = NULL WHERE acknowledged = 0 AND reported_in = ?')
    .run(sequence)
  store
    .statement('UPDATE ticket_event SET reported_in = NULL WHERE acknowledged = 0 AND reported_in = ?')
    .run(sequence)
}

interface Unsent {
  readonly sales: number
  readonly events: number
  /** When the oldest of them was sold. */
  readonly oldestMs: number
  /** Of which products. */
  readonly products: readonly ProductId[]
}

/** In no report yet. */
export function unsent(store: Store): Unsent {
  const sales = store
    .statement(
      `SELECT product, count(*) AS sales, min(at_ms) AS oldest FROM sale
       WHERE acknowledged = 0 AND reported_in IS NULL AND state = 'printed' GROUP BY product`,
    )
    .all()
  const events = store
    .statement(`SELECT count(*) AS events FROM ticket_event WHERE acknowledged = 0 AND reported_in IS NULL`)
    .get()!
  return {
    sales: sales.reduce((sum, row) => sum + (row.sales as number), 0),
    events: events.events as number,
    oldestMs: sales.reduce((oldest, row) => Math.min(oldest, row.oldest as number), Number.MAX_SAFE_INTEGER),
    products: sales.map((row) => productId(row.product as string)),
  }
}
