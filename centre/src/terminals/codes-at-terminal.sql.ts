import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, TerminalId } from '@scratchless/voucher/ids'
import type { CodesAtTerminalView } from '../staff-api.ts'

/**
 * What a terminal was given and has not reported as sold or as damaged, in ranges of serials. It may have sold some of
 * it since its last report; what was only despatched may never have arrived.
 */
export async function readCodesAtTerminal(
  sql: Sql,
  depot: DepotId,
  terminal: TerminalId,
): Promise<CodesAtTerminalView[]> {
  const { rows } = await sql.query<CodesAtTerminalView>(
    `WITH given AS (
       SELECT run.operator, run.product_id, run.lot_id, run.expires_on, "order".state, serial
         FROM supply_run AS run
         JOIN supply_order AS "order"
           ON "order".depot_id = run.depot_id AND "order".terminal_id = run.terminal_id
          AND "order".sequence = run.sequence AND "order".state IN ('despatched', 'delivered')
        CROSS JOIN generate_series(run.first_serial, run.first_serial + run.count - 1) AS serial
        WHERE run.depot_id = $1 AND run.terminal_id = $2
          AND (run.sold IS NULL OR get_bit(run.sold, (serial - run.first_serial)::int) = 0)),
     unreported AS (
       SELECT given.*, serial - row_number() OVER (
                PARTITION BY operator, product_id, lot_id, state ORDER BY serial) AS island
         FROM given
        WHERE NOT EXISTS (
                SELECT FROM ticket_event AS event
                 WHERE event.depot_id = $1 AND event.terminal_id = $2 AND event.operator = given.operator
                   AND event.serial = given.serial AND event.what = 'settled-damaged'))
     SELECT operator, product_id AS product, lot_id AS lot, expires_on AS "expiresOn", state,
            lpad(min(serial)::text, 12, '0') AS "firstSerial", count(*)::int AS count
       FROM unreported
      GROUP BY operator, product_id, lot_id, expires_on, state, island
      ORDER BY operator, min(serial)`,
    [depot, terminal],
  )
  return rows
}
