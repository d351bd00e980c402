import type { Sql } from '@scratchless/office/database/database'
import type { DepotId } from '@scratchless/voucher/ids'

/** False where the number names a payment in another depot's book. */
export async function claimDocument(sql: Sql, document: string, depot: DepotId): Promise<boolean> {
  await sql.query('INSERT INTO deposit_document VALUES ($1, $2) ON CONFLICT (document) DO NOTHING', [
    document,
    depot,
  ])
  const { rows } = await sql.query<{ depot_id: DepotId }>(
    'SELECT depot_id FROM deposit_document WHERE document = $1',
    [document],
  )
  return rows[0]?.depot_id === depot
}
