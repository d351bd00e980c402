// Codes at the terminals of shops that may not be sold: found when a case is opened or a lot held, and let go with it.

import type { Sql } from '@scratchless/office/database/database'
import type { LotId, OperatorId, RetailerId } from '@scratchless/voucher/ids'
import type { SerialNumber, SerialRange } from '@scratchless/voucher/serial'
import type { ShopSettings } from '@scratchless/wire/supply/shop-settings'

type Why = ShopSettings['barred'][number]['why']

/** Runs given to a terminal, as far as they lie between `start` and `upto`, not all of whose codes are reported sold. */
const AT_SHOPS = `
    JOIN supply_order AS "order" ON "order".depot_id = run.depot_id AND "order".terminal_id = run.terminal_id
     AND "order".sequence = run.sequence AND "order".state <> 'withheld'
    JOIN terminal ON terminal.id = run.terminal_id`
const NOT_ALL_SOLD = `
    coalesce(bit_count(substring(run.sold FROM (start - run.first_serial)::int + 1 FOR (upto - start)::int)), 0)
      < upto - start`

/** For each shop that has codes of a case's range one row, from the first of them to the last. */
export async function insertBarredOfCase(
  sql: Sql,
  barred: SerialRange & { operator: OperatorId; why: Why; codeCase: string; since: Date },
): Promise<void> {
  await sql.query(
    `INSERT INTO barred_range (retailer_id, operator, first_serial, count, why, code_case, since)
     SELECT terminal.retailer_id, $1, min(start), (max(upto) - min(start))::int, $4, $5, $6
       FROM supply_run AS run ${AT_SHOPS},
            LATERAL (SELECT greatest(run.first_serial, $2::bigint) AS start,
                            least(run.first_serial + run.count, $2::bigint + $3::int) AS upto) AS cut
      WHERE run.depot_id = ANY(ARRAY(SELECT id FROM depot)) AND run.operator = $1
        AND run.first_serial > $2::bigint - 1000 AND run.first_serial < $2::bigint + $3::int
        AND run.first_serial + run.count > $2::bigint AND ${NOT_ALL_SOLD}
      GROUP BY terminal.retailer_id ORDER BY terminal.retailer_id`,
    [barred.operator, barred.firstSerial, barred.count, barred.why, barred.codeCase, barred.since],
  )
}

/** For each shop that has codes of a lot a row for each stretch of consecutive ones. */
export async function insertBarredOfLot(
  sql: Sql,
  barred: { operator: OperatorId; lot: LotId; why: Why; since: Date },
): Promise<void> {
  await sql.query(
    `INSERT INTO barred_range (retailer_id, operator, first_serial, count, why, lot, since)
     SELECT retailer_id, $1, min(start), sum(upto - start)::int, $3, $2, $4 FROM (
       SELECT terminal.retailer_id, start, upto,
              upto - sum(upto - start) OVER (PARTITION BY terminal.retailer_id ORDER BY start) AS stretch
         FROM pack
         JOIN supply_run AS run ON run.depot_id = pack.depot_id AND run.operator = pack.operator
          AND run.first_serial >= pack.first_serial AND run.first_serial < pack.first_serial + pack.count ${AT_SHOPS},
              LATERAL (SELECT run.first_serial AS start, run.first_serial + run.count AS upto) AS cut
        WHERE pack.operator = $1 AND pack.lot_id = $2 AND ${NOT_ALL_SOLD}) AS given
      GROUP BY retailer_id, stretch ORDER BY retailer_id, min(start)`,
    [barred.operator, barred.lot, barred.why, barred.since],
  )
}

export async function endBarredOfCase(sql: Sql, codeCase: string, at: Date): Promise<void> {
  await sql.query(
    `UPDATE barred_range SET ended_at = $2, told_at = NULL WHERE code_case = $1 AND ended_at IS NULL`,
    [codeCase, at],
  )
}

export async function endBarredOfLot(sql: Sql, operator: OperatorId, lot: LotId, at: Date): Promise<void> {
  await sql.query(
    `UPDATE barred_range SET ended_at = $3, told_at = NULL
      WHERE operator = $1 AND lot = $2 AND ended_at IS NULL`,
    [operator, lot, at],
  )
}

interface BarredRow {
  operator: OperatorId
  firstSerial: SerialNumber
  count: number
  why: Why
}

/** What may not be sold at a shop, the gravest first, then the newest: where not all fits, that goes first. */
export async function readBarred(sql: Sql, retailer: RetailerId): Promise<BarredRow[]> {
  const { rows } = await sql.query<BarredRow>(
    `SELECT operator, lpad(first_serial::text, 12, '0') AS "firstSerial", count, why FROM barred_range
      WHERE retailer_id = $1 AND ended_at IS NULL
      ORDER BY array_position('{stolen,recalled,held}', why), id DESC`,
    [retailer],
  )
  return rows
}

/** Shops whose settings have to be looked at, some at a time. */
export async function readShopsToTell(sql: Sql, limit: number): Promise<RetailerId[]> {
  const { rows } = await sql.query<{ retailer_id: RetailerId }>(
    'SELECT DISTINCT retailer_id FROM barred_range WHERE told_at IS NULL ORDER BY retailer_id LIMIT $1',
    [limit],
  )
  return rows.map(({ retailer_id }) => retailer_id)
}

export async function markTold(sql: Sql, retailer: RetailerId, at: Date): Promise<void> {
  await sql.query('UPDATE barred_range SET told_at = $2 WHERE retailer_id = $1 AND told_at IS NULL', [
    retailer,
    at,
  ])
}
