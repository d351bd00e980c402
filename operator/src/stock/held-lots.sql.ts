// Whole lots that are held back from centres, and let go again.

import type { CountedLot } from '@scratchless/office/cases/case-office'
import type { Sql } from '@scratchless/office/database/database'
import type { LotId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'

export async function countLot(
  sql: Sql,
  lot: LotId,
): Promise<(CountedLot & { readonly product: ProductId }) | undefined> {
  const { rows } = await sql.query<CountedLot & { product: ProductId }>(
    `SELECT product, coalesce(sum(pack.count), 0)::int AS codes, coalesce(sum(bit_count(given)), 0)::int AS given
       FROM lot LEFT JOIN pack ON pack.lot = lot.id WHERE lot.id = $1 GROUP BY lot.id`,
    [lot],
  )
  return rows[0]
}

export async function holdLot(sql: Sql, lot: LotId, at: Date): Promise<void> {
  await sql.query('UPDATE pack SET held_at = $2 WHERE lot = $1 AND held_at IS NULL', [lot, at])
}

export async function releaseLot(sql: Sql, lot: LotId): Promise<void> {
  await sql.query('UPDATE pack SET held_at = NULL WHERE lot = $1 AND held_at IS NOT NULL', [lot])
}

/** Whether codes of a lot are in a part that is planned and not despatched: the vault is closing them, or will. */
export async function isLotBeingClosed(sql: Sql, lot: LotId): Promise<boolean> {
  const { rows } = await sql.query<{ so: boolean }>(
    `SELECT EXISTS (SELECT FROM restock_delivery WHERE lot = $1 AND state = 'planned') AS so`,
    [lot],
  )
  return rows[0]!.so
}

export async function readLotsPast(sql: Sql, day: string): Promise<{ lot: LotId; lastDay: string }[]> {
  const { rows } = await sql.query<{ lot: LotId; lastDay: string }>(
    `SELECT id AS lot, expires_on AS "lastDay" FROM lot
      WHERE expires_on < $1
        AND coalesce((SELECT state FROM lot_state WHERE lot_state.lot = lot.id ORDER BY no DESC LIMIT 1),
                     'in_stock') NOT IN ('void', 'expired')
      ORDER BY expires_on, id`,
    [day],
  )
  return rows
}
