import { type OperatorId, operatorId } from '@scratchless/voucher/ids'
import { type ProductId, productId } from '@scratchless/voucher/product'
import type { Store } from '../store/connect-store.ts'

interface OrderLine {
  readonly product: ProductId
  readonly operator: OperatorId
  /** Length of a code. */
  readonly digits: number
  readonly quantity: number
  readonly delivered: number
}

export interface StoredOrder {
  readonly id: number
  readonly atMs: number
  readonly state: 'waiting' | 'asked' | 'delivered' | 'receipted' | 'refused'
  readonly sequence: number | null
  readonly expiresAtS: number | null
  readonly deliveryHash: Uint8Array | null
  /** JSON of the centre's reason. */
  readonly refusal: string | null
  readonly lettersAsked: number
  readonly lines: readonly OrderLine[]
}

export function insertOrder(
  store: Store,
  atMs: number,
  lines: readonly Omit<OrderLine, 'delivered'>[],
): number {
  const { lastInsertRowid } = store
    .statement(`INSERT INTO supply_order (at_ms, state) VALUES (?, 'waiting')`)
    .run(atMs)
  for (const { product, operator, digits, quantity } of lines)
    store
      .statement(
        `INSERT INTO supply_order_line (supply_order, product, operator, digits, quantity)
         VALUES (?, ?, ?, ?, ?)`,
      )
      .run(lastInsertRowid, product, operator, digits, quantity)
  return Number(lastInsertRowid)
}

type Row = Record<string, unknown>

function orderOf(store: Store, row: Row): StoredOrder {
  const lines = store
    .statement(
      'SELECT product, operator, digits, quantity, delivered FROM supply_order_line WHERE supply_order = ? ORDER BY product',
    )
    .all(row.id as number)
  return {
    id: row.id as number,
    atMs: row.at_ms as number,
    state: row.state as StoredOrder['state'],
    sequence: row.sequence as number | null,
    expiresAtS: row.expires_at_s as number | null,
    deliveryHash: row.delivery_hash as Uint8Array | null,
    refusal: row.refusal as string | null,
    lettersAsked: row.letters_asked as number,
    lines: lines.map((line) => ({
      product: productId(line.product as string),
      operator: operatorId(line.operator as string),
      digits: line.digits as number,
      quantity: line.quantity as number,
      delivered: line.delivered as number,
    })),
  }
}

export function firstOrderIn(store: Store, state: StoredOrder['state']): StoredOrder | undefined {
  const row = store.statement('SELECT * FROM supply_order WHERE state = ? ORDER BY id LIMIT 1').get(state)
  return row && orderOf(store, row)
}

export function orderById(store: Store, id: number): StoredOrder | undefined {
  const row = store.statement('SELECT * FROM supply_order WHERE id = ?').get(id)
  return row && orderOf(store, row)
}

export function orderBySequence(store: Store, sequence: number): StoredOrder | undefined {
  const row = store.statement('SELECT * FROM supply_order WHERE sequence = ?').get(sequence)
  return row && orderOf(store, row)
}

export function latestOrders(store: Store, limit: number): StoredOrder[] {
  return store
    .statement('SELECT * FROM supply_order ORDER BY id DESC LIMIT ?')
    .all(limit)
    .map((row) => orderOf(store, row))
}

/** Orders that are still to be sent or receipted. */
export function countUnfinishedOrders(store: Store): number {
  return store
    .statement(`SELECT count(*) AS n FROM supply_order WHERE state IN ('waiting', 'delivered')`)
    .get()!.n as number
}

export function askOrder(store: Store, id: number, sequence: number, expiresAtS: number): void {
  store
    .statement(`UPDATE supply_order SET state = 'asked', sequence = ?, expires_at_s = ? WHERE id = ?`)
    .run(sequence, expiresAtS, id)
}

export function orderDelivered(store: Store, sequence: number, deliveryHash: Uint8Array): void {
  store
    .statement(`UPDATE supply_order SET state = 'delivered', delivery_hash = ? WHERE sequence = ?`)
    .run(deliveryHash, sequence)
}

export function lineDelivered(store: Store, order: number, product: ProductId, count: number): void {
  store
    .statement(
      'UPDATE supply_order_line SET delivered = delivered + ? WHERE supply_order = ? AND product = ?',
    )
    .run(count, order, product)
}

export function receiptSent(store: Store, sequence: number, delivery: number): void {
  store.statement('UPDATE supply_order SET receipt_sequence = ? WHERE sequence = ?').run(sequence, delivery)
}

/** The delivery, by its order's sequence, that a receipt was for. */
export function deliveryOfReceipt(store: Store, sequence: number): number | undefined {
  const row = store.statement('SELECT sequence FROM supply_order WHERE receipt_sequence = ?').get(sequence)
  return row?.sequence as number | undefined
}

export function endOrder(
  store: Store,
  sequence: number,
  state: 'receipted' | 'refused',
  refusal: string | null,
): void {
  store
    .statement('UPDATE supply_order SET state = ?, refusal = ? WHERE sequence = ?')
    .run(state, refusal, sequence)
}

/** An order that could never be asked. */
export function refuseWaitingOrder(store: Store, id: number, refusal: string): void {
  store.statement(`UPDATE supply_order SET state = 'refused', refusal = ? WHERE id = ?`).run(refusal, id)
}

/** The centre wants the card letter first: the order waits for another sequence. */
export function orderWaitsForLetter(store: Store, sequence: number): void {
  store
    .statement(
      `UPDATE supply_order SET state = 'waiting', sequence = NULL, letters_asked = letters_asked + 1
       WHERE sequence = ?`,
    )
    .run(sequence)
}

/** What held an order is gone: it waits for another sequence. */
export function askOrderAnew(store: Store, sequence: number): void {
  store
    .statement(
      `UPDATE supply_order SET state = 'waiting', sequence = NULL, expires_at_s = NULL WHERE sequence = ?`,
    )
    .run(sequence)
}

/** What held a receipt is gone: the delivery is to be receipted. */
export function askReceiptAnew(store: Store, sequence: number): void {
  store.statement('UPDATE supply_order SET receipt_sequence = NULL WHERE receipt_sequence = ?').run(sequence)
}

/** Codes ordered and not yet here, by product. */
export function onTheWay(store: Store): ReadonlyMap<string, number> {
  const rows = store
    .statement(
      `SELECT product, sum(quantity) AS codes
       FROM supply_order JOIN supply_order_line ON supply_order = id
       WHERE state IN ('waiting', 'asked') GROUP BY product`,
    )
    .all()
  return new Map(rows.map((row) => [row.product as string, row.codes as number]))
}
