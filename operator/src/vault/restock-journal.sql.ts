import type { Sql } from '@scratchless/office/database/database'
import type { CentreId, LotId, MessageId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { DeliveryPlan } from './verbs.ts'

/** False where the order's id is known. */
export async function insertVerifiedOrder(
  sql: Sql,
  order: { id: MessageId; partner: CentreId; payloadHash: Uint8Array; verifiedAt: Date },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO verified_order (id, partner, payload_hash, verified_at)
     VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`,
    [order.id, order.partner, order.payloadHash, order.verifiedAt],
  )
  return rowCount === 1
}

export async function insertVerifiedLines(
  sql: Sql,
  orderId: MessageId,
  lines: readonly { lineNo: number; product: string; quantity: number }[],
): Promise<void> {
  await sql.query(
    `INSERT INTO verified_order_line (order_id, line_no, product, ordered)
     SELECT $1, * FROM unnest($2::int[], $3::text[], $4::int[])`,
    [
      orderId,
      lines.map(({ lineNo }) => lineNo),
      lines.map(({ product }) => product),
      lines.map(({ quantity }) => quantity),
    ],
  )
}

export async function findVerifiedOrder(
  sql: Sql,
  id: MessageId,
): Promise<{ partner: CentreId; payload_hash: Buffer } | undefined> {
  const { rows } = await sql.query<{ partner: CentreId; payload_hash: Buffer }>(
    'SELECT partner, payload_hash FROM verified_order WHERE id = $1',
    [id],
  )
  return rows[0]
}

export interface VerifiedLineRow {
  line_no: number
  product: ProductId
  ordered: number
}

export async function readVerifiedLines(sql: Sql, orderId: MessageId): Promise<VerifiedLineRow[]> {
  const { rows } = await sql.query<VerifiedLineRow>(
    'SELECT line_no, product, ordered FROM verified_order_line WHERE order_id = $1 ORDER BY line_no',
    [orderId],
  )
  return rows
}

export async function findVerifiedLine(
  sql: Sql,
  plan: Pick<DeliveryPlan, 'partner' | 'orderId' | 'orderLineNo'>,
): Promise<{ product: ProductId } | undefined> {
  const { rows } = await sql.query<{ product: ProductId }>(
    `SELECT product FROM verified_order_line JOIN verified_order ON id = order_id
      WHERE order_id = $1 AND line_no = $2 AND partner = $3`,
    [plan.orderId, plan.orderLineNo, plan.partner],
  )
  return rows[0]
}

/** False where the signed order has no such quantity left. */
export async function countClosed(
  sql: Sql,
  line: { orderId: MessageId; orderLineNo: number },
  codes: number,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `UPDATE verified_order_line SET closed = closed + $3
      WHERE order_id = $1 AND line_no = $2 AND closed + $3 <= ordered`,
    [line.orderId, line.orderLineNo, codes],
  )
  return rowCount === 1
}

export async function findClosedDelivery(
  sql: Sql,
  id: MessageId,
): Promise<{ plan_hash: Buffer; bytes: Buffer } | undefined> {
  const { rows } = await sql.query<{ plan_hash: Buffer; bytes: Buffer }>(
    'SELECT plan_hash, bytes FROM closed_delivery WHERE id = $1',
    [id],
  )
  return rows[0]
}

/** False where another thread closed the same delivery a moment ago. */
export async function insertClosedDelivery(
  sql: Sql,
  plan: Pick<DeliveryPlan, 'id' | 'orderId' | 'orderLineNo'>,
  closed: { codes: number; planHash: Uint8Array; bytes: Uint8Array; closedAt: Date },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO closed_delivery (id, order_id, line_no, codes, plan_hash, bytes, closed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
    [plan.id, plan.orderId, plan.orderLineNo, closed.codes, closed.planHash, closed.bytes, closed.closedAt],
  )
  return rowCount === 1
}

export interface SealedRunRow {
  pack: bigint
  /** The run's place in its pack. */
  offset: number
  /** Of the pack. */
  first_serial: bigint
  first_index: bigint
  count: number
  /** A code of it is closed already, or void. */
  gone: boolean
  sealed: Buffer
}

/** The packs of runs, in the runs' order; a run that is not within its pack of this lot is missing. */
export async function readSealedRuns(
  sql: Sql,
  lot: LotId,
  runs: { packs: readonly bigint[]; firstSerials: readonly number[]; counts: readonly number[] },
): Promise<SealedRunRow[]> {
  const { rows } = await sql.query<SealedRunRow>(
    `SELECT pack.id AS pack, (run.first_serial - pack.first_serial)::int AS "offset",
            pack.first_serial, pack.first_index, pack.count,
            (closed | void) & (((-1)::bit(1000) << (1000 - run.count)) >> (run.first_serial - pack.first_serial)::int)
              <> 0::bit(1000) AS gone,
            pack.sealed
       FROM unnest($2::bigint[], $3::bigint[], $4::int[]) WITH ORDINALITY AS run (pack, first_serial, count, n)
       JOIN sealed_pack pack ON pack.id = run.pack AND pack.lot = $1
        AND run.first_serial >= pack.first_serial
        AND run.first_serial + run.count <= pack.first_serial + pack.count
      ORDER BY run.n`,
    [lot, runs.packs, runs.firstSerials, runs.counts],
  )
  return rows
}

/** Marks runs as closed, all of them or none: false where a code of them is closed or void, or named twice. */
export async function markClosed(
  sql: Sql,
  runs: { packs: readonly bigint[]; offsets: readonly number[]; counts: readonly number[] },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `UPDATE sealed_pack AS pack SET closed = pack.closed | run.codes
       FROM (SELECT pack, sum(count) AS count, bit_or(((-1)::bit(1000) << (1000 - count)) >> place) AS codes
               FROM unnest($1::bigint[], $2::int[], $3::int[]) AS run (pack, place, count) GROUP BY pack) AS run
      WHERE pack.id = run.pack AND pack.closed & run.codes = 0::bit(1000)
        AND pack.void & run.codes = 0::bit(1000) AND bit_count(run.codes) = run.count`,
    [runs.packs, runs.offsets, runs.counts],
  )
  return rowCount === new Set(runs.packs).size
}
