import { MOMENT } from '@scratchless/office/cases/code-case.sql'
import type { CodeState } from '@scratchless/office/cases/code-states'
import type { Sql } from '@scratchless/office/database/database'
import type { LotId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { SerialNumber } from '@scratchless/voucher/serial'

interface HistoryRow {
  readonly product: ProductId
  readonly lot: LotId
  readonly expiresOn: string
  readonly activatedAt: string | null
  readonly state: CodeState
  readonly at: Date
  readonly what:
    | ('sealed' | 'activated' | 'given' | 'delivered' | 'known-already' | 'refused')
    | ('replaced' | 'replaces' | 'case-opened' | 'case-ended')
    | ('lot-held' | 'lot-recalled' | 'lot-released' | 'lot-void' | 'lot-expired')
  /** A member of staff or a centre, where it is known. */
  readonly who: string | null
  readonly details: Readonly<Record<string, string | number | null>>
}

/**
 * All that happened to one serial, oldest first, each row with where the code is now; none where there is no such
 * serial. Each branch goes by an index; a pack's codes are a thousand at most, a case's a million.
 */
export async function readCodeHistory(sql: Sql, serial: SerialNumber): Promise<HistoryRow[]> {
  const { rows } = await sql.query<HistoryRow>(CODE_HISTORY, [serial])
  return rows
}

export const CODE_HISTORY = `
  WITH code AS (
    SELECT pack.id, pack.first_serial, lot.id AS lot, product, expires_on, activated_at, sealed_at, held_at,
           get_bit(given, ($1::bigint - first_serial)::int) = 1 AS is_given,
           get_bit(aside, ($1::bigint - first_serial)::int) = 1 AS is_aside
      FROM pack JOIN lot ON lot.id = pack.lot
     WHERE first_serial <= $1::bigint AND first_serial > $1::bigint - 1000 AND first_serial + count > $1::bigint),
  given AS (
    SELECT delivery.*, "order".partner,
           CASE WHEN state = 'taken' THEN
             CASE WHEN EXISTS (SELECT FROM restock_duplicate
                                WHERE delivery_id = delivery.id AND serial = $1::bigint)
                  THEN 'known-already' ELSE 'delivered' END
           ELSE state END AS outcome
      FROM restock_run AS run
      JOIN restock_delivery AS delivery ON delivery.id = run.delivery_id
      JOIN restock_order AS "order" ON "order".id = delivery.order_id
     WHERE run.pack = (SELECT id FROM code) AND run.first_serial <= $1::bigint
       AND run.first_serial + run.count > $1::bigint),
  held AS (
    SELECT *, json_build_object('case', id, 'state', state, 'cause', cause, 'count', count,
                                'firstSerial', lpad(first_serial::text, 12, '0')) AS details
      FROM code_case
     WHERE first_serial <= $1::bigint AND first_serial > $1::bigint - 1000000
       AND first_serial + count > $1::bigint),
  changed AS (SELECT * FROM lot_state WHERE lot = (SELECT lot FROM code)),
  now AS (SELECT state FROM changed ORDER BY no DESC LIMIT 1),
  event (at, step, no, what, who, details) AS (
    SELECT sealed_at, 1, 0::bigint, 'sealed', NULL,
           json_build_object('lot', lot, 'pack', lpad(first_serial::text, 12, '0'))
      FROM code
    UNION ALL
    -- A lot that was activated as it was sealed, by nobody's later act.
    SELECT activated_at, 2, 0, 'activated', NULL,
           json_build_object('lot', lot, 'from', to_char(activated_at AT TIME ZONE 'UTC', '${MOMENT}'))
      FROM code
     WHERE activated_at IS NOT NULL
       AND NOT EXISTS (SELECT FROM lot_activation WHERE lot_activation.lot = code.lot)
    UNION ALL
    SELECT made_at, 2, 0, 'activated', made_by,
           json_build_object('lot', lot, 'from', to_char(activated_on AT TIME ZONE 'UTC', '${MOMENT}'))
      FROM lot_activation
     WHERE lot = (SELECT lot FROM code)
       AND (whole OR EXISTS (SELECT FROM lot_activation_run AS run
                              WHERE run.activation_id = lot_activation.id AND run.first_serial <= $1::bigint
                                AND run.first_serial + run.count > $1::bigint))
    UNION ALL
    SELECT set_at, 3, no, CASE state WHEN 'in_stock' THEN 'lot-released' ELSE 'lot-' || state END, set_by,
           json_build_object('lot', lot, 'cause', cause)
      FROM changed
    UNION ALL
    SELECT made_at, 3, replacing, 'replaced', made_by,
           json_build_object('serial', lpad(replacing::text, 12, '0'), 'cause', cause)
      FROM code_exchange WHERE replaced = $1::bigint
    UNION ALL
    SELECT made_at, 3, replaced, 'replaces', made_by,
           json_build_object('serial', lpad(replaced::text, 12, '0'), 'cause', cause)
      FROM code_exchange WHERE replacing = $1::bigint
    UNION ALL
    SELECT opened_at, 3, id, 'case-opened', opened_by, details FROM held
    UNION ALL
    SELECT issued_at, 4, position, 'given', partner,
           json_build_object('order', order_id, 'line', line_no, 'part', part, 'delivery', id)
      FROM given
    UNION ALL
    SELECT settled_at, 5, position, outcome, partner, json_build_object('delivery', id, 'reason', reason)
      FROM given WHERE settled_at IS NOT NULL
    UNION ALL
    SELECT ended_at, 6, id, 'case-ended', ended_by, json_build_object('case', id, 'cause', ended_cause)
      FROM held WHERE ended_at IS NOT NULL),
  here (state) AS (
    SELECT CASE
        WHEN is_given THEN coalesce(
          -- What people say of a code that is away says more than where it is.
          (SELECT state FROM held WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1),
          (SELECT CASE WHEN outcome IN ('planned', 'despatched') THEN 'despatched' WHEN outcome = 'delivered' THEN outcome
                       ELSE 'on_hold' END
             FROM given))
        WHEN is_aside THEN coalesce(
          (SELECT state FROM now WHERE state = 'void'),
          (SELECT state FROM held WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1), 'on_hold')
        WHEN held_at IS NOT NULL THEN coalesce((SELECT state FROM now WHERE state IN ('void', 'expired')), 'on_hold')
        ELSE 'in_stock' END
      FROM code)
  SELECT product, lot, expires_on AS "expiresOn",
         to_char(activated_at AT TIME ZONE 'UTC', '${MOMENT}') AS "activatedAt", here.state,
         at, what, who, json_strip_nulls(details) AS details
    FROM code CROSS JOIN here CROSS JOIN event
   ORDER BY at, step, no`
