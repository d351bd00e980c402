import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, OperatorId, TerminalId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { Sale, TicketEvent } from '@scratchless/wire/supply/sales-report'

/** Who reports. */
export interface Reporter {
  readonly depot: DepotId
  readonly terminal: TerminalId
}

/** The run of which a sale is, and the place of its code there. */
interface SoldFrom {
  readonly operator: OperatorId
  readonly firstSerial: bigint
  readonly sequence: bigint
  readonly count: number
  readonly offset: number
}

/**
 * For each sale, in its order, the run in which its terminal was given the code, and whether it is sold there already;
 * undefined where it was not given. Looks at the runs that it names and at no others: a run is at most a pack long.
 */
export async function findRunsOf(
  sql: Sql,
  { depot, terminal }: Reporter,
  sales: readonly Pick<Sale, 'product' | 'serial'>[],
): Promise<((SoldFrom & { readonly isSold: boolean }) | undefined)[]> {
  const { rows } = await sql.query<SoldFrom & { no: number; isSold: boolean }>(RUNS_OF, [
    depot,
    terminal,
    sales.map(({ product }) => product),
    sales.map(({ serial }) => serial),
  ])
  const found = new Map(rows.map(({ no, ...row }) => [no, row]))
  return sales.map((_, index) => found.get(index + 1))
}

export const RUNS_OF = `
  SELECT reported.no::int AS no, product.operator, run.first_serial AS "firstSerial", run.sequence, run.count,
         (reported.serial - run.first_serial)::int AS "offset",
         run.sold IS NOT NULL AND get_bit(run.sold, (reported.serial - run.first_serial)::int) = 1 AS "isSold"
    FROM unnest($3::text[], $4::bigint[]) WITH ORDINALITY AS reported (product, serial, no)
    JOIN product ON product.id = reported.product
   CROSS JOIN LATERAL (
     SELECT first_serial, sequence, count, sold FROM supply_run AS given
      WHERE depot_id = $1 AND operator = product.operator AND first_serial <= reported.serial
        AND first_serial > reported.serial - 1000 AND first_serial + count > reported.serial
        AND terminal_id = $2 AND product_id = reported.product
        AND NOT EXISTS (SELECT FROM supply_order AS "order"
                         WHERE "order".depot_id = $1 AND "order".terminal_id = $2
                           AND "order".sequence = given.sequence AND "order".state = 'withheld')
      ORDER BY first_serial DESC LIMIT 1) AS run`

/** Marks codes of runs as sold. Throws where one of them is sold already: then nothing of this transaction may stand. */
export async function markSold(
  sql: Sql,
  { depot, terminal }: Reporter,
  sold: readonly SoldFrom[],
): Promise<void> {
  const { rowCount } = await sql.query(
    `UPDATE supply_run AS run
        SET sold = coalesce(run.sold, repeat('0', run.count)::bit varying) | marked.codes
       FROM (SELECT operator, first_serial, sequence, count(*) AS sales,
                    bit_or(set_bit(repeat('0', count)::bit varying, place, 1)) AS codes
               FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::int[], $7::int[])
                    AS sold (operator, first_serial, sequence, count, place)
              GROUP BY operator, first_serial, sequence) AS marked
      WHERE run.depot_id = $1 AND run.terminal_id = $2 AND run.operator = marked.operator
        AND run.first_serial = marked.first_serial AND run.sequence = marked.sequence
        AND bit_count(marked.codes) = marked.sales
        AND (run.sold IS NULL OR bit_count(run.sold & marked.codes) = 0)`,
    [
      depot,
      terminal,
      sold.map(({ operator }) => operator),
      sold.map(({ firstSerial }) => firstSerial),
      sold.map(({ sequence }) => sequence),
      sold.map(({ count }) => count),
      sold.map(({ offset }) => offset),
    ],
  )
  const runs = new Set(sold.map((one) => `${one.operator} ${one.firstSerial} ${one.sequence}`))
  if (rowCount !== runs.size) throw new Error('a code is sold that is sold already')
}

