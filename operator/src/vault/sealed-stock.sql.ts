import type { Sql } from '@scratchless/office/database/database'
import { shortFingerprint } from '@scratchless/office/vault/fingerprint'
import type { LotId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { StockProduct } from './stock-file.ts'
import type { ProductFacts, SealedLot, SealedLotEntry } from './verbs.ts'

export interface SealedLotRow {
  id: LotId
  product: ProductId
  code_digits: number
  expires_on: string
  codes: number
  wrapped_key: Buffer
  mac: Buffer
}

/** Any number: whoever holds this lock is the one who adds codes. Two at once could each miss the other's. */
const STOCK_LOCK = 7_204_131

/** Held to the end of the transaction. Waits as long as another file takes, whatever other locks may cost. */
export async function lockStock(sql: Sql): Promise<void> {
  // The planner's statistics are older than the rows of this transaction, and it would read a growing table from
  // end to end for each batch: ten times slower at 300,000 codes.
  await sql.query('SET LOCAL lock_timeout = 0; SET LOCAL enable_seqscan = off')
  await sql.query('SELECT pg_advisory_xact_lock($1)', [STOCK_LOCK])
}

export async function readStockProducts(sql: Sql): Promise<Map<string, StockProduct>> {
  const { rows } = await sql.query<{ id: string; code_digits: number; check_digit: 'none' | 'luhn' }>(
    'SELECT id, code_digits, check_digit FROM product',
  )
  return new Map(
    rows.map((row) => [row.id, { codeDigits: row.code_digits, checkDigit: row.check_digit }] as const),
  )
}

/** Those that are known by now are left as they are. */
export async function insertProducts(sql: Sql, products: readonly ProductFacts[]): Promise<void> {
  await sql.query(
    `INSERT INTO product (id, code_digits, check_digit)
     SELECT * FROM unnest($1::text[], $2::int[], $3::text[]) ON CONFLICT (id) DO NOTHING`,
    [
      products.map(({ id }) => id),
      products.map(({ codeDigits }) => codeDigits),
      products.map(({ checkDigit }) => checkDigit),
    ],
  )
}

/** Lots in the order in which they were closed, from the one after the first `known`; each with its packs. */
export async function readSealedLots(sql: Sql, known: number, limit: number): Promise<SealedLotEntry[]> {
  type Row = Omit<SealedLotEntry, 'activatedAt' | 'sealedAt'> & { activatedAt: Date | null; sealedAt: Date }
  const { rows } = await sql.query<Row>(
    `SELECT id AS lot, product, expires_on AS "expiresOn", codes, source, activated_at AS "activatedAt",
            sealed_at AS "sealedAt", brought_by AS "broughtBy", file_name AS "fileName", packs
       FROM (SELECT * FROM sealed_lot ORDER BY no OFFSET $1 LIMIT $2) AS lot,
            LATERAL (SELECT json_agg(json_build_array(id, first_serial, count) ORDER BY id) AS packs
                       FROM sealed_pack WHERE sealed_pack.lot = lot.id) AS held
      ORDER BY no`,
    [known, limit],
  )
  return rows.map((row) => ({
    ...row,
    activatedAt: row.activatedAt?.toISOString() ?? null,
    sealedAt: row.sealedAt.toISOString(),
  }))
}

export async function takeLotNumber(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ number: bigint }>("SELECT nextval('lot_number') AS number")
  return Number(rows[0]!.number)
}

/** Under the stock lock: packs are numbered without gaps or sequences, so that an attempt's are those from here. */
export async function readNextPack(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ next: bigint }>(
    'SELECT coalesce(max(id), 0) + 1 AS next FROM sealed_pack',
  )
  return Number(rows[0]!.next)
}

export async function findSealedLot(sql: Sql, lot: LotId): Promise<SealedLotRow | undefined> {
  const { rows } = await sql.query<SealedLotRow>(
    `SELECT id, product, code_digits, expires_on, codes, wrapped_key, mac FROM sealed_lot WHERE id = $1`,
    [lot],
  )
  return rows[0]
}

