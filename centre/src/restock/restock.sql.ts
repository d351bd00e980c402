import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, LotId, MessageId, OperatorId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { SerialRange } from '@scratchless/voucher/serial'
import type { RestockOrder } from '@scratchless/wire/restock/restock-order'

export async function insertRestockOrder(
  sql: Sql,
  order: Omit<RestockOrder, 'auditHead'>,
  orderedBy: string,
): Promise<void> {
  await sql.query(
    `INSERT INTO restock_order (id, operator, depot_id, ordered_at, expires_at, ordered_by)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [order.id, order.receiver, order.depot, order.issuedAt, order.expiresAt, orderedBy],
  )
  await sql.query(
    `INSERT INTO restock_order_line (order_id, line_no, product_id, quantity)
     SELECT $1, * FROM unnest($2::int[], $3::text[], $4::int[])`,
    [
      order.id,
      order.lines.map(({ lineNo }) => lineNo),
      order.lines.map(({ product }) => product),
      order.lines.map(({ quantity }) => quantity),
    ],
  )
}

export async function updateOrderVerdict(
  sql: Sql,
  id: MessageId,
  verdict: 'accepted' | 'partly' | 'refused',
  reason: string | null,
): Promise<void> {
  await sql.query(`UPDATE restock_order SET state = $2, reason = $3 WHERE id = $1 AND state = 'waiting'`, [
    id,
    verdict,
    reason,
  ])
}

export async function updateOrderLines(
  sql: Sql,
  id: MessageId,
  lines: readonly {
    lineNo: number
    accepted: number
    unitPriceMinor: bigint | null
    reason: string | null
  }[],
): Promise<void> {
  await sql.query(
    `UPDATE restock_order_line AS line
        SET accepted = answer.accepted, unit_price_minor = answer.unit_price_minor, reason = answer.reason
       FROM unnest($2::int[], $3::int[], $4::bigint[], $5::text[])
            AS answer (line_no, accepted, unit_price_minor, reason)
      WHERE line.order_id = $1 AND line.line_no = answer.line_no`,
    [
      id,
      lines.map(({ lineNo }) => lineNo),
      lines.map(({ accepted }) => accepted),
      lines.map(({ unitPriceMinor }) => unitPriceMinor),
      lines.map(({ reason }) => reason),
    ],
  )
}

/** Returns what each code of it costs, as the operator's answer to the order said; null where no such line stands. */
export async function insertRestockDelivery(
  sql: Sql,
  delivery: {
    id: MessageId
    operator: OperatorId
    orderId: MessageId
    lineNo: number
    part: number
    parts: number
    lot: LotId
    product: ProductId
    verdict: 'taken' | 'refused'
    reason: string | null
    codes: number
    receivedAt: Date
  },
): Promise<bigint | null> {
  const { rows } = await sql.query<{ unit_cost_minor: bigint | null }>(
    `INSERT INTO restock_delivery (id, operator, order_id, line_no, part, parts, lot_id, product_id, verdict,
                                   reason, codes, received_at, unit_cost_minor)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
            (SELECT unit_price_minor FROM restock_order_line WHERE order_id = $3 AND line_no = $4)
     RETURNING unit_cost_minor`,
    [
      delivery.id,
      delivery.operator,
      delivery.orderId,
      delivery.lineNo,
      delivery.part,
      delivery.parts,
      delivery.lot,
      delivery.product,
      delivery.verdict,
      delivery.reason,
      delivery.codes,
      delivery.receivedAt,
    ],
  )
  return rows[0]!.unit_cost_minor
}

/** For which depot an order of ours is. */
export async function readDepotOfOrder(sql: Sql, id: MessageId): Promise<DepotId> {
  const { rows } = await sql.query<{ depot_id: DepotId }>(
    'SELECT depot_id FROM restock_order WHERE id = $1',
    [id],
  )
  const [row] = rows
  if (row === undefined) throw new Error(`restock order ${id} is not in the books`)
  return row.depot_id
}

/** A later part of a known lot changes nothing of it. */
export async function insertLot(
  sql: Sql,
  lot: {
    depot: DepotId
    operator: OperatorId
    id: LotId
    product: ProductId
    expiresOn: string
    activatedOn: string | null
  },
): Promise<void> {
  await sql.query(
    `INSERT INTO lot (depot_id, operator, id, product_id, expires_on, activated_on)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (depot_id, operator, id) DO NOTHING`,
    [lot.depot, lot.operator, lot.id, lot.product, lot.expiresOn, lot.activatedOn],
  )
}

export async function insertPacks(
  sql: Sql,
  delivery: {
    depot: DepotId
    operator: OperatorId
    lot: LotId
    product: ProductId
    id: MessageId
    expiresOn: string
    activatedOn: string | null
  },
  packs: readonly SerialRange[],
): Promise<void> {
  await sql.query(
    `INSERT INTO pack (depot_id, operator, lot_id, product_id, delivery_id, expires_on, activated_on,
                       first_serial, count)
     SELECT $1, $2, $3, $4, $5, $6, $7, * FROM unnest($8::bigint[], $9::int[])`,
    [
      delivery.depot,
      delivery.operator,
      delivery.lot,
      delivery.product,
      delivery.id,
      delivery.expiresOn,
      delivery.activatedOn,
      packs.map(({ firstSerial }) => firstSerial),
      packs.map(({ count }) => count),
    ],
  )
}

export async function addLineReceived(
  sql: Sql,
  orderId: MessageId,
  lineNo: number,
  codes: number,
): Promise<void> {
  await sql.query(
    'UPDATE restock_order_line SET received = received + $3 WHERE order_id = $1 AND line_no = $2',
    [orderId, lineNo, codes],
  )
}

export interface OrderRow {
  id: string
  operator: string
  depot_id: DepotId
  ordered_at: Date
  state: 'waiting' | 'accepted' | 'partly' | 'refused'
  reason: string | null
  lines: {
    product: string
    quantity: number
    accepted: number
    received: number
    unit_price_minor: number | null
    reason: string | null
  }[]
}

/** The newest orders first. */
export async function readRestockOrders(sql: Sql, limit: number): Promise<OrderRow[]> {
  const { rows } = await sql.query<OrderRow>(
    `SELECT id, operator, depot_id, ordered_at, state, reason,
            (SELECT json_agg(json_build_object(
                      'product', product_id, 'quantity', quantity, 'accepted', accepted, 'received', received,
                      'unit_price_minor', unit_price_minor, 'reason', reason) ORDER BY line_no)
               FROM restock_order_line WHERE order_id = restock_order.id) AS lines
       FROM restock_order ORDER BY ordered_at DESC, id LIMIT $1`,
    [limit],
  )
  return rows
}
