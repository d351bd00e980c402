import type { Sql } from '@scratchless/office/database/database'
import type { CentreId, DepotId, LotId, MessageId } from '@scratchless/voucher/ids'
import { type Currency, type Money, money } from '@scratchless/voucher/money'
import { serialFromNumber, serialToNumber } from '@scratchless/voucher/serial'
import type { RestockReceipt } from '@scratchless/wire/restock/restock-receipt'
import type { PlannedPart } from '../stock/allocation.ts'
import type { DeliveryPlan } from '../vault/verbs.ts'
import { type LineDecision, ROUNDING } from './order-decision.ts'

export async function insertOrder(
  sql: Sql,
  order: {
    id: MessageId
    partner: CentreId
    depot: DepotId
    verdict: string
    reason: string | null
    receivedAt: Date
    expiresAt: string
  },
): Promise<void> {
  await sql.query(
    `INSERT INTO restock_order (id, partner, depot, verdict, reason, received_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [order.id, order.partner, order.depot, order.verdict, order.reason, order.receivedAt, order.expiresAt],
  )
}

export async function insertOrderLines(
  sql: Sql,
  orderId: MessageId,
  lines: readonly LineDecision[],
): Promise<void> {
  await sql.query(
    `INSERT INTO restock_order_line (order_id, line_no, product, ordered, accepted, unit_price_minor, currency,
                                     discount_basis_points, rounding, reason)
     SELECT $1, line_no, product, ordered, accepted, price, currency, discount,
            CASE WHEN price IS NOT NULL THEN $2 END, reason
       FROM unnest($3::int[], $4::text[], $5::int[], $6::int[], $7::bigint[], $8::text[], $9::int[], $10::text[])
         AS line (line_no, product, ordered, accepted, price, currency, discount, reason)`,
    [
      orderId,
      ROUNDING,
      lines.map(({ lineNo }) => lineNo),
      lines.map(({ product }) => product),
      lines.map(({ ordered }) => ordered),
      lines.map(({ accepted }) => accepted),
      lines.map(({ unitPrice }) => unitPrice?.amountMinor ?? null),
      lines.map(({ unitPrice }) => unitPrice?.currency ?? null),
      lines.map(({ discountBasisPoints }) => discountBasisPoints),
      lines.map(({ reason }) => reason),
    ],
  )
}

/** Plans a line's parts, numbered from 1, under the ids given. */
export async function insertDeliveries(
  sql: Sql,
  line: { orderId: MessageId; lineNo: number; issuedAt: Date },
  parts: readonly (PlannedPart & { id: MessageId })[],
): Promise<void> {
  await sql.query(
    `INSERT INTO restock_delivery (id, order_id, line_no, part, parts, lot, codes, issued_at, activated_on)
     SELECT part.id, $1, $2, n, $3, part.lot, part.codes, $4, part.activated_on
       FROM unnest($5::uuid[], $6::text[], $7::int[], $8::timestamptz[]) WITH ORDINALITY
         AS part (id, lot, codes, activated_on, n)
      ORDER BY n`,
    [
      line.orderId,
      line.lineNo,
      parts.length,
      line.issuedAt,
      parts.map(({ id }) => id),
      parts.map(({ lot }) => lot),
      parts.map(({ codes }) => codes),
      parts.map(({ activatedAt }) => activatedAt),
    ],
  )
  const runs = parts.flatMap(({ id, runs }) => runs.map((run) => ({ id, ...run })))
  await sql.query(
    `INSERT INTO restock_run (delivery_id, pack, first_serial, count)
     SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::int[])`,
    [
      runs.map(({ id }) => id),
      runs.map(({ pack }) => pack),
      runs.map(({ firstSerial }) => serialToNumber(firstSerial)),
      runs.map(({ count }) => count),
    ],
  )
}

/** Parts that nobody has closed yet, in the order of their planning, without those under way. */
export async function findPlannedDeliveries(
  sql: Sql,
  except: readonly MessageId[],
  limit: number,
): Promise<DeliveryPlan[]> {
  const { rows } = await sql.query<{
    id: MessageId
    partner: CentreId
    issued_at: Date
    order_id: MessageId
    line_no: number
    part: number
    parts: number
    lot: LotId
    activated_on: Date | null
    unit_price_minor: bigint
    currency: Currency
    packs: string[]
    serials: string[]
    counts: number[]
  }>(
    `SELECT delivery.id, partner, issued_at, delivery.order_id, delivery.line_no, part, parts, lot, activated_on,
            unit_price_minor, currency, run.packs, run.serials, run.counts
       FROM restock_delivery delivery
       JOIN restock_order ON restock_order.id = delivery.order_id
       JOIN restock_order_line line ON line.order_id = delivery.order_id AND line.line_no = delivery.line_no
      CROSS JOIN LATERAL (
        SELECT array_agg(pack::text ORDER BY first_serial) AS packs,
               array_agg(first_serial::text ORDER BY first_serial) AS serials,
               array_agg(count ORDER BY first_serial) AS counts
          FROM restock_run WHERE delivery_id = delivery.id) run
      WHERE state = 'planned' AND delivery.id <> ALL($1::uuid[])
      ORDER BY position LIMIT $2`,
    [except, limit],
  )
  return rows.map((row) => ({
    id: row.id,
    partner: row.partner,
    issuedAt: row.issued_at.toISOString(),
    orderId: row.order_id,
    orderLineNo: row.line_no,
    part: row.part,
    parts: row.parts,
    lot: row.lot,
    activatedOn: row.activated_on?.toISOString() ?? null,
    unitPrice: money(row.unit_price_minor, row.currency),
    runs: row.packs.map((pack, index) => ({
      pack: BigInt(pack),
      firstSerial: serialFromNumber(Number(row.serials[index])),
      count: row.counts[index]!,
    })),
  }))
}

/** False where it is no longer planned. */
export async function markDespatched(sql: Sql, id: MessageId): Promise<boolean> {
  const { rowCount } = await sql.query(
    `UPDATE restock_delivery SET state = 'despatched' WHERE id = $1 AND state = 'planned'`,
    [id],
  )
  return rowCount === 1
}

/** Settles a part by its receipt, once; returns its codes and price, or null where no such part waits for one. */
export async function settleDelivery(
  sql: Sql,
  id: MessageId,
  receipt: {
    readonly verdict: 'taken' | 'refused'
    readonly count: number
    readonly reason?: string | undefined
    /** Absent where the partner did not understand the part, and so names no order. */
    readonly orderId?: MessageId
  },
  settledAt: Date,
): Promise<{ codes: number; unitPrice: Money } | null> {
  const { rows } = await sql.query<{ codes: number; unit_price_minor: bigint; currency: Currency }>(
    `UPDATE restock_delivery delivery SET state = $2, codes_taken = $3, reason = $4, settled_at = $5
       FROM restock_order_line line
      WHERE id = $1 AND delivery.order_id = coalesce($6, delivery.order_id) AND state = 'despatched' AND codes >= $3
        AND line.order_id = delivery.order_id AND line.line_no = delivery.line_no
     RETURNING codes, unit_price_minor, currency`,
    [id, receipt.verdict, receipt.count, receipt.reason ?? null, settledAt, receipt.orderId ?? null],
  )
  const row = rows[0]
  return row === undefined ? null : { codes: row.codes, unitPrice: money(row.unit_price_minor, row.currency) }
}

export async function insertDuplicates(sql: Sql, receipt: RestockReceipt): Promise<void> {
  await sql.query(
    `INSERT INTO restock_duplicate (delivery_id, serial) SELECT $1, * FROM unnest($2::bigint[])
     ON CONFLICT DO NOTHING`,
    [receipt.deliveryId, receipt.duplicates.map(({ serial }) => serialToNumber(serial))],
  )
}

export interface OrderView {
  id: MessageId
  partner: CentreId
  /** The centre's name of the stock that it is for; null: it did not say. */
  depot: DepotId | null
  verdict: 'accepted' | 'partly' | 'refused'
  reason: string | null
  receivedAt: Date
  lines: { lineNo: number; product: string; ordered: number; accepted: number; reason: string | null }[]
}

export async function listOrders(sql: Sql, limit: number): Promise<OrderView[]> {
  const { rows } = await sql.query<OrderView>(
    `SELECT id, partner, depot, verdict, reason, received_at AS "receivedAt",
            (SELECT coalesce(json_agg(json_build_object('lineNo', line_no, 'product', product, 'ordered', ordered,
                                               'accepted', accepted, 'reason', reason) ORDER BY line_no), '[]')
               FROM restock_order_line WHERE order_id = restock_order.id) AS lines
       FROM restock_order ORDER BY received_at DESC, id LIMIT $1`,
    [limit],
  )
  return rows
}

export interface DeliveryView {
  id: MessageId
  orderId: MessageId
  lineNo: number
  part: number
  parts: number
  lot: LotId
  product: string
  codes: number
  state: 'planned' | 'despatched' | 'taken' | 'refused'
  codesTaken: number | null
  reason: string | null
  issuedAt: Date
  settledAt: Date | null
}

export async function listDeliveries(sql: Sql, limit: number): Promise<DeliveryView[]> {
  const { rows } = await sql.query<DeliveryView>(
    `SELECT delivery.id, order_id AS "orderId", line_no AS "lineNo", part, parts, lot, product,
            delivery.codes, state, codes_taken AS "codesTaken", reason, issued_at AS "issuedAt",
            settled_at AS "settledAt"
       FROM restock_delivery delivery JOIN lot ON lot.id = delivery.lot
      ORDER BY position DESC LIMIT $1`,
    [limit],
  )
  return rows
}
