// What was sold, for whoever looks at it. Each statement reads the sums of the days it is asked for, never the sales.

import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, RetailerId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'

/** Days of the office's clock, both within. */
export interface Days {
  readonly from: string
  readonly to: string
}

interface Figure {
  readonly product: ProductId
  readonly sales: bigint
  readonly amount_minor: bigint
}

/** What is noted already, and what is still to be folded. */
const HOURS = `(
  SELECT day, hour, product_id, sales, amount_minor FROM sales_of_hour
   WHERE depot_id = $1 AND day BETWEEN $2 AND $3
   UNION ALL
  SELECT day, hour, product_id, sales, amount_minor FROM sales_of_hour_change
   WHERE depot_id = $1 AND day BETWEEN $2 AND $3)`

export const SALES_OF_DAYS = `
  SELECT day, product_id AS product, sum(sales)::bigint AS sales, sum(amount_minor)::bigint AS amount_minor
    FROM ${HOURS} AS sold GROUP BY day, product_id ORDER BY day, product_id`

export async function readSalesOfDays(
  sql: Sql,
  depot: DepotId,
  { from, to }: Days,
): Promise<(Figure & { readonly day: string })[]> {
  return (await sql.query(SALES_OF_DAYS, [depot, from, to])).rows
}

export const SALES_OF_HOURS = `
  SELECT hour, product_id AS product, sum(sales)::bigint AS sales, sum(amount_minor)::bigint AS amount_minor
    FROM ${HOURS} AS sold GROUP BY hour, product_id ORDER BY hour, product_id`

export async function readSalesOfHours(
  sql: Sql,
  depot: DepotId,
  { from, to }: Days,
): Promise<(Figure & { readonly hour: number })[]> {
  return (await sql.query(SALES_OF_HOURS, [depot, from, to])).rows
}

/**
 * By shop, those after one, in the order of their ids; a shop that sold nothing has no figure. `OFFSET 0`: day by day by
 * the key, not all days of these shops with most of them dropped.
 */
export const SALES_OF_SHOPS = `
  WITH shop AS (
    SELECT id, name FROM retailer
     WHERE depot_id = $1 AND ($4::text IS NULL OR id > $4) ORDER BY id LIMIT $5),
  bounds AS (SELECT min(id) AS first, max(id) AS last FROM shop),
  sold AS (
    SELECT retailer_id, product_id, sum(sales)::bigint AS sales, sum(amount_minor)::bigint AS amount_minor
      FROM bounds
     CROSS JOIN generate_series($2::date, $3::date, interval '1 day') AS asked
     CROSS JOIN LATERAL (
       SELECT retailer_id, product_id, sales, amount_minor FROM sales_of_shop
        WHERE depot_id = $1 AND day = asked::date AND retailer_id BETWEEN bounds.first AND bounds.last
        OFFSET 0) AS one
     GROUP BY retailer_id, product_id)
  SELECT shop.id AS retailer, shop.name, sold.product_id AS product, sold.sales, sold.amount_minor
    FROM shop LEFT JOIN sold ON sold.retailer_id = shop.id ORDER BY shop.id, sold.product_id`

export async function readSalesOfShops(
  sql: Sql,
  depot: DepotId,
  { from, to }: Days,
  after: RetailerId | null,
  limit: number,
): Promise<({ readonly retailer: RetailerId; readonly name: string } & (Figure | { product: null }))[]> {
  return (await sql.query(SALES_OF_SHOPS, [depot, from, to, after, limit])).rows
}

export const SALES_OF_ONE_SHOP = `
  SELECT asked::date AS day, product_id AS product, sales, amount_minor
    FROM generate_series($2::date, $3::date, interval '1 day') AS asked
   CROSS JOIN LATERAL (
     SELECT product_id, sales, amount_minor FROM sales_of_shop
      WHERE depot_id = $1 AND day = asked::date AND retailer_id = $4) AS one
   ORDER BY day, product_id`

export async function readSalesOfOneShop(
  sql: Sql,
  depot: DepotId,
  { from, to }: Days,
  retailer: RetailerId,
): Promise<(Figure & { readonly day: string })[]> {
  return (await sql.query(SALES_OF_ONE_SHOP, [depot, from, to, retailer])).rows
}
