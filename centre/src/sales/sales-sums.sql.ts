import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, RetailerId } from '@scratchless/voucher/ids'
import type { SalesSum } from './sales-sums.ts'

/** Notes what a report adds to its hours, for `foldHours`: all shops sell in the same hour. */
export async function noteHours(
  sql: Sql,
  depot: DepotId,
  sums: readonly (SalesSum & { readonly hour: number })[],
): Promise<void> {
  await sql.query(
    `INSERT INTO sales_of_hour_change (depot_id, day, hour, product_id, sales, amount_minor)
     SELECT $1, * FROM unnest($2::date[], $3::smallint[], $4::text[], $5::bigint[], $6::bigint[])`,
    [
      depot,
      sums.map(({ day }) => day),
      sums.map(({ hour }) => hour),
      sums.map(({ product }) => product),
      sums.map(({ sales }) => sales),
      sums.map(({ amountMinor }) => amountMinor),
    ],
  )
}

/** Adds what is noted to the hours, in one transaction with its going. */
export async function foldHours(sql: Sql, depot: DepotId): Promise<void> {
  await sql.query(
    `WITH taken AS (DELETE FROM sales_of_hour_change WHERE depot_id = $1 RETURNING *)
     INSERT INTO sales_of_hour AS sold (depot_id, day, hour, product_id, sales, amount_minor)
     SELECT depot_id, day, hour, product_id, sum(sales), sum(amount_minor)
       FROM taken GROUP BY depot_id, day, hour, product_id ORDER BY day, hour, product_id
     ON CONFLICT (depot_id, day, hour, product_id) DO UPDATE
       SET sales = sold.sales + excluded.sales, amount_minor = sold.amount_minor + excluded.amount_minor`,
    [depot],
  )
}

/** Adds to the days of a shop. Its terminals wait for each other here, and for nobody else. */
export async function addToShop(
  sql: Sql,
  depot: DepotId,
  retailer: RetailerId,
  sums: readonly SalesSum[],
): Promise<void> {
  await sql.query(
    `INSERT INTO sales_of_shop AS sold (depot_id, retailer_id, day, product_id, sales, amount_minor)
     SELECT $1, $2, * FROM unnest($3::date[], $4::text[], $5::bigint[], $6::bigint[])
     ON CONFLICT (depot_id, day, retailer_id, product_id) DO UPDATE
       SET sales = sold.sales + excluded.sales, amount_minor = sold.amount_minor + excluded.amount_minor`,
    [
      depot,
      retailer,
      sums.map(({ day }) => day),
      sums.map(({ product }) => product),
      sums.map(({ sales }) => sales),
      sums.map(({ amountMinor }) => amountMinor),
    ],
  )
}
