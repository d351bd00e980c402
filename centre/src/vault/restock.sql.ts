import { pipeline } from 'node:stream/promises'
import type { Sql, SqlClient } from '@scratchless/office/database/database'
import type { SealedPack } from '@scratchless/office/vault/closing'
import { fingerprintSpace } from '@scratchless/office/vault/fingerprint'
import type { LotRecord } from '@scratchless/office/vault/lot-record'
import type { DepotId, MessageId, OperatorId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { SerialRange } from '@scratchless/voucher/serial'
import type { RestockOrder } from '@scratchless/wire/restock/restock-order'
import { from as copyFrom } from 'pg-copy-streams'
import type { ProductFacts } from './verbs.ts'

export async function insertSignedOrder(sql: Sql, order: RestockOrder): Promise<void> {
  await sql.query(
    `INSERT INTO vault_restock_line (order_id, operator, depot_id, line_no, product_id, quantity)
     SELECT $1, $2, $3, line_no, product, quantity
       FROM unnest($4::int[], $5::text[], $6::int[]) AS line (line_no, product, quantity)`,
    [
      order.id,
      order.receiver,
      order.depot,
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

interface OrderLineRow {
  depot_id: DepotId
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
    `SELECT depot_id, line_no, product_id, accepted, received, unit_price
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

interface ProductRow {
  id: ProductId
  operator: OperatorId
  code_digits: number
  check_digit: 'none' | 'luhn'
}

export async function readProducts(sql: Sql): Promise<ProductRow[]> {
  const { rows } = await sql.query<ProductRow>('SELECT id, operator, code_digits, check_digit FROM product')
  return rows
}

export async function readProductsOf(sql: Sql, operator: OperatorId): Promise<ProductRow[]> {
  return (await readProducts(sql)).filter((product) => product.operator === operator)
}

/** Those that are known by now are left as they are. */
export async function insertProducts(sql: Sql, products: readonly ProductFacts[]): Promise<void> {
  await sql.query(
    `INSERT INTO product (id, operator, code_digits, check_digit)
     SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[]) ON CONFLICT (id) DO NOTHING`,
    [
      products.map(({ id }) => id),
      products.map(({ operator }) => operator),
      products.map(({ codeDigits }) => codeDigits),
      products.map(({ checkDigit }) => checkDigit),
    ],
  )
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
  /** Its place in its pack. */
  place: number
  first_serial: bigint
  first_index: bigint
  count: number
  sealed: Buffer
}

/**
 * Serials of codes that have one of these fingerprints (`{1,2,…}`, the worker's text, lowest first): one walk along the
 * index, page after page. Few: 40 bits seldom meet.
 */
export async function findSameFingerprints(
  sql: Sql,
  fingerprints: string,
): Promise<{ fingerprint: number; serial: bigint }[]> {
  // A table that just grew has no statistics yet, and the planner would read all of it, for every part anew.
  await sql.query('SET LOCAL enable_seqscan = off')
  const { rows } = await sql.query<{ fingerprint: bigint; serial: bigint }>(SAME_FINGERPRINTS, [fingerprints])
  await sql.query('SET LOCAL enable_seqscan = on')
  return rows.map(({ fingerprint, serial }) => ({ fingerprint: Number(fingerprint), serial }))
}

export const SAME_FINGERPRINTS =
  'SELECT fingerprint, serial FROM vault_code_fingerprint WHERE fingerprint = ANY($1::bigint[])'

/** The same in what came before fingerprints had 40 bits: by their first 32, of whichever operator and length. */
export async function findShortFingerprints(
  sql: Sql,
  fingerprints: () => Int32Array,
): Promise<{ fingerprint: number; serial: bigint }[]> {
  const { rowCount } = await sql.query('SELECT FROM vault_fingerprint LIMIT 1')
  if (rowCount === 0) return []
  await sql.query('SET LOCAL enable_seqscan = off')
  const { rows } = await sql.query<{ fingerprint: number; serial: bigint }>(
    'SELECT fingerprint, serial FROM vault_fingerprint WHERE fingerprint = ANY($1::int[])',
    [`{${fingerprints().join(',')}}`],
  )
  await sql.query('SET LOCAL enable_seqscan = on')
  return rows
}

/** This operator's codes of these serials: each to be settled by opening both. */
export async function readMatchingCodes(
  sql: Sql,
  operator: OperatorId,
  matches: readonly { index: number; serial: bigint }[],
): Promise<MatchingCode[]> {
  const { rows } = await sql.query<MatchingCode>(
    `SELECT known.index, record.id AS record_id, record.lot_id, record.product_id,
            record.code_digits, record.wrapped_key, record.mac, (known.serial - pack.first_serial)::int AS place,
            pack.first_serial, pack.first_index, pack.count, pack.sealed
       FROM unnest($2::int[], $3::bigint[]) AS known (index, serial)
       JOIN vault_pack AS pack
         ON pack.operator = $1 AND pack.first_serial > known.serial - 1000
        AND pack.first_serial <= known.serial AND pack.first_serial + pack.count > known.serial
       JOIN vault_lot_record AS record ON record.id = pack.record_id`,
    [operator, matches.map(({ index }) => index), matches.map(({ serial }) => serial)],
  )
  return rows
}

export async function insertLotRecord(
  sql: Sql,
  record: LotRecord<'centre'>,
  expiresOn: string,
): Promise<void> {
  const { binding } = record
  await sql.query(
    `INSERT INTO vault_lot_record (id, operator, lot_id, product_id, code_digits, wrapped_key, mac, expires_on)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      record.recordId,
      binding.operator,
      binding.lot,
      binding.product,
      record.codeDigits,
      record.wrappedKey,
      record.mac,
      expiresOn,
    ],
  )
}

export async function insertPacks(
  sql: Sql,
  { depot, operator }: { readonly depot: DepotId; readonly operator: OperatorId },
  recordId: string,
  packs: readonly SealedPack<'centre'>[],
): Promise<void> {
  await sql.query(
    `INSERT INTO vault_pack (depot_id, operator, record_id, first_serial, count, first_index, sealed)
     SELECT $1, $2, $3, * FROM unnest($4::bigint[], $5::int[], $6::bigint[], $7::bytea[])`,
    [
      depot,
      operator,
      recordId,
      packs.map(({ firstSerial }) => firstSerial),
      packs.map(({ count }) => count),
      packs.map(({ firstIndex }) => firstIndex),
      packs.map(({ sealed }) => Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)),
    ],
  )
}