export async function insertSealedLot(
  sql: Sql,
  lot: Omit<SealedLotRow, 'wrapped_key' | 'mac'> & {
    wrapped_key: Uint8Array
    mac: Uint8Array
    source: 'file' | 'generator'
    activated_at: Date | null
    sealed_at: Date
    brought_by: string
    file_name: string | null
  },
): Promise<void> {
  await sql.query(
    `INSERT INTO sealed_lot (id, product, code_digits, expires_on, codes, source, activated_at, sealed_at,
                             wrapped_key, mac, brought_by, file_name)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      lot.id,
      lot.product,
      lot.code_digits,
      lot.expires_on,
      lot.codes,
      lot.source,
      lot.activated_at,
      lot.sealed_at,
      lot.wrapped_key,
      lot.mac,
      lot.brought_by,
      lot.file_name,
    ],
  )
}

export interface NewPack {
  readonly id: number
  readonly lot: LotId
  readonly firstSerial: number
  readonly count: number
  readonly firstIndex: number
  readonly sealed: Uint8Array
}

export async function insertSealedPacks(sql: Sql, packs: readonly NewPack[]): Promise<void> {
  await sql.query(
    `INSERT INTO sealed_pack (id, lot, first_serial, count, first_index, sealed)
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::int[], $5::bigint[], $6::bytea[])`,
    [
      packs.map(({ id }) => id),
      packs.map(({ lot }) => lot),
      packs.map(({ firstSerial }) => firstSerial),
      packs.map(({ count }) => count),
      packs.map(({ firstIndex }) => firstIndex),
      packs.map(({ sealed }) => sealed),
    ],
  )
}

/** One statement for some ten thousand codes, in the index's own order. */
export async function insertFingerprints(
  sql: Sql,
  packs: readonly { id: number; fingerprints: Float64Array }[],
): Promise<void> {
  // The driver's own array writer takes a microsecond a value; these hold nothing to escape.
  const ids = packs.map(({ id, fingerprints }) => new Array(fingerprints.length).fill(id).join(','))
  const places = packs.map(({ fingerprints }) => [...fingerprints.keys()].join(','))
  await sql.query(
    `INSERT INTO stock_fingerprint (fingerprint, pack, place)
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::int2[]) AS new (fingerprint, pack, place) ORDER BY fingerprint`,
    [
      `{${packs.map(({ fingerprints }) => fingerprints.join(',')).join(',')}}`,
      `{${ids.join(',')}}`,
      `{${places.join(',')}}`,
    ],
  )
}

/**
 * Those of the given fingerprints that a code in stock has, or one that this transaction added: one walk along the index.
 * Codes that came before fingerprints had 40 bits are found by their first 32.
 */
export async function findKnownFingerprints(
  sql: Sql,
  fingerprints: readonly Float64Array[],
): Promise<number[]> {
  const sorted = Float64Array.from(fingerprints.flatMap((some) => [...some])).sort()
  const { rows } = await sql.query<{ fingerprint: bigint }>(
    `SELECT fingerprint FROM stock_fingerprint WHERE fingerprint = ANY($1::bigint[])
      UNION
     SELECT asked.fingerprint FROM unnest($1::bigint[], $2::int[]) AS asked (fingerprint, short)
       JOIN code_fingerprint AS known ON known.fingerprint = asked.short
      WHERE EXISTS (SELECT FROM code_fingerprint)`,
    [`{${sorted.join(',')}}`, `{${Array.from(sorted, shortFingerprint).join(',')}}`],
  )
  return rows.map(({ fingerprint }) => Number(fingerprint))
}

export interface FingerprintedCode {
  /** As it was asked for. */
  fingerprint: bigint
  pack: bigint
  place: number
  lot: LotId
  /** Of its pack. */
  first_serial: bigint
  first_index: bigint
  count: number
  sealed: Buffer
}

/** Every code that has one of these fingerprints, with its pack: to be settled by opening it. */
export async function readCodesOf(sql: Sql, fingerprints: readonly number[]): Promise<FingerprintedCode[]> {
  const { rows } = await sql.query<FingerprintedCode>(
    `SELECT known.fingerprint, known.pack, known.place, lot, first_serial, first_index, count, sealed
       FROM (SELECT fingerprint, pack, place FROM stock_fingerprint WHERE fingerprint = ANY($1::bigint[])
              UNION ALL
             SELECT asked.fingerprint, pack, place FROM unnest($1::bigint[], $2::int[]) AS asked (fingerprint, short)
               JOIN code_fingerprint AS known ON known.fingerprint = asked.short) AS known
       JOIN sealed_pack ON sealed_pack.id = known.pack
      ORDER BY known.fingerprint, known.pack, known.place`,
    [fingerprints, fingerprints.map(shortFingerprint)],
  )
  return rows
}

interface SerialOverlap {
  /** The later pack, and the earlier one. */
  pack: bigint
  other: bigint
  /** The first serial that both have, how many there are, and where it stands in each. */
  overlap: number
  place: number
  other_place: number
}

/** Packs from `firstNew` on whose serials an earlier pack has. */
export async function findSerialOverlaps(
  sql: Sql,
  firstNew: number,
  limit: number,
): Promise<SerialOverlap[]> {
  const { rows } = await sql.query<SerialOverlap>(
    `SELECT fresh.id AS pack, known.id AS other,
            (least(fresh.first_serial + fresh.count, known.first_serial + known.count)
              - greatest(fresh.first_serial, known.first_serial))::int AS overlap,
            (greatest(fresh.first_serial, known.first_serial) - fresh.first_serial)::int AS place,
            (greatest(fresh.first_serial, known.first_serial) - known.first_serial)::int AS other_place
       FROM sealed_pack fresh
       JOIN sealed_pack known ON known.id < fresh.id
        AND int8range(known.first_serial, known.first_serial + known.count)
          && int8range(fresh.first_serial, fresh.first_serial + fresh.count)
      WHERE fresh.id >= $1
      LIMIT $2`,
    [firstNew, limit],
  )
  return rows
}

/** The serial after the last pack that overlaps these; null: none does. */
export async function findSerialAfterOverlap(sql: Sql, first: number, count: number): Promise<number | null> {
  const { rows } = await sql.query<{ next: bigint | null }>(
    `SELECT max(first_serial + count) AS next FROM sealed_pack
      WHERE int8range(first_serial, first_serial + count) && int8range($1::bigint, $1::bigint + $2::int)`,
    [first, count],
  )
  const next = rows[0]?.next ?? null
  return next === null ? null : Number(next)
}

export async function readSerialCounter(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ next_serial: bigint }>('SELECT next_serial FROM serial_counter')
  return Number(rows[0]!.next_serial)
}

export async function moveSerialCounter(sql: Sql, nextSerial: number): Promise<void> {
  await sql.query('UPDATE serial_counter SET next_serial = $1', [nextSerial])
}

/** The lots that a file became when it was taken; undefined where it never was. */
export async function findStockFile(sql: Sql, tag: Uint8Array): Promise<SealedLot[] | undefined> {
  const { rows } = await sql.query<SealedLot>(
    `SELECT sealed_lot.id AS lot, product, sealed_lot.codes, expires_on AS "expiresOn"
       FROM stock_file JOIN sealed_lot ON sealed_lot.id = ANY(lots)
      WHERE tag = $1 ORDER BY sealed_lot.id`,
    [tag],
  )
  return rows.length === 0 ? undefined : rows
}

export async function insertStockFile(
  sql: Sql,
  file: { tag: Uint8Array; lots: readonly LotId[]; codes: number; takenAt: Date },
): Promise<void> {
  await sql.query('INSERT INTO stock_file (tag, lots, codes, taken_at) VALUES ($1, $2, $3, $4)', [
    file.tag,
    file.lots,
    file.codes,
    file.takenAt,
  ])
}

/** The fingerprints of ended lots that go now, up to `most` codes', of the lots that ended first; how many went. */
export async function forgetEnded(
  sql: Sql,
  ended: { readonly before: string; readonly at: Date; readonly most: number },
): Promise<number> {
  const { rows } = await sql.query<{ id: LotId }>(
    'SELECT id FROM sealed_lot WHERE expires_on < $1 AND forgotten_at IS NULL ORDER BY expires_on, no LIMIT 1',
    [ended.before],
  )
  const [lot] = rows
  if (lot === undefined) return 0
  const { rowCount } = await sql.query(
    `DELETE FROM stock_fingerprint WHERE ctid = ANY(ARRAY(
       SELECT known.ctid FROM stock_fingerprint AS known JOIN sealed_pack ON sealed_pack.id = known.pack AND lot = $1
        WHERE known.pack BETWEEN (SELECT min(id) FROM sealed_pack WHERE lot = $1)
                             AND (SELECT max(id) FROM sealed_pack WHERE lot = $1)
        LIMIT $2))`,
    [lot.id, ended.most],
  )
  if (rowCount !== ended.most)
    await sql.query('UPDATE sealed_lot SET forgotten_at = $2 WHERE id = $1', [lot.id, ended.at])
  return rowCount ?? 0
}