export interface NewSale extends Sale {
  readonly operator: OperatorId
  /** By the office's clock. */
  readonly day: string
  readonly hour: number
}

/** Stores sales; what each came to, where its price is known. */
export async function insertSales(
  sql: Sql,
  report: Reporter & { readonly sequence: number; readonly at: Date },
  sales: readonly NewSale[],
): Promise<{ product: ProductId; day: string; hour: number; amountMinor: bigint | null }[]> {
  const { rows } = await sql.query(
    `INSERT INTO sale (depot_id, terminal_id, reported_in, reported_at, operator, serial, product_id, ticket, vendor_id,
                       sold_at, sold_on, sold_hour, price_id, amount_minor)
     SELECT $1, $2, $3, $4, new.operator, new.serial, new.product, new.ticket, new.vendor, to_timestamp(new.sold_at),
            new.day, new.hour, price.id, price.public_price_minor
       FROM unnest($5::text[], $6::bigint[], $7::text[], $8::bigint[], $9::text[], $10::bigint[], $11::date[],
                   $12::smallint[], $13::bigint[])
            AS new (operator, serial, product, ticket, vendor, sold_at, day, hour, price_id)
       LEFT JOIN product_price AS price ON price.id = new.price_id AND price.product_id = new.product
     RETURNING product_id AS product, sold_on AS day, sold_hour AS hour, amount_minor AS "amountMinor"`,
    [
      report.depot,
      report.terminal,
      report.sequence,
      report.at,
      sales.map(({ operator }) => operator),
      sales.map(({ serial }) => serial),
      sales.map(({ product }) => product),
      sales.map(({ ticket }) => ticket),
      sales.map(({ vendor }) => vendor),
      sales.map(({ soldAtS }) => soldAtS),
      sales.map(({ day }) => day),
      sales.map(({ hour }) => hour),
      sales.map(({ priceId }) => priceId),
    ],
  )
  return rows
}

/** The places, in the order given, of those of these sales that stand already as the very same sale. */
export async function findSameSales(
  sql: Sql,
  { depot, terminal }: Reporter,
  sales: readonly Sale[],
): Promise<Set<number>> {
  const { rows } = await sql.query<{ no: number }>(
    `SELECT reported.no::int - 1 AS no
       FROM unnest($3::text[], $4::bigint[], $5::bigint[]) WITH ORDINALITY AS reported (product, serial, ticket, no)
       JOIN sale ON sale.depot_id = $1 AND sale.terminal_id = $2 AND sale.ticket = reported.ticket
                AND sale.serial = reported.serial AND sale.product_id = reported.product`,
    [
      depot,
      terminal,
      sales.map(({ product }) => product),
      sales.map(({ serial }) => serial),
      sales.map(({ ticket }) => ticket),
    ],
  )
  return new Set(rows.map(({ no }) => no))
}

export async function insertTicketEvents(
  sql: Sql,
  report: Reporter & { readonly sequence: number },
  events: readonly TicketEvent[],
): Promise<void> {
  await sql.query(
    `INSERT INTO ticket_event (depot_id, operator, serial, terminal_id, ticket, vendor_id, at, what, copy, reported_in)
     SELECT $1, product.operator, event.serial, $2, event.ticket, event.vendor, to_timestamp(event.at),
            event.what, event.copy, $3
       FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[], $9::text[], $10::int[])
            AS event (product, serial, ticket, vendor, at, what, copy)
       JOIN product ON product.id = event.product`,
    [
      report.depot,
      report.terminal,
      report.sequence,
      events.map(({ product }) => product),
      events.map(({ serial }) => serial),
      events.map(({ ticket }) => ticket),
      events.map(({ vendor }) => vendor),
      events.map(({ atS }) => atS),
      events.map(({ what }) => what),
      events.map(({ copy }) => copy),
    ],
  )
}
