import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, TerminalId } from '@scratchless/voucher/ids'
import type { Sale, TicketEvent } from '@scratchless/wire/supply/sales-report'

/** One code on one ticket; the product because two operators may count their serials alike. */
export function saleName({ product, serial, ticket }: Pick<Sale, 'product' | 'serial' | 'ticket'>): string {
  return `${product} ${serial} ${ticket}`
}

/** Stores the sales of codes that this terminal was given and that nobody reported before; their `saleName`s. */
export async function insertSales(
  sql: Sql,
  report: { depot: DepotId; terminal: TerminalId; sequence: number },
  sales: readonly Sale[],
): Promise<Set<string>> {
  const { rows } = await sql.query<{ name: string }>(
    `INSERT INTO sale (depot_id, operator, serial, product_id, terminal_id, ticket, vendor_id, sold_at, reported_in,
                       price_id, amount_minor)
     SELECT $1, run.operator, reported.serial, run.product_id, $2, reported.ticket, reported.vendor,
            to_timestamp(reported.sold_at), $3, price.id, price.public_price_minor
       FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[], $9::bigint[])
            AS reported (product, serial, ticket, vendor, sold_at, price_id)
       LEFT JOIN product_price AS price
         ON price.id = reported.price_id AND price.product_id = reported.product
       JOIN supply_run AS run
         ON run.depot_id = $1 AND run.terminal_id = $2 AND run.product_id = reported.product
        AND run.first_serial <= reported.serial AND run.first_serial + run.count > reported.serial
     ON CONFLICT (depot_id, operator, serial) DO NOTHING
     RETURNING product_id || ' ' || lpad(serial::text, 12, '0') || ' ' || ticket AS name`,
    [
      report.depot,
      report.terminal,
      report.sequence,
      sales.map(({ product }) => product),
      sales.map(({ serial }) => serial),
      sales.map(({ ticket }) => ticket),
      sales.map(({ vendor }) => vendor),
      sales.map(({ soldAtS }) => soldAtS),
      sales.map(({ priceId }) => priceId),
    ],
  )
  return new Set(rows.map(({ name }) => name))
}

/** `saleName`s of those of these sales that stand already, as the very same sale. */
export async function findSameSales(
  sql: Sql,
  report: { depot: DepotId; terminal: TerminalId },
  sales: readonly Sale[],
): Promise<Set<string>> {
  const { rows } = await sql.query<{ name: string }>(
    `SELECT reported.product || ' ' || lpad(reported.serial::text, 12, '0') || ' ' || reported.ticket AS name
       FROM unnest($3::text[], $4::bigint[], $5::bigint[]) AS reported (product, serial, ticket)
       JOIN sale ON sale.depot_id = $1 AND sale.terminal_id = $2 AND sale.ticket = reported.ticket
                AND sale.serial = reported.serial AND sale.product_id = reported.product`,
    [
      report.depot,
      report.terminal,
      sales.map(({ product }) => product),
      sales.map(({ serial }) => serial),
      sales.map(({ ticket }) => ticket),
    ],
  )
  return new Set(rows.map(({ name }) => name))
}

export async function insertTicketEvents(
  sql: Sql,
  report: { depot: DepotId; terminal: TerminalId; sequence: number },
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
