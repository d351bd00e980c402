// Whole lots that are held back from supply, and let go again, in whichever depots they lie.

import type { CountedLot } from '@scratchless/office/cases/case-office'
import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, LotId, MessageId, OperatorId } from '@scratchless/voucher/ids'

export async function countLot(sql: Sql, operator: OperatorId, lot: LotId): Promise<CountedLot | undefined> {
  const { rows } = await sql.query<CountedLot>(
    `SELECT coalesce(sum(pack.count), 0)::int AS codes, coalesce(sum(bit_count(given)), 0)::int AS given
       FROM lot LEFT JOIN pack ON pack.depot_id = lot.depot_id AND pack.operator = lot.operator AND pack.lot_id = lot.id
      WHERE lot.depot_id = ANY(ARRAY(SELECT id FROM depot)) AND lot.operator = $1 AND lot.id = $2 GROUP BY lot.id`,
    [operator, lot],
  )
  return rows[0]
}

export async function holdLot(sql: Sql, operator: OperatorId, lot: LotId, at: Date): Promise<void> {
  await sql.query(`UPDATE pack SET held_at = $3 WHERE operator = $1 AND lot_id = $2 AND held_at IS NULL`, [
    operator,
    lot,
    at,
  ])
}

export async function releaseLot(sql: Sql, operator: OperatorId, lot: LotId): Promise<void> {
  await sql.query(
    `UPDATE pack SET held_at = NULL WHERE operator = $1 AND lot_id = $2 AND held_at IS NOT NULL`,
    [operator, lot],
  )
}

/** A part of a lot that is not simply in stock comes in held. Under the lot's lock. */
export async function holdPartOfLot(
  sql: Sql,
  depot: DepotId,
  operator: OperatorId,
  part: { readonly lot: LotId; readonly delivery: MessageId },
  at: Date,
): Promise<void> {
  await sql.query(
    `UPDATE pack SET held_at = $5
      WHERE depot_id = $1 AND operator = $2 AND delivery_id = $4
        AND (SELECT state FROM lot_state WHERE operator = $2 AND lot = $3
              ORDER BY no DESC LIMIT 1) <> 'in_stock'`,
    [depot, operator, part.lot, part.delivery, at],
  )
}

/** Whether codes of a lot are in an order that is decided and not answered: the vault is closing them, or will. */
export async function isLotBeingClosed(sql: Sql, operator: OperatorId, lot: LotId): Promise<boolean> {
  const { rows } = await sql.query<{ so: boolean }>(
    `SELECT EXISTS (
       SELECT FROM supply_order AS "order"
         JOIN supply_run AS run ON run.depot_id = "order".depot_id AND run.terminal_id = "order".terminal_id
          AND run.sequence = "order".sequence AND run.operator = $1 AND run.lot_id = $2
         JOIN supply_message AS message ON message.depot_id = "order".depot_id
          AND message.terminal_id = "order".terminal_id AND message.sequence = "order".sequence
        WHERE message.depot_id = ANY(ARRAY(SELECT id FROM depot)) AND message.answer IS NULL AND "order".state = 'decided') AS so`,
    [operator, lot],
  )
  return rows[0]!.so
}

export async function readLotsPast(
  sql: Sql,
  day: string,
): Promise<{ operator: OperatorId; lot: LotId; lastDay: string }[]> {
  const { rows } = await sql.query<{ operator: OperatorId; lot: LotId; lastDay: string }>(
    `SELECT DISTINCT operator, id AS lot, expires_on AS "lastDay" FROM lot
      WHERE depot_id = ANY(ARRAY(SELECT id FROM depot)) AND expires_on < $1
        AND coalesce((SELECT state FROM lot_state
                       WHERE lot_state.operator = lot.operator AND lot_state.lot = lot.id
                       ORDER BY no DESC LIMIT 1), 'in_stock') NOT IN ('void', 'expired')
      ORDER BY expires_on, operator, id`,
    [day],
  )
  return rows
}
