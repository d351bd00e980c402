import type { Sql } from '@scratchless/office/database/database'
import type { StockView } from './stock-shapes.ts'

/**
 * Counts of codes by depot and product: in packs, held back, on their way, at terminals, sold. Reads the packs' maps, the
 * orders that are under way, and what was added up of sales; the orders of years and the sales it does not look at.
 */
export const STOCK = `
  WITH packed AS (
    SELECT depot_id, operator, product_id, coalesce(sum(free) FILTER (WHERE held_at IS NULL), 0) AS in_stock,
           sum(bit_count(aside)) + coalesce(sum(free) FILTER (WHERE held_at IS NOT NULL), 0) AS on_hold,
           sum(bit_count(given)) AS given
      FROM pack GROUP BY depot_id, operator, product_id),
  -- Terminal by terminal by the key, not all orders that ever were.
  under_way AS (
    SELECT placed.depot_id, placed.terminal_id, placed.sequence
      FROM (SELECT depot_id, id, open_order FROM terminal WHERE open_order IS NOT NULL OFFSET 0) AS asked
     CROSS JOIN LATERAL (
       SELECT depot_id, terminal_id, sequence FROM supply_order
        WHERE depot_id = asked.depot_id AND terminal_id = asked.id AND sequence >= asked.open_order
          AND state IN ('decided', 'despatched') OFFSET 0) AS placed),
  travelling AS (
    SELECT run.depot_id, run.product_id, sum(run.count) AS codes
      FROM under_way
      JOIN supply_run AS run
        ON run.depot_id = under_way.depot_id AND run.terminal_id = under_way.terminal_id
       AND run.sequence = under_way.sequence
     GROUP BY run.depot_id, run.product_id),
  sold AS (
    SELECT depot_id, product_id, sum(sales) AS codes
      FROM (SELECT depot_id, product_id, sales FROM sales_of_hour
             UNION ALL SELECT depot_id, product_id, sales FROM sales_of_hour_change) AS hours
     GROUP BY depot_id, product_id)
  SELECT packed.depot_id AS depot, packed.operator, packed.product_id AS product,
         packed.in_stock::int AS "inStock", packed.on_hold::int AS "onHold",
         coalesce(travelling.codes, 0)::int AS despatched,
         (given - coalesce(travelling.codes, 0) - coalesce(sold.codes, 0))::int AS delivered,
         coalesce(sold.codes, 0)::int AS sold
    FROM packed
    LEFT JOIN travelling
      ON travelling.depot_id = packed.depot_id AND travelling.product_id = packed.product_id
    LEFT JOIN sold ON sold.depot_id = packed.depot_id AND sold.product_id = packed.product_id
   ORDER BY packed.depot_id, packed.operator, packed.product_id`

export async function readStock(sql: Sql): Promise<StockView[]> {
  return (await sql.query<StockView>(STOCK)).rows
}
