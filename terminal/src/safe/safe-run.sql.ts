// The safe: codes on board, in runs as they were delivered, each closed for this terminal.

import { type CardId, type LotId, lotId, type OperatorId, operatorId } from '@scratchless/voucher/ids'
import { type ProductId, productId } from '@scratchless/voucher/product'
import { type SealedCode, type SealedRun, sealedSize } from '@scratchless/voucher/sealed-code'
import { type SerialNumber, serialFromNumber, serialToNumber } from '@scratchless/voucher/serial'
import type { Store } from '../store/connect-store.ts'

interface SafeRun {
  /** The sequence of the supply order that the delivery answered. */
  readonly delivery: number
  readonly epoch: number
  readonly operator: OperatorId
  readonly product: ProductId
  readonly lot: LotId
  /** `2027-12-31`: the last day on which the network takes these codes. */
  readonly expiresOn: string
  readonly digits: number
  readonly firstSerial: SerialNumber
  readonly count: number
  readonly codes: SealedRun<'retailer'>
}

/** Throws where a serial of the run is on board already. */
export function insertRun(store: Store, run: SafeRun): void {
  const { lastInsertRowid } = store
    .statement(
      `INSERT INTO safe_run
         (delivery, epoch, operator, product, lot, expires_on, digits, first_serial, count)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      run.delivery,
      run.epoch,
      run.operator,
      run.product,
      run.lot,
      run.expiresOn,
      run.digits,
      serialToNumber(run.firstSerial),
      run.count,
    )
  store.statement('INSERT INTO safe_codes (run, codes) VALUES (?, ?)').run(lastInsertRowid, run.codes)
}

export interface NextCode extends Omit<SafeRun, 'firstSerial' | 'count' | 'codes'> {
  readonly run: number
  readonly index: number
  readonly serial: SerialNumber
  readonly sealed: SealedCode<'retailer'>
}

/**
 * The next code of a product that is good on `today`: what expires first goes first. With a card, of those alone of whose
 * epoch there is a letter for it.
 */
export function nextCode(
  store: Store,
  product: ProductId,
  today: string,
  card: CardId | null = null,
): NextCode | undefined {
  const row = store
    .statement(
      `SELECT id, delivery, epoch, operator, lot, expires_on, digits, first_serial, next_index,
              substr(codes, next_index * (length(codes) / count) + 1, length(codes) / count) AS sealed
       FROM safe_run JOIN safe_codes ON run = id
       WHERE product = ?1 AND barred IS NULL AND next_index < count AND expires_on >= ?2
         AND (?3 IS NULL OR EXISTS (SELECT 1 FROM card_letter AS l WHERE l.epoch = safe_run.epoch AND l.card = ?3))
       ORDER BY expires_on, delivery, first_serial LIMIT 1`,
    )
    .get(product, today, card)
  if (row === undefined) return undefined
  const digits = row.digits as number
  const sealed = row.sealed as Uint8Array
  if (sealed.length !== sealedSize(digits)) throw new Error('a run in the safe has no whole codes')
  const index = row.next_index as number
  return {
    run: row.id as number,
    index,
    delivery: row.delivery as number,
    epoch: row.epoch as number,
    operator: operatorId(row.operator as string),
    product,
    lot: lotId(row.lot as string),
    expiresOn: row.expires_on as string,
    digits,
    serial: serialFromNumber((row.first_serial as number) + index),
    sealed: sealed as SealedCode<'retailer'>,
  }
}

/** Moves a run's cursor over the code at `index`. Throws where it does not stand there, or the run is barred. */
export function moveCursor(store: Store, run: number, index: number): void {
  const { changes } = store
    .statement(
      'UPDATE safe_run SET next_index = next_index + 1 WHERE id = ? AND next_index = ? AND barred IS NULL',
    )
    .run(run, index)
  if (Number(changes) !== 1) throw new Error("the run's cursor is elsewhere")
}

/** Gives back the code at `index`, over which the cursor moved last. Throws where another was taken since. */
export function stepBack(store: Store, run: number, index: number): void {
  const { changes } = store
    .statement('UPDATE safe_run SET next_index = next_index - 1 WHERE id = ? AND next_index = ?')
    .run(run, index + 1)
  if (Number(changes) !== 1) throw new Error("the run's cursor has moved on")
}

/** Codes of a product that stand on board, expired ones included, barred ones not. */
export function stockOf(store: Store, product: ProductId): number {
  const row = store
    .statement(
      `SELECT coalesce(sum(count - next_index), 0) AS codes FROM safe_run
       WHERE product = ? AND barred IS NULL AND next_index < count`,
    )
    .get(product)!
  return row.codes as number
}

/** Codes that can be sold on `today`, by product. */
export function stockOnBoard(store: Store, today: string): ReadonlyMap<ProductId, number> {
  const rows = store
    .statement(
      `SELECT product, sum(count - next_index) AS codes FROM safe_run
       WHERE barred IS NULL AND next_index < count AND expires_on >= ? GROUP BY product`,
    )
    .all(today)
  return new Map(rows.map((row) => [productId(row.product as string), row.codes as number]))
}

export function saveShelf(store: Store, product: ProductId, full: number): void {
  store
    .statement(
      `INSERT INTO shelf (product, full) VALUES (?, ?)
       ON CONFLICT (product) DO UPDATE SET full = excluded.full`,
    )
    .run(product, full)
}

/** What stood on each shelf after its last delivery. */
export function shelves(store: Store): ReadonlyMap<string, number> {
  const rows = store.statement('SELECT product, full FROM shelf').all()
  return new Map(rows.map((row) => [row.product as string, row.full as number]))
}

export function expiryOf(store: Store, run: number): string | undefined {
  const row = store.statement('SELECT expires_on FROM safe_run WHERE id = ?').get(run)
  return row?.expires_on as string | undefined
}

/** Codes that can be sold at this moment, by product: the day of a code's end is the calendar's. */
export function sellableStock(store: Store, nowMs: number): ReadonlyMap<ProductId, number> {
  return stockOnBoard(store, new Date(nowMs).toISOString().slice(0, 10))
}
