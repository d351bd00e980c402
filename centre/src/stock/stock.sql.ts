import type { Sql } from '@scratchless/office/database/database'
import type { StockView } from '../staff-api.ts'

/** Counts of codes by depot and product: in packs, held back, on their way, at terminals, sold. */
export async function readStock(sql: Sql): Promise<StockView[]> {
  const { rows } = await sql.query<StockView>(
    `WITH packed AS (
       SELECT depot_id, operator, product_id, coalesce(sum(free) FILTER (WHERE held_at IS NULL), 0) AS in_stock,
              sum(bit_count(aside)) + coalesce(sum(free) FILTER (WHERE held_at IS NOT NULL), 0) AS on_hold
         FROM pack GROUP BY depot_id, operator, product_id),
     given AS (
       SELECT run.depot_id, run.product_id,
              coalesce(sum(run.count) FILTER (WHERE "order".state IN ('decided', 'despatched')), 0) AS despatched,
              coalesce(sum(run.count) FILTER (WHERE "order".state = 'delivered'), 0) AS delivered
         FROM supply_run AS run
         JOIN supply_order AS "order"
           ON "order".depot_id = run.depot_id AND "order".terminal_id = run.terminal_id
          AND "order".sequence = run.sequence
        GROUP BY run.depot_id, run.product_id),
     sold AS (
       SELECT depot_id, product_id, count(*) AS sold FROM sale GROUP BY depot_id, product_id)
     SELECT packed.depot_id AS depot, packed.operator, packed.product_id AS product,
            packed.in_stock::int AS "inStock", packed.on_hold::int AS "onHold", coalesce(despatched, 0)::int AS despatched,
            (coalesce(delivered, 0) - coalesce(sold, 0))::int AS delivered, coalesce(sold, 0)::int AS sold
       FROM packed
       LEFT JOIN given ON given.depot_id = packed.depot_id AND given.product_id = packed.product_id
       LEFT JOIN sold ON sold.depot_id = packed.depot_id AND sold.product_id = packed.product_id
      ORDER BY packed.depot_id, packed.operator, packed.product_id`,
  )
  return rows
}
