import type { Sql } from '@scratchless/office/database/database'
import type { DepotId } from '@scratchless/voucher/ids'

export interface DepotRow {
  id: DepotId
  name: string
  opened_at: Date
}

/** False where one of this name stands. */
export async function insertDepot(
  sql: Sql,
  depot: { id: DepotId; name: string; openedAt: Date; openedBy: string },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO depot (id, name, opened_at, opened_by) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`,
    [depot.id, depot.name, depot.openedAt, depot.openedBy],
  )
  return rowCount === 1
}

/** All: a distributor has a handful. */
export async function readDepots(sql: Sql): Promise<DepotRow[]> {
  const { rows } = await sql.query<DepotRow>('SELECT id, name, opened_at FROM depot ORDER BY opened_at, id')
  return rows
}
