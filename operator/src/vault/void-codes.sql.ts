import type { Sql } from '@scratchless/office/database/database'
import type { LotId } from '@scratchless/voucher/ids'
import type { SerialRange } from '@scratchless/voucher/serial'

/** Makes the codes of a range void that are closed for nobody; how many of it are void now. */
export async function voidRange(sql: Sql, { firstSerial, count }: SerialRange): Promise<number> {
  const { rows } = await sql.query<{ codes: number }>(
    `WITH gone AS (
       UPDATE sealed_pack AS pack SET void = pack.void | (touched.codes & ~pack.closed)
         FROM (SELECT id, ((-1)::bit(1000) << (1000 - (upto - start)::int)) >> (start - first_serial)::int AS codes
                 FROM sealed_pack, LATERAL (SELECT greatest(first_serial, $1::bigint) AS start,
                                                   least(first_serial + count, $1::bigint + $2::int) AS upto) AS cut
                WHERE int8range(first_serial, first_serial + count) && int8range($1::bigint, $1::bigint + $2::int)) AS touched
        WHERE pack.id = touched.id
       RETURNING bit_count(pack.void & touched.codes) AS codes)
     SELECT coalesce(sum(codes), 0)::int AS codes FROM gone`,
    [firstSerial, count],
  )
  return rows[0]!.codes
}

/** The same of a lot. */
export async function voidLot(sql: Sql, { lot }: { readonly lot: LotId }): Promise<number> {
  const { rows } = await sql.query<{ codes: number }>(
    `WITH gone AS (
       UPDATE sealed_pack SET void = void | (((-1)::bit(1000) << (1000 - count)) & ~closed) WHERE lot = $1
       RETURNING bit_count(void) AS codes)
     SELECT coalesce(sum(codes), 0)::int AS codes FROM gone`,
    [lot],
  )
  return rows[0]!.codes
}

export async function insertVoidStock(
  sql: Sql,
  number: number,
  stock: { readonly lot: LotId } | SerialRange,
): Promise<void> {
  const range = 'lot' in stock ? { firstSerial: null, count: null } : stock
  await sql.query('INSERT INTO void_stock (number, lot, first_serial, count) VALUES ($1, $2, $3, $4)', [
    number,
    'lot' in stock ? stock.lot : null,
    range.firstSerial,
    range.count,
  ])
}
