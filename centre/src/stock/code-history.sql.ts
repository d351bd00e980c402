import { MOMENT } from '@scratchless/office/cases/code-case.sql'
import type { Sql } from '@scratchless/office/database/database'
import type { OperatorId } from '@scratchless/voucher/ids'
import type { SerialNumber } from '@scratchless/voucher/serial'
import type { CodeHistoryView } from './case-shapes.ts'

interface HistoryRow extends Omit<CodeHistoryView, 'events' | 'operator' | 'serial'> {
  readonly at: Date
  readonly what: CodeHistoryView['events'][number]['what']
  readonly who: string
  readonly details: Readonly<Record<string, string | number>>
  /** What the retailer pays for the code, or the customer paid. */
  readonly amountMinor: bigint | null
}

/**
 * All that happened to one serial, oldest first, each row with where the code is now; none where there is no such
 * serial. Each branch goes by an index; a pack's codes are a thousand at most, a case's a million.
 */
export async function readCodeHistory(
  sql: Sql,
  operator: OperatorId,
  serial: SerialNumber,
): Promise<HistoryRow[]> {
  const { rows } = await sql.query<HistoryRow>(CODE_HISTORY, [operator, serial])
  return rows
}

export const CODE_HISTORY = `
  WITH code AS (
    SELECT depot_id, product_id, lot_id, first_serial, delivery_id, expires_on, held_at,
           -- Of a pack that is awake in part some codes sleep.
           CASE WHEN get_bit(asleep, ($2::bigint - first_serial)::int) = 0 THEN activated_on END AS activated_on,
           get_bit(given, ($2::bigint - first_serial)::int) = 1 AS is_given,
           get_bit(aside & ~asleep, ($2::bigint - first_serial)::int) = 1
             OR get_bit(aside, ($2::bigint - first_serial)::int) = 1 AND EXISTS (SELECT FROM code_case
                  WHERE operator = $1 AND ended_at IS NULL AND first_serial <= $2::bigint
                    AND first_serial > $2::bigint - 1000000 AND first_serial + count > $2::bigint) AS is_aside
      FROM pack
     WHERE depot_id = ANY(ARRAY(SELECT id FROM depot)) AND operator = $1 AND first_serial <= $2::bigint
       AND first_serial > $2::bigint - 1000 AND first_serial + count > $2::bigint),
  given AS (
    SELECT run.terminal_id, run.sequence, run.unit_price_minor, run.released_at, "order".retailer_id, "order".state,
           "order".decided_at, "order".settled_at
      FROM supply_run AS run
      JOIN supply_order AS "order" ON "order".depot_id = (SELECT depot_id FROM code) AND "order".terminal_id = run.terminal_id
                                  AND "order".sequence = run.sequence
     WHERE run.depot_id = (SELECT depot_id FROM code) AND run.operator = $1 AND run.first_serial <= $2::bigint
       AND run.first_serial > $2::bigint - 1000 AND run.first_serial + run.count > $2::bigint),
  sold AS (SELECT * FROM sale WHERE depot_id = (SELECT depot_id FROM code) AND operator = $1 AND serial = $2::bigint),
  ticket AS (SELECT * FROM ticket_event WHERE depot_id = (SELECT depot_id FROM code) AND operator = $1 AND serial = $2::bigint),
  held AS (
    SELECT *, json_build_object('case', id, 'state', state, 'cause', cause, 'count', count,
                                'firstSerial', lpad(first_serial::text, 12, '0')) AS details
      FROM code_case
     WHERE operator = $1 AND first_serial <= $2::bigint
       AND first_serial > $2::bigint - 1000000 AND first_serial + count > $2::bigint),
  changed AS (
    SELECT * FROM lot_state WHERE operator = $1 AND lot = (SELECT lot_id FROM code)),
  now AS (SELECT state FROM changed ORDER BY no DESC LIMIT 1),
  -- Only whoever was given the code can say what became of it.
  said AS (
    SELECT what FROM ticket JOIN given USING (terminal_id)
     WHERE what IN ('in-doubt', 'settled-sold', 'settled-damaged') AND state <> 'withheld'
     ORDER BY ticket.id DESC LIMIT 1),
  event (at, step, no, what, who, details, amount_minor) AS (
    SELECT received_at, 1, 0, 'arrived', operator,
           json_build_object('order', order_id, 'line', line_no, 'part', part, 'delivery', id, 'lot', lot_id,
                             'pack', (SELECT lpad(first_serial::text, 12, '0') FROM code)), NULL::bigint
      FROM restock_delivery WHERE id = (SELECT delivery_id FROM code)
    UNION ALL
    SELECT taken_at, 2, 0, 'activated', operator,
           json_build_object('lot', lot_id, 'from', to_char(activated_on AT TIME ZONE 'UTC', '${MOMENT}')), NULL
      FROM lot_activation
     WHERE operator = $1 AND lot_id = (SELECT lot_id FROM code)
       AND (whole OR EXISTS (SELECT FROM lot_activation_run AS run
                              WHERE run.operator = $1 AND run.activation_id = lot_activation.id
                                AND run.first_serial <= $2::bigint AND run.first_serial + run.count > $2::bigint))
    UNION ALL
    SELECT set_at, 3, no, CASE state WHEN 'in_stock' THEN 'lot-released' ELSE 'lot-' || state END, set_by,
           json_build_object('lot', lot, 'cause', cause), NULL
      FROM changed
    UNION ALL
    SELECT made_at, 3, replacing, 'replaced', made_by,
           json_build_object('serial', lpad(replacing::text, 12, '0'), 'cause', cause), NULL
      FROM code_exchange WHERE operator = $1 AND replaced = $2::bigint
    UNION ALL
    SELECT made_at, 3, replaced, 'replaces', made_by,
           json_build_object('serial', lpad(replaced::text, 12, '0'), 'cause', cause), NULL
      FROM code_exchange WHERE operator = $1 AND replacing = $2::bigint
    UNION ALL
    SELECT opened_at, 3, id, 'case-opened', opened_by, details, NULL FROM held
    UNION ALL
    SELECT decided_at, 4, sequence, 'given', terminal_id,
           json_build_object('sequence', sequence, 'retailer', retailer_id), unit_price_minor
      FROM given
    UNION ALL
    SELECT settled_at, 5, sequence, state, terminal_id, json_build_object('sequence', sequence), NULL
      FROM given WHERE state IN ('delivered', 'withheld')
    UNION ALL
    SELECT at, 6, id, what, terminal_id,
           CASE copy WHEN 0 THEN json_build_object('ticket', ticket, 'vendor', vendor_id)
                     ELSE json_build_object('ticket', ticket, 'vendor', vendor_id, 'copy', copy) END, NULL
      FROM ticket
    UNION ALL
    SELECT sold_at, 7, ticket, 'sold', terminal_id, json_build_object('ticket', ticket, 'vendor', vendor_id), amount_minor
      FROM sold
    UNION ALL
    SELECT ended_at, 8, id, 'case-ended', ended_by, json_build_object('case', id, 'cause', ended_cause), NULL
      FROM held WHERE ended_at IS NOT NULL
    UNION ALL
    SELECT released_at, 9, sequence, 'released', terminal_id, json_build_object('sequence', sequence), NULL
      FROM given WHERE released_at IS NOT NULL),
  here (state) AS (
    SELECT CASE
        WHEN EXISTS (SELECT FROM sold) THEN 'sold'
        WHEN is_given THEN coalesce(
          (SELECT 'sold' FROM said WHERE what = 'settled-sold'),
          -- What people say of a code at a shop says more than that it is there.
          (SELECT state FROM held WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1),
          (SELECT CASE what WHEN 'in-doubt' THEN 'in_doubt' ELSE 'damaged' END FROM said),
          (SELECT CASE state WHEN 'delivered' THEN state ELSE 'despatched' END FROM given WHERE state <> 'withheld'))
        WHEN is_aside THEN coalesce(
          (SELECT state FROM now WHERE state = 'void'),
          (SELECT state FROM held WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1), 'on_hold')
        WHEN held_at IS NOT NULL THEN coalesce((SELECT state FROM now WHERE state IN ('void', 'expired')), 'on_hold')
        ELSE 'in_stock' END
      FROM code)
  SELECT product_id AS product, lot_id AS lot, expires_on AS "expiresOn",
         to_char(activated_on AT TIME ZONE 'UTC', '${MOMENT}') AS "activatedOn", here.state,
         at, what, who, details, amount_minor AS "amountMinor"
    FROM code CROSS JOIN here CROSS JOIN event
   ORDER BY at, step, no`
