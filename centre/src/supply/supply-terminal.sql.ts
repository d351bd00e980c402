import type { Sql } from '@scratchless/office/database/database'
import type { CardId, DepotId, RetailerId, TerminalId } from '@scratchless/voucher/ids'

/** A terminal as the supply room sees it. */
export interface SupplyTerminal {
  id: TerminalId
  depot_id: DepotId
  retailer_id: RetailerId
  retailer_name: string
  retailer_closed_at: Date | null
  certificate_number: number
  public_key: Buffer
  certified_until: Date
  last_sequence: bigint
  letter_epoch: number
  letter_ends_at: Date | null
  catalogue_version: number
  locked_at: Date | null
  revoked_at: Date | null
}

const SUPPLY_TERMINAL = `
  SELECT terminal.id, terminal.depot_id, terminal.retailer_id, retailer.name AS retailer_name,
         retailer.closed_at AS retailer_closed_at, terminal.certificate_number, terminal.public_key,
         terminal.certified_until, terminal.last_sequence, terminal.letter_epoch, terminal.letter_ends_at,
         terminal.catalogue_version, terminal.locked_at, terminal.revoked_at
    FROM terminal JOIN retailer ON retailer.id = terminal.retailer_id`

export async function findTerminalOfKey(
  sql: Sql,
  certificateNumber: number,
): Promise<SupplyTerminal | undefined> {
  const { rows } = await sql.query<SupplyTerminal>(`${SUPPLY_TERMINAL} WHERE certificate_number = $1`, [
    certificateNumber,
  ])
  return rows[0]
}

export async function readTerminals(
  sql: Sql,
  depot: DepotId,
  ids: readonly TerminalId[],
): Promise<Map<TerminalId, SupplyTerminal>> {
  const { rows } = await sql.query<SupplyTerminal>(
    `${SUPPLY_TERMINAL} WHERE terminal.depot_id = $1 AND terminal.id = ANY($2::text[])`,
    [depot, [...new Set(ids)]],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

/** Locked until the transaction ends, in the order of their ids: a terminal's messages are taken one by one. */
export async function lockTerminals(
  sql: Sql,
  depot: DepotId,
  ids: readonly TerminalId[],
): Promise<Map<TerminalId, SupplyTerminal>> {
  const { rows } = await sql.query<SupplyTerminal>(
    `${SUPPLY_TERMINAL} WHERE terminal.depot_id = $1 AND terminal.id = ANY($2::text[])
      ORDER BY terminal.id FOR NO KEY UPDATE OF terminal`,
    [depot, [...new Set(ids)]],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

/** Cards of these retailers that were revoked since then, newest first. */
export async function readRevokedCards(
  sql: Sql,
  retailers: readonly RetailerId[],
  since: Date,
): Promise<{ id: CardId; retailer_id: RetailerId }[]> {
  const { rows } = await sql.query<{ id: CardId; retailer_id: RetailerId }>(
    `SELECT id, retailer_id FROM card WHERE retailer_id = ANY($1::text[]) AND revoked_at > $2
      ORDER BY revoked_at DESC`,
    [retailers, since],
  )
  return rows
}

export async function updateLetterEpoch(
  sql: Sql,
  terminal: TerminalId,
  epoch: number,
  endsAt: Date,
): Promise<void> {
  await sql.query('UPDATE terminal SET letter_epoch = $2, letter_ends_at = $3 WHERE id = $1', [
    terminal,
    epoch,
    endsAt,
  ])
}
