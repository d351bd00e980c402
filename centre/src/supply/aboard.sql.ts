// The value on board of a terminal: what it was given and has not reported as sold, at the public prices that its orders
// keep. It is raised with each order (`moveTerminals`). The audit recomputes it.

import { type AuditedOffice, type Breaks, countBreaks } from '@scratchless/office/audit/run-checks'
import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, TerminalId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { SerialNumber } from '@scratchless/voucher/serial'
import type { SequenceKey } from './supply-message.sql.ts'

/** What an order that was withheld had put on board. */
export async function lowerAboardByOrder(sql: Sql, depot: DepotId, order: SequenceKey): Promise<void> {
  await sql.query(
    `UPDATE terminal SET aboard_minor = greatest(0, aboard_minor - (
              SELECT sum(supplied * public_price_minor) FROM supply_order_line
               WHERE depot_id = $1 AND terminal_id = $2 AND sequence = $3))
      WHERE depot_id = $1 AND id = $2`,
    [depot, order.terminal, order.sequence],
  )
}

/** The codes of one pack, and so of one run, are so many at most. */
const PACK_CODES = 1_000

/** What was reported as sold for the first time is on board no more. */
export async function lowerAboardBySales(
  sql: Sql,
  { depot, terminal }: { readonly depot: DepotId; readonly terminal: TerminalId },
  sales: readonly { readonly product: ProductId; readonly serial: SerialNumber }[],
): Promise<void> {
  if (sales.length === 0) return
  await sql.query(
    `UPDATE terminal SET aboard_minor = greatest(0, aboard_minor - (
              SELECT coalesce(sum(line.public_price_minor), 0)
                FROM (SELECT DISTINCT * FROM unnest($3::text[], $4::bigint[])) AS sold (product, serial)
                JOIN product ON product.id = sold.product
                JOIN supply_run AS run
                  ON run.depot_id = $1 AND run.operator = product.operator
                 AND run.first_serial BETWEEN sold.serial - ${PACK_CODES - 1} AND sold.serial
                 AND run.first_serial + run.count > sold.serial
                 AND run.terminal_id = $2 AND run.product_id = sold.product
                JOIN supply_order AS "order"
                  ON "order".depot_id = $1 AND "order".terminal_id = $2 AND "order".sequence = run.sequence
                 AND "order".state <> 'withheld'
                JOIN supply_order_line AS line
                  ON line.depot_id = $1 AND line.terminal_id = $2 AND line.sequence = run.sequence
                 AND line.product_id = run.product_id))
      WHERE depot_id = $1 AND id = $2`,
    [depot, terminal, sales.map(({ product }) => product), sales.map(({ serial }) => serial)],
  )
}

/** For the audit: terminals whose value on board is not that of what they were given less what they reported as sold. */
export function countMisvaluedTerminals({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT terminal.id
       FROM terminal
       LEFT JOIN (
         SELECT run.depot_id, run.terminal_id,
                sum((run.count - coalesce(bit_count(run.sold), 0)) * line.public_price_minor) AS value
           FROM supply_run AS run
           JOIN supply_order AS "order"
             ON "order".depot_id = run.depot_id AND "order".terminal_id = run.terminal_id
            AND "order".sequence = run.sequence AND "order".state <> 'withheld'
           JOIN supply_order_line AS line
             ON line.depot_id = run.depot_id AND line.terminal_id = run.terminal_id
            AND line.sequence = run.sequence AND line.product_id = run.product_id
          GROUP BY run.depot_id, run.terminal_id) AS aboard
         ON aboard.depot_id = terminal.depot_id AND aboard.terminal_id = terminal.id
      WHERE terminal.aboard_minor <> coalesce(aboard.value, 0)`,
  )
}
