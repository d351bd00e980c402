import { type CaseCounts, countColumns, maskColumns } from '@scratchless/office/cases/count-aside'
import type { Sql } from '@scratchless/office/database/database'

export interface AsideRow extends CaseCounts {
  depot: string
  operator: string
  product: string
  /** What the vault would not close, and people have not let go. */
  withheld: number
  /** Of a pack that is awake: what the network does not take yet. */
  asleep: number
  /** In packs of lots that are void or have expired. */
  void_lots: number
  expired_lots: number
  /** At terminals. */
  doubted: number
  illegible: number
}

/** Codes by depot and product that people look at apart. Products that have none are left out. */
export async function readCodesAside(sql: Sql): Promise<AsideRow[]> {
  const { rows } = await sql.query<AsideRow>(CODES_ASIDE)
  return rows
}

const CODES_ASIDE = `
  WITH cased AS (
    SELECT pack.depot_id, pack.operator, pack.product_id, pack.first_serial, pack.count,
           pack.aside & ~pack.asleep AS aside, ${maskColumns()}
      FROM code_case
      JOIN pack ON pack.depot_id = ANY(ARRAY(SELECT id FROM depot)) AND pack.operator = code_case.operator
       AND pack.first_serial > code_case.first_serial - 1000
       AND pack.first_serial < code_case.first_serial + code_case.count
       AND pack.first_serial + pack.count > code_case.first_serial,
           LATERAL (SELECT greatest(pack.first_serial, code_case.first_serial) AS start,
                           least(pack.first_serial + pack.count, code_case.first_serial + code_case.count) AS upto) AS cut,
           LATERAL (SELECT ((-1)::bit(1000) << (1000 - (upto - start)::int)) >> (start - pack.first_serial)::int AS mask) AS m
     WHERE code_case.ended_at IS NULL
     GROUP BY pack.depot_id, pack.operator, pack.first_serial),
  -- At terminals, and not reported sold.
  placed AS (
    SELECT cased.*, coalesce(given.codes, 0::bit(1000)) AS away
      FROM cased LEFT JOIN LATERAL (
        SELECT bit_or((((-1)::bit(1000) << (1000 - run.count)) & ~coalesce(run.sold::bit(1000), 0::bit(1000)))
                      >> (run.first_serial - cased.first_serial)::int) AS codes
          FROM supply_run AS run
          JOIN supply_order AS "order" ON "order".depot_id = run.depot_id AND "order".terminal_id = run.terminal_id
           AND "order".sequence = run.sequence AND "order".state = 'delivered'
         WHERE run.depot_id = cased.depot_id AND run.operator = cased.operator
           AND run.first_serial >= cased.first_serial AND run.first_serial < cased.first_serial + cased.count)
        AS given ON true),
  counted AS (
    SELECT depot_id, operator, product_id, ${countColumns()} FROM placed GROUP BY depot_id, operator, product_id),
  asleep AS (
    SELECT depot_id, operator, product_id, sum(bit_count(asleep))::int AS codes FROM pack
     WHERE asleep <> 0::bit(1000) GROUP BY depot_id, operator, product_id),
  ended AS (
    SELECT pack.depot_id, pack.operator, pack.product_id,
           coalesce(sum(free) FILTER (WHERE now.state = 'void'), 0)::int AS void_lots,
           coalesce(sum(free) FILTER (WHERE now.state = 'expired'), 0)::int AS expired_lots
      FROM (SELECT DISTINCT ON (operator, lot) operator, lot, state FROM lot_state ORDER BY operator, lot, no DESC) AS now
      JOIN pack ON pack.operator = now.operator AND pack.lot_id = now.lot
     WHERE now.state IN ('void', 'expired')
     GROUP BY pack.depot_id, pack.operator, pack.product_id),
  withheld AS (
    SELECT run.depot_id, run.operator, run.product_id, sum(run.count)::int AS codes
      FROM supply_order AS "order"
      JOIN supply_run AS run ON run.depot_id = "order".depot_id AND run.terminal_id = "order".terminal_id
       AND run.sequence = "order".sequence
     WHERE "order".withheld_at IS NOT NULL AND run.released_at IS NULL
     GROUP BY run.depot_id, run.operator, run.product_id),
  said AS (
    SELECT DISTINCT ON (depot_id, operator, serial) depot_id, operator, serial, terminal_id, what FROM ticket_event
     WHERE what IN ('in-doubt', 'settled-sold', 'settled-damaged') ORDER BY depot_id, operator, serial, id DESC),
  at_terminals AS (
    SELECT said.depot_id, said.operator, run.product_id,
           (count(*) FILTER (WHERE what = 'in-doubt'))::int AS doubted,
           (count(*) FILTER (WHERE what = 'settled-damaged'))::int AS illegible
      FROM said
      -- Only whoever was given the code can say what became of it. One at a time: the runs of years are not looked through.
      CROSS JOIN LATERAL (
        SELECT product_id FROM supply_run
         WHERE supply_run.depot_id = said.depot_id AND supply_run.operator = said.operator
           AND supply_run.first_serial <= said.serial AND supply_run.first_serial > said.serial - 1000
           AND supply_run.first_serial + supply_run.count > said.serial AND supply_run.terminal_id = said.terminal_id
         LIMIT 1) AS run
     WHERE what <> 'settled-sold'
       -- What people say of a code counts before what its terminal says.
       AND NOT EXISTS (SELECT FROM code_case WHERE code_case.operator = said.operator AND ended_at IS NULL
                          AND code_case.first_serial <= said.serial AND code_case.first_serial > said.serial - 1000000
                          AND code_case.first_serial + code_case.count > said.serial)
     GROUP BY said.depot_id, said.operator, run.product_id)
  SELECT depot_id AS depot, operator, product_id AS product,
         coalesce(counted.void, 0) AS void, coalesce(counted.stolen, 0) AS stolen,
         coalesce(counted.returned, 0) AS returned, coalesce(counted.expired, 0) AS expired,
         coalesce(counted.damaged, 0) AS damaged, coalesce(counted.in_doubt, 0) AS in_doubt,
         coalesce(here, 0) AS here, coalesce(away, 0) AS away, coalesce(held_away, 0) AS held_away,
         coalesce(withheld.codes, 0) AS withheld, coalesce(asleep.codes, 0) AS asleep,
         coalesce(void_lots, 0) AS void_lots, coalesce(expired_lots, 0) AS expired_lots,
         coalesce(doubted, 0) AS doubted, coalesce(illegible, 0) AS illegible
    FROM counted FULL JOIN asleep USING (depot_id, operator, product_id)
    FULL JOIN ended USING (depot_id, operator, product_id)
    FULL JOIN withheld USING (depot_id, operator, product_id)
    FULL JOIN at_terminals USING (depot_id, operator, product_id)`
