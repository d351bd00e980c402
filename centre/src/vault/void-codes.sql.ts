import type { Sql } from '@scratchless/office/database/database'
import type { LotId, OperatorId } from '@scratchless/voucher/ids'
import type { SerialRange } from '@scratchless/voucher/serial'

interface LotOfOperator {
  readonly operator: OperatorId
  readonly lot: LotId
}
type OperatorRange = SerialRange & { readonly operator: OperatorId }

/** Makes the codes of a range void that are closed for nobody; how many of it are void now. */
export async function voidRange(sql: Sql, { operator, firstSerial, count }: OperatorRange): Promise<number> {
  const { rows } = await sql.query<{ codes: number }>(
    `WITH gone AS (
       UPDATE vault_pack AS pack SET void = pack.void | (touched.codes & ~pack.closed)
         FROM (SELECT operator, first_serial,
                      ((-1)::bit(1000) << (1000 - (upto - start)::int)) >> (start - first_serial)::int AS codes
                 FROM vault_pack, LATERAL (SELECT greatest(first_serial, $2::bigint) AS start,
                                                  least(first_serial + count, $2::bigint + $3::int) AS upto) AS cut
                WHERE operator = $1 AND first_serial > $2::bigint - 1000 AND first_serial < $2::bigint + $3::int
                  AND first_serial + count > $2::bigint) AS touched
        WHERE pack.operator = touched.operator AND pack.first_serial = touched.first_serial
       RETURNING bit_count(pack.void & touched.codes) AS codes)
     SELECT coalesce(sum(codes), 0)::int AS codes FROM gone`,
    [operator, firstSerial, count],
  )
  return rows[0]!.codes
}

/** The same of a lot. */
export async function voidLot(sql: Sql, { operator, lot }: LotOfOperator): Promise<number> {
  const { rows } = await sql.query<{ codes: number }>(
    `WITH gone AS (
       UPDATE vault_pack AS pack SET void = pack.void | (((-1)::bit(1000) << (1000 - count)) & ~pack.closed)
         FROM vault_lot_record AS record
        WHERE record.operator = $1 AND record.lot_id = $2 AND pack.record_id = record.id
       RETURNING bit_count(pack.void) AS codes)
     SELECT coalesce(sum(codes), 0)::int AS codes FROM gone`,
    [operator, lot],
  )
  return rows[0]!.codes
}

export async function insertVoidStock(
  sql: Sql,
  number: number,
  stock: LotOfOperator | OperatorRange,
): Promise<void> {
  const range = 'lot' in stock ? { firstSerial: null, count: null } : stock
  await sql.query(
    `INSERT INTO void_stock (number, operator, lot_id, first_serial, count) VALUES ($1, $2, $3, $4, $5)`,
    [number, stock.operator, 'lot' in stock ? stock.lot : null, range.firstSerial, range.count],
  )
}