/** One row per code, as the worker wrote them: `fingerprintCopy`. */
export async function copyFingerprints(sql: SqlClient, rows: Uint8Array): Promise<void> {
  const stream = sql.query(
    copyFrom('COPY vault_code_fingerprint (fingerprint, serial) FROM STDIN (FORMAT binary)'),
  )
  await pipeline([rows], stream)
}

/**
 * Lets the fingerprints of an operator's ended lots go, up to `most` records' (a part's codes each), those that ended
 * first; how many records it forgot. Where another operator has the same serials, its rows stay.
 */
export async function forgetEnded(
  sql: Sql,
  operator: OperatorId,
  ended: { readonly before: string; readonly at: Date; readonly most: number },
): Promise<number> {
  const { rows } = await sql.query<{ id: string; code_digits: number }>(
    `UPDATE vault_lot_record SET forgotten_at = $3
      WHERE id IN (SELECT id FROM vault_lot_record
                    WHERE operator = $1 AND expires_on < $2 AND forgotten_at IS NULL
                    ORDER BY expires_on LIMIT $4)
     RETURNING id, code_digits`,
    [operator, ended.before, ended.at, ended.most],
  )
  for (const { id, code_digits } of rows)
    await sql.query(
      `DELETE FROM vault_code_fingerprint AS gone USING vault_pack AS pack
        WHERE pack.record_id = $1 AND gone.serial >= pack.first_serial AND gone.serial < pack.first_serial + pack.count
          AND gone.fingerprint >> 40 = $2`,
      [id, fingerprintSpace(operator, code_digits)],
    )
  return rows.length
}
