import type { Sql } from '@scratchless/office/database/database'
import type { CardId, DepotId, RetailerId, TerminalId } from '@scratchless/voucher/ids'
import type { LockedWhy, RevokedWhy } from '../terminals/terminals.sql.ts'
import { keysOf, type SequenceKey } from './supply-message.sql.ts'

/** A terminal as the supply room sees it. */
export interface SupplyTerminal {
  id: TerminalId
  depot_id: DepotId
  retailer_id: RetailerId
  retailer_name: string
  retailer_closed_at: Date | null
  certificate_number: number
  certified_until: Date
  /** When the centre's certificate ends that it holds; null: not known. */
  centre_until: Date | null
  last_sequence: bigint
  letter_epoch: number
  letter_ends_at: Date | null
  catalogue_version: number
  settings_version: number
  locked_why: LockedWhy | null
  revoked_why: RevokedWhy | null
  /** Of the newest card letter answered, and the one that a letter would have that says what is true now. */
  letter_number: bigint
  letter_wanted: bigint
  /** Whether a card of its shop is registered: without one there is nobody to close a code for. */
  has_card: boolean
  locked_at: Date | null
  revoked_at: Date | null
  /** Its orders before this one are settled; null: all are. */
  open_order: bigint | null
  /** Its orders before this one were decided more than a day ago. */
  day_order: bigint
  /** Public value of the codes that it was given and has not reported as sold. */
  aboard_minor: bigint
}

const COLUMNS = `
         terminal.id, terminal.depot_id, terminal.retailer_id, retailer.name AS retailer_name,
         retailer.closed_at AS retailer_closed_at, terminal.certificate_number, terminal.certified_until,
         terminal.centre_until, terminal.last_sequence, terminal.letter_epoch, terminal.letter_ends_at,
         terminal.letter_number, terminal.letter_wanted, terminal.catalogue_version, terminal.settings_version,
         terminal.locked_at, terminal.locked_why, terminal.revoked_at, terminal.revoked_why, terminal.open_order,
         terminal.day_order, terminal.aboard_minor,
         EXISTS (SELECT FROM card WHERE card.retailer_id = terminal.retailer_id
                    AND card.registered_at IS NOT NULL AND card.revoked_at IS NULL) AS has_card`
const SUPPLY_TERMINAL = `
  SELECT ${COLUMNS} FROM terminal JOIN retailer ON retailer.id = terminal.retailer_id`

/** A certificate that a terminal has, or had. */
export interface TerminalKey {
  number: number
  terminal_id: TerminalId
  depot_id: DepotId
  public_key: Buffer
  ends_at: Date
}

export async function findTerminalKey(sql: Sql, number: number): Promise<TerminalKey | undefined> {
  const { rows } = await sql.query<TerminalKey>(
    `SELECT certificate.number, certificate.terminal_id, terminal.depot_id, certificate.public_key, certificate.ends_at
       FROM terminal_certificate AS certificate JOIN terminal ON terminal.id = certificate.terminal_id
      WHERE certificate.number = $1`,
    [number],
  )
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

/** Terminals, each with the hash of one delivery that it was sent; null where there is none of this sequence. */
export async function readReceiving(
  sql: Sql,
  depot: DepotId,
  deliveries: readonly SequenceKey[],
): Promise<(SupplyTerminal & { delivery_hash: Buffer | null })[]> {
  const { rows } = await sql.query<SupplyTerminal & { delivery_hash: Buffer | null }>(
    `SELECT ${COLUMNS}, delivered.delivery_hash
       FROM unnest($1::text[], $2::text[], $3::bigint[]) AS asked (depot_id, terminal_id, sequence)
       JOIN terminal ON terminal.depot_id = asked.depot_id AND terminal.id = asked.terminal_id
       JOIN retailer ON retailer.id = terminal.retailer_id
       LEFT JOIN supply_order AS delivered
         ON delivered.depot_id = asked.depot_id AND delivered.terminal_id = asked.terminal_id
        AND delivered.sequence = asked.sequence`,
    keysOf(depot, deliveries),
  )
  return rows
}

/** What a message leaves behind in its terminal's row. */
export interface TerminalMove extends SequenceKey {
  readonly openOrder: bigint | null
  readonly dayOrder?: bigint
  /** More on board. */
  readonly aboardMinor?: bigint
}

/** Moves terminals, which are locked, to their latest messages: never back. */
export async function moveTerminals(sql: Sql, depot: DepotId, moves: readonly TerminalMove[]): Promise<void> {
  await sql.query(
    `UPDATE terminal SET last_sequence = greatest(terminal.last_sequence, moved.sequence), open_order = moved.open_order,
            day_order = greatest(terminal.day_order, moved.day_order),
            aboard_minor = terminal.aboard_minor + moved.aboard_minor
       FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
            AS moved (terminal_id, sequence, open_order, day_order, aboard_minor)
      WHERE terminal.depot_id = $1 AND terminal.id = moved.terminal_id`,
    [
      depot,
      moves.map(({ terminal }) => terminal),
      moves.map(({ sequence }) => sequence),
      moves.map(({ openOrder }) => openOrder),
      moves.map(({ dayOrder }) => dayOrder ?? 0n),
      moves.map(({ aboardMinor }) => aboardMinor ?? 0n),
    ],
  )
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

/** A letter was answered. What changed while it was written has moved `letter_wanted` above its number. */
export async function updateLetter(
  sql: Sql,
  terminal: TerminalId,
  letter: { readonly number: number; readonly epoch: number; readonly endsAt: Date },
): Promise<void> {
  await sql.query(
    `UPDATE terminal SET letter_number = $2, letter_wanted = greatest(letter_wanted, $2), letter_epoch = $3,
            letter_ends_at = $4 WHERE id = $1`,
    [terminal, letter.number, letter.epoch, letter.endsAt],
  )
}
