import type { Sql } from '@scratchless/office/database/database'
import type { CardId, RetailerId, TerminalId, VendorId } from '@scratchless/voucher/ids'

export interface VendorRow {
  id: VendorId
  name: string
  suspended_at: Date | null
}

/** The next free number of the shop; null where all are given. 01 is the owner's own. */
export async function insertVendor(
  sql: Sql,
  vendor: { retailer: RetailerId; name: string; addedAt: Date },
): Promise<VendorRow | null> {
  // Two at once would find the same number: the shop's row puts them in line.
  await sql.query('SELECT FROM retailer WHERE id = $1 FOR NO KEY UPDATE', [vendor.retailer])
  const { rows } = await sql.query<VendorRow>(
    `INSERT INTO vendor (retailer_id, id, name, added_at)
     SELECT $1, number, $2, $3 FROM (SELECT lpad(n::text, 2, '0') AS number FROM generate_series(2, 99) AS n) AS free
      WHERE number NOT IN (SELECT id FROM vendor WHERE retailer_id = $1) ORDER BY number LIMIT 1
     RETURNING id, name, suspended_at`,
    [vendor.retailer, vendor.name, vendor.addedAt],
  )
  return rows[0] ?? null
}

export async function readVendors(sql: Sql, retailer: RetailerId): Promise<VendorRow[]> {
  const { rows } = await sql.query<VendorRow>(
    'SELECT id, name, suspended_at FROM vendor WHERE retailer_id = $1 ORDER BY id',
    [retailer],
  )
  return rows
}

/** False where there is no such vendor. Null lifts it. */
export async function updateVendorSuspended(
  sql: Sql,
  retailer: RetailerId,
  vendor: VendorId,
  suspendedAt: Date | null,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    'UPDATE vendor SET suspended_at = $3 WHERE retailer_id = $1 AND id = $2',
    [retailer, vendor, suspendedAt],
  )
  return rowCount === 1
}

/** Cards that may sell in the shop, each with its vendor. */
export async function readVendorCards(
  sql: Sql,
  retailer: RetailerId,
): Promise<{ id: CardId; vendor_id: VendorId }[]> {
  const { rows } = await sql.query<{ id: CardId; vendor_id: VendorId }>(
    `SELECT id, vendor_id FROM card
      WHERE retailer_id = $1 AND registered_at IS NOT NULL AND revoked_at IS NULL ORDER BY vendor_id, id`,
    [retailer],
  )
  return rows
}

/** What staff entered last; undefined where nobody has. */
export async function readShopSettings(
  sql: Sql,
  retailer: RetailerId,
): Promise<{ number: number; content: string } | undefined> {
  const { rows } = await sql.query<{ number: number; content: string }>(
    'SELECT number, content FROM shop_settings WHERE retailer_id = $1 ORDER BY number DESC LIMIT 1',
    [retailer],
  )
  return rows[0]
}

/** The same of several shops; those for which nobody has entered any are left out. */
export async function readSettingsOfShops(
  sql: Sql,
  retailers: readonly RetailerId[],
): Promise<{ retailer_id: RetailerId; content: string }[]> {
  const { rows } = await sql.query<{ retailer_id: RetailerId; content: string }>(
    `SELECT DISTINCT ON (retailer_id) retailer_id, content FROM shop_settings
      WHERE retailer_id = ANY($1::text[]) ORDER BY retailer_id, number DESC`,
    [retailers],
  )
  return rows
}

/** False where somebody else has entered this number meanwhile. */
export async function insertShopSettings(
  sql: Sql,
  settings: { retailer: RetailerId; number: number; content: string; setBy: string; setAt: Date },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO shop_settings (retailer_id, number, content, set_by, set_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (retailer_id, number) DO NOTHING`,
    [settings.retailer, settings.number, settings.content, settings.setBy, settings.setAt],
  )
  return rowCount === 1
}

export interface SettingsState {
  id: TerminalId
  settings_version: number
  settings_hash: Buffer | null
}

/** The shop's terminals that may ask, locked until the transaction ends. */
export async function lockSettingsStates(sql: Sql, retailer: RetailerId): Promise<SettingsState[]> {
  const { rows } = await sql.query<SettingsState>(
    `SELECT id, settings_version, settings_hash FROM terminal
      WHERE retailer_id = $1 AND revoked_at IS NULL ORDER BY id FOR NO KEY UPDATE`,
    [retailer],
  )
  return rows
}

export async function updateSettingsState(
  sql: Sql,
  terminal: TerminalId,
  version: number,
  hash: Uint8Array,
): Promise<void> {
  await sql.query('UPDATE terminal SET settings_version = $2, settings_hash = $3 WHERE id = $1', [
    terminal,
    version,
    hash,
  ])
}
