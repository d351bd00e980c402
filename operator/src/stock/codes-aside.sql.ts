import { type CaseCounts, countColumns, maskColumns } from '@scratchless/office/cases/count-aside'
import type { Sql } from '@scratchless/office/database/database'

export interface AsideRow extends CaseCounts {
  product: string
  /** In packs of lots that are void or have expired. */
  void_lots: number
  expired_lots: number
}

/** Codes by product that people look at apart. Products that have none are left out. */
export async function readCodesAside(sql: Sql): Promise<AsideRow[]> {
  const { rows } = await sql.query<AsideRow>(CODES_ASIDE)
  return rows
}

const CODES_ASIDE = `
  WITH cased AS (
    SELECT lot.product, pack.id, pack.first_serial, pack.aside, ${maskColumns()}
      FROM pack JOIN lot ON lot.id = pack.lot
      JOIN code_case ON code_case.ended_at IS NULL AND code_case.first_serial < pack.first_serial + pack.count
       AND code_case.first_serial + code_case.count > pack.first_serial,
           LATERAL (SELECT greatest(pack.first_serial, code_case.first_serial) AS start,
                           least(pack.first_serial + pack.count, code_case.first_serial + code_case.count) AS upto) AS cut,
           LATERAL (SELECT ((-1)::bit(1000) << (1000 - (upto - start)::int)) >> (start - pack.first_serial)::int AS mask) AS m
     GROUP BY lot.product, pack.id),
  -- At centres, which took them.
  placed AS (
    SELECT cased.*, coalesce(given.codes, 0::bit(1000)) AS away
      FROM cased LEFT JOIN LATERAL (
        SELECT bit_or(((-1)::bit(1000) << (1000 - run.count)) >> (run.first_serial - cased.first_serial)::int) AS codes
          FROM restock_run AS run
          JOIN restock_delivery AS delivery ON delivery.id = run.delivery_id AND delivery.state = 'taken'
         WHERE run.pack = cased.id) AS given ON true),
  counted AS (SELECT product, ${countColumns()} FROM placed GROUP BY product),
  ended AS (
    SELECT lot.product, coalesce(sum(free) FILTER (WHERE now.state = 'void'), 0)::int AS void_lots,
           coalesce(sum(free) FILTER (WHERE now.state = 'expired'), 0)::int AS expired_lots
      FROM (SELECT DISTINCT ON (lot) lot, state FROM lot_state ORDER BY lot, no DESC) AS now
      JOIN lot ON lot.id = now.lot JOIN pack ON pack.lot = lot.id
     WHERE now.state IN ('void', 'expired') GROUP BY lot.product)
  SELECT product, coalesce(counted.void, 0) AS void, coalesce(counted.stolen, 0) AS stolen,
         coalesce(counted.returned, 0) AS returned, coalesce(counted.expired, 0) AS expired,
         coalesce(counted.damaged, 0) AS damaged, coalesce(counted.in_doubt, 0) AS in_doubt,
         coalesce(here, 0) AS here, coalesce(away, 0) AS away, coalesce(held_away, 0) AS held_away,
         coalesce(void_lots, 0) AS void_lots, coalesce(expired_lots, 0) AS expired_lots
    FROM counted FULL JOIN ended USING (product)`
