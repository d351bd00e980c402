import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, RetailerId } from '@scratchless/voucher/ids'
import { idText, mintNumber } from '../mint-number.ts'

export interface RetailerRow {
  id: RetailerId
  depot_id: DepotId
  name: string
  place: string
  closed_at: Date | null
}

export async function insertRetailer(
  sql: Sql,
  retailer: { depot: DepotId; name: string; place: string; addedAt: Date },
): Promise<RetailerRow> {
  const number = await mintNumber(sql, 'retailer_number')
  const { rows } = await sql.query<RetailerRow>(
    `INSERT INTO retailer (id, depot_id, name, place, added_at) VALUES ($1, $2, $3, $4, $5)
     RETURNING id, depot_id, name, place, closed_at`,
    [idText('R', number), retailer.depot, retailer.name, retailer.place, retailer.addedAt],
  )
  return rows[0]!
}

export async function findRetailer(sql: Sql, id: RetailerId): Promise<RetailerRow | undefined> {
  const { rows } = await sql.query<RetailerRow>(
    'SELECT id, depot_id, name, place, closed_at FROM retailer WHERE id = $1',
    [id],
  )
  return rows[0]
}

export async function readRetailers(sql: Sql, limit: number): Promise<RetailerRow[]> {
  const { rows } = await sql.query<RetailerRow>(
    'SELECT id, depot_id, name, place, closed_at FROM retailer ORDER BY id LIMIT $1',
    [limit],
  )
  return rows
}

/** False where it is closed already. Supply orders under way wait for, or are before, this. */
export async function markRetailerClosed(sql: Sql, id: RetailerId, at: Date): Promise<boolean> {
  const { rowCount } = await sql.query(
    'UPDATE retailer SET closed_at = $2 WHERE id = $1 AND closed_at IS NULL',
    [id, at],
  )
  return rowCount === 1
}
