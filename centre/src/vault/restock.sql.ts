import type { Sql } from '@scratchless/office/database/database'
import type { LotRecord } from '@scratchless/office/vault/lot-record'
import type { MessageId, OperatorId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { SerialRange } from '@scratchless/voucher/serial'
import type { RestockOrder } from '@scratchless/wire/restock/restock-order'
import type { SealedPack } from './restock-worker-line.ts'

export async function insertSignedOrder(sql: Sql, order: RestockOrder): Promise<void> {
  await sql.query(
    `INSERT INTO vault_restock_line (order_id, operator, line_no, product_id, quantity)
     SELECT $1, $2, line_no, product, quantity
       FROM unnest($3::int[], $4::text[], $5::int[]) AS line (line_no, product, quantity)`,
    [
      order.id,
      order.receiver,
      order.lines.map(({ lineNo }) => lineNo),
      order.lines.map(({ product }) => product),
      order.lines.map(({ quantity }) => quantity),
    ],
  )
}

/** Once: a line that was answered keeps its first answer. */
export async function updateAcceptedLines(
  sql: Sql,
  order: { id: MessageId; operator: OperatorId },
  lines: readonly { lineNo: number; product: ProductId; accepted: number; unitPrice: string | null }[],
): Promise<void> {
  await sql.query(
    `UPDATE vault_restock_line AS line
        SET accepted = coalesce(answer.accepted, 0), unit_price = answer.unit_price
       FROM vault_restock_line AS same
       LEFT JOIN unnest($3::int[], $4::text[], $5::int[], $6::text[])
                 AS answer (line_no, product, accepted, unit_price)
         ON answer.line_no = same.line_no AND answer.product = same.product_id
      WHERE same.order_id = $1 AND same.operator = $2 AND same.accepted IS NULL
        AND line.order_id = same.order_id AND line.line_no = same.line_no`,
    [
      order.id,
      order.operator,
      lines.map(({ lineNo }) => lineNo),
      lines.map(({ product }) => product),
      lines.map(({ accepted }) => accepted),
      lines.map(({ unitPrice }) => unitPrice),
    ],
  )
}

export interface OrderLineRow {
  line_no: number
  product_id: string
  /** Null: the operator's answer was not opened yet. */
  accepted: number | null
  received: number
  unit_price: string | null
}

/** The lines of an order of ours to this operator; none where there is no such order. */
export async function readOrderLines(
  sql: Sql,
  orderId: MessageId,
  operator: OperatorId,
): Promise<OrderLineRow[]> {
  const { rows } = await sql.query<OrderLineRow>(
    `SELECT line_no, product_id, accepted, received, unit_price
       FROM vault_restock_line WHERE order_id = $1 AND operator = $2`,
    [orderId, operator],
  )
  return rows
}

export async function addReceived(
  sql: Sql,
  orderId: MessageId,
  lineNo: number,
  codes: number,
): Promise<void> {
  await sql.query(
    'UPDATE vault_restock_line SET received = received + $3 WHERE order_id = $1 AND line_no = $2',
    [orderId, lineNo, codes],
  )
}

export async function readProductDigits(
  sql: Sql,
  operator: OperatorId,
): Promise<{ id: ProductId; code_digits: number; check_digit: 'none' | 'luhn' }[]> {
  const { rows } = await sql.query<{ id: ProductId; code_digits: number; check_digit: 'none' | 'luhn' }>(
    'SELECT id, code_digits, check_digit FROM product WHERE operator = $1',
    [operator],
  )
  return rows
}

/** Parts of one operator are checked and stored one after the other, so that two cannot bring the same code. */
export async function lockOperatorStock(sql: Sql, operator: OperatorId): Promise<void> {
  await sql.query(`SELECT pg_advisory_xact_lock(hashtext('vault restock ' || $1))`, [operator])
}

export async function findDelivery(
  sql: Sql,
  operator: OperatorId,
  id: MessageId,
): Promise<{ payload_hash: Buffer; taken: string; receipt: Buffer } | undefined> {
  const { rows } = await sql.query<{ payload_hash: Buffer; taken: string; receipt: Buffer }>(
    'SELECT payload_hash, taken, receipt FROM vault_restock_delivery WHERE operator = $1 AND id = $2',
    [operator, id],
  )
  return rows[0]
}

export async function insertDelivery(
  sql: Sql,
  delivery: {
    operator: OperatorId
    id: MessageId
    payloadHash: Uint8Array
    taken: string
    receipt: Uint8Array
  },
): Promise<void> {
  await sql.query(
    `INSERT INTO vault_restock_delivery (operator, id, payload_hash, taken, receipt)
     VALUES ($1, $2, $3, $4, $5)`,
    [delivery.operator, delivery.id, delivery.payloadHash, delivery.taken, delivery.receipt],
  )
}

/** Whether a serial of these packs is here already. A pack has at most 1,000 codes, so none longer overlaps. */
export async function anySerialKnown(
  sql: Sql,
  operator: OperatorId,
  packs: readonly SerialRange[],
): Promise<boolean> {
  const { rows } = await sql.query(
    `SELECT FROM unnest($2::bigint[], $3::int[]) AS new (first_serial, count)
       JOIN vault_pack AS pack
         ON pack.operator = $1
        AND pack.first_serial > new.first_serial - 1000 AND pack.first_serial < new.first_serial + new.count
        AND pack.first_serial + pack.count > new.first_serial
      LIMIT 1`,
    [operator, packs.map(({ firstSerial }) => firstSerial), packs.map(({ count }) => count)],
  )
  return rows.length > 0
}

export interface MatchingCode {
  /** Index of the new code in its part. */
  index: number
  record_id: string
  lot_id: string
  product_id: string
  code_digits: number
  wrapped_key: Buffer
  mac: Buffer
  serial: bigint
  row_index: bigint
  sealed: Buffer
}

/** Places of codes, whoever's, that have one of these fingerprints. Few: 32 bits seldom meet. */
export async function findSameFingerprints(
  sql: Sql,
  fingerprints: readonly number[],
): Promise<{ fingerprint: number; place: number; pack_id: bigint }[]> {
  // A table that just grew has no statistics yet, and the planner would read all of it, for every part anew.
  await sql.query('SET LOCAL enable_seqscan = off')
  const { rows } = await sql.query<{ fingerprint: number; place: number; pack_id: bigint }>(
    'SELECT fingerprint, place, pack_id FROM vault_fingerprint WHERE fingerprint = ANY($1::int[])',
    [fingerprints],
  )
  await sql.query('SET LOCAL enable_seqscan = on')
  return rows
}

/** Those of these places that are this operator's codes: each to be settled by opening both. */
export async function readMatchingCodes(
  sql: Sql,
  operator: OperatorId,
  places: readonly { index: number; place: number; pack_id: bigint }[],
): Promise<MatchingCode[]> {
  const { rows } = await sql.query<MatchingCode>(
    `SELECT known.index, record.id AS record_id, record.lot_id, record.product_id,
            record.code_digits, record.wrapped_key, record.mac,
            pack.first_serial + known.place AS serial, pack.first_index + known.place AS row_index,
            substring(pack.sealed FROM known.place * (octet_length(pack.sealed) / pack.count) + 1
                                  FOR octet_length(pack.sealed) / pack.count) AS sealed
       FROM unnest($2::int[], $3::int[], $4::bigint[]) AS known (index, place, pack_id)
       JOIN vault_pack AS pack ON pack.id = known.pack_id AND pack.operator = $1
       JOIN vault_lot_record AS record ON record.id = pack.record_id`,
    [
      operator,
      places.map(({ index }) => index),
      places.map(({ place }) => place),
      places.map(({ pack_id }) => pack_id),
    ],
  )
  return rows
}

export async function insertLotRecord(sql: Sql, record: LotRecord<'centre'>): Promise<void> {
  const { binding } = record
  await sql.query(
    `INSERT INTO vault_lot_record (id, operator, lot_id, product_id, code_digits, wrapped_key, mac)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      record.recordId,
      binding.operator,
      binding.lot,
      binding.product,
      record.codeDigits,
      record.wrappedKey,
      record.mac,
    ],
  )
}

/** The new packs' ids, in the order given. */
export async function insertPacks(
  sql: Sql,
  operator: OperatorId,
  recordId: string,
  packs: readonly SealedPack[],
): Promise<bigint[]> {
  const { rows } = await sql.query<{ id: bigint; first_serial: bigint }>(
    `INSERT INTO vault_pack (operator, record_id, first_serial, count, first_index, sealed)
     SELECT $1, $2, first_serial, count, first_index, sealed
       FROM unnest($3::bigint[], $4::int[], $5::bigint[], $6::bytea[])
            AS new (first_serial, count, first_index, sealed)
     RETURNING id, first_serial`,
    [
      operator,
      recordId,
      packs.map(({ firstSerial }) => firstSerial),
      packs.map(({ count }) => count),
      packs.map(({ firstIndex }) => firstIndex),
      packs.map(({ sealed }) => Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)),
    ],
  )
  const idOf = new Map(rows.map(({ id, first_serial }) => [first_serial, id]))
  return packs.map(({ firstSerial }) => idOf.get(BigInt(firstSerial))!)
}

/** One row per code: fingerprint, place in its pack, pack. */
export async function insertFingerprints(
  sql: Sql,
  rows: { fingerprints: readonly number[]; places: readonly number[]; packIds: readonly bigint[] },
): Promise<void> {
  await sql.query(
    // In the index's own order, so that its pages are visited once.
    `INSERT INTO vault_fingerprint (fingerprint, place, pack_id)
     SELECT * FROM unnest($1::int[], $2::smallint[], $3::bigint[]) ORDER BY 1`,
    [rows.fingerprints, rows.places, rows.packIds],
  )
}
