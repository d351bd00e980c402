import type { Sql } from '@scratchless/office/database/database'
import type { CardId, DepotId, RetailerId, TerminalId, VendorId } from '@scratchless/voucher/ids'
import type { SupplyRefusalReason } from '@scratchless/wire/supply/supply-refusal'
import { idText, mintNumber } from '../mint-number.ts'

export interface TerminalRow {
  id: TerminalId
  depot_id: DepotId
  retailer_id: RetailerId
  certificate_number: number | null
  certified_until: Date | null
  last_sequence: bigint
  locked_at: Date | null
  locked_why: LockedWhy | null
  revoked_why: RevokedWhy | null
  revoked_at: Date | null
  enrolment_number: number | null
  fingerprint: string | null
  approvers: string[] | null
}

const TERMINAL_VIEW = `
  SELECT terminal.id, terminal.depot_id, terminal.retailer_id, terminal.certificate_number, terminal.certified_until, terminal.last_sequence,
         terminal.locked_at, terminal.revoked_at, terminal.locked_why, terminal.revoked_why, enrolment.number AS enrolment_number, enrolment.fingerprint,
         (SELECT array_agg(approver ORDER BY given_at) FROM approval
           WHERE purpose = 'certify-terminal' AND subject = enrolment.number::text) AS approvers
    FROM terminal
    LEFT JOIN LATERAL (SELECT number, fingerprint FROM enrolment
                        WHERE terminal_id = terminal.id ORDER BY number DESC LIMIT 1) AS enrolment ON true`

export async function insertTerminal(
  sql: Sql,
  terminal: { depot: DepotId; retailer: RetailerId; addedAt: Date },
): Promise<TerminalId> {
  const number = await mintNumber(sql, 'terminal_number')
  const { rows } = await sql.query<{ id: TerminalId }>(
    'INSERT INTO terminal (id, depot_id, retailer_id, added_at) VALUES ($1, $2, $3, $4) RETURNING id',
    [idText('T', number), terminal.depot, terminal.retailer, terminal.addedAt],
  )
  return rows[0]!.id
}

export async function findTerminal(sql: Sql, id: TerminalId): Promise<TerminalRow | undefined> {
  const { rows } = await sql.query<TerminalRow>(`${TERMINAL_VIEW} WHERE terminal.id = $1`, [id])
  return rows[0]
}

export async function readTerminals(sql: Sql, limit: number): Promise<TerminalRow[]> {
  const { rows } = await sql.query<TerminalRow>(`${TERMINAL_VIEW} ORDER BY terminal.id LIMIT $1`, [limit])
  return rows
}

export async function insertEnrolment(
  sql: Sql,
  enrolment: { number: number; terminal: TerminalId; openedAt: Date; expiresAt: Date },
): Promise<void> {
  await sql.query(
    'INSERT INTO enrolment (number, terminal_id, opened_at, expires_at) VALUES ($1, $2, $3, $4)',
    [enrolment.number, enrolment.terminal, enrolment.openedAt, enrolment.expiresAt],
  )
}

/** Whose enrolment this is, with what its answer says of him. */
export async function findEnrolment(
  sql: Sql,
  number: number,
): Promise<
  | {
      terminal_id: TerminalId
      retailer_id: RetailerId
      retailer_name: string
      fingerprint: string | null
      last_sequence: bigint
    }
  | undefined
> {
  const { rows } = await sql.query<{
    terminal_id: TerminalId
    retailer_id: RetailerId
    retailer_name: string
    fingerprint: string | null
    last_sequence: bigint
  }>(
    `SELECT enrolment.terminal_id, terminal.retailer_id, retailer.name AS retailer_name, enrolment.fingerprint,
            terminal.last_sequence
       FROM enrolment JOIN terminal ON terminal.id = enrolment.terminal_id
       JOIN retailer ON retailer.id = terminal.retailer_id
      WHERE enrolment.number = $1`,
    [number],
  )
  return rows[0]
}

/** Once: the first device that asks. */
export async function updateFingerprint(sql: Sql, number: number, fingerprint: string): Promise<void> {
  await sql.query('UPDATE enrolment SET fingerprint = $2 WHERE number = $1 AND fingerprint IS NULL', [
    number,
    fingerprint,
  ])
}

interface Certified {
  readonly id: TerminalId
  readonly certificateNumber: number
  readonly publicKey: Uint8Array
  readonly certifiedUntilS: number
  readonly centreUntilS: number
}

/** A device that is certified, the first time or the next; its sequence goes on. Certificates before stay known. */
export async function activateTerminal(sql: Sql, terminal: Certified): Promise<void> {
  const endsAt = new Date(terminal.certifiedUntilS * 1000)
  await sql.query(
    `INSERT INTO terminal_certificate (number, terminal_id, public_key, ends_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (number) DO NOTHING`,
    [terminal.certificateNumber, terminal.id, Buffer.from(terminal.publicKey), endsAt],
  )
  // What comes late, of a certificate before, does not set it back.
  await sql.query(
    `UPDATE terminal SET certificate_number = $2, certified_until = $3, centre_until = $4
      WHERE id = $1 AND coalesce(certificate_number, 0) < $2`,
    [terminal.id, terminal.certificateNumber, endsAt, new Date(terminal.centreUntilS * 1000)],
  )
}

/** As the refusals of the supply line have them. */
export type RevokedWhy = Extract<SupplyRefusalReason, { reason: 'terminal-revoked' }>['why']
export type LockedWhy = Extract<SupplyRefusalReason, { reason: 'terminal-locked' }>['why']

/** Once; what was revoked first stays the reason. */
export async function markTerminalRevoked(
  sql: Sql,
  id: TerminalId,
  now: Date,
  why: RevokedWhy,
): Promise<void> {
  await sql.query(
    'UPDATE terminal SET revoked_at = $2, revoked_why = $3 WHERE id = $1 AND revoked_at IS NULL',
    [id, now, why],
  )
}

/** False where it is locked already, for whatever reason: that one stays. */
export async function markTerminalLocked(
  sql: Sql,
  id: TerminalId,
  now: Date,
  why: LockedWhy,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    'UPDATE terminal SET locked_at = $2, locked_why = $3 WHERE id = $1 AND locked_at IS NULL',
    [id, now, why],
  )
  return rowCount === 1
}

/** False where it was not locked. */
export async function clearTerminalLock(sql: Sql, id: TerminalId): Promise<boolean> {
  const { rowCount } = await sql.query(
    'UPDATE terminal SET locked_at = NULL, locked_why = NULL WHERE id = $1 AND locked_at IS NOT NULL',
    [id],
  )
  return rowCount === 1
}

export interface StoredApproval {
  approver: string
  signature: Buffer
}

/** The same person again replaces nothing. */
export async function insertApproval(
  sql: Sql,
  approval: { purpose: string; subject: string; approver: string; signature: Uint8Array; givenAt: Date },
): Promise<void> {
  await sql.query(
    `INSERT INTO approval (purpose, subject, approver, signature, given_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (purpose, subject, approver) DO NOTHING`,
    [approval.purpose, approval.subject, approval.approver, approval.signature, approval.givenAt],
  )
}

export async function readApprovals(sql: Sql, purpose: string, subject: string): Promise<StoredApproval[]> {
  const { rows } = await sql.query<StoredApproval>(
    'SELECT approver, signature FROM approval WHERE purpose = $1 AND subject = $2 ORDER BY given_at',
    [purpose, subject],
  )
  return rows
}

export interface CardRow {
  id: CardId
  retailer_id: RetailerId
  vendor_id: VendorId
  class: 'file' | 'pkcs11'
  public_key: Buffer
  key_fingerprint: string
  registered_at: Date | null
  revoked_at: Date | null
  approvers: string[] | null
}

/** False where a card of this number is there. */
export async function insertCard(
  sql: Sql,
  card: Omit<CardRow, 'registered_at' | 'revoked_at' | 'approvers'> & { addedAt: Date },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO card (id, retailer_id, vendor_id, class, public_key, key_fingerprint, added_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
    [
      card.id,
      card.retailer_id,
      card.vendor_id,
      card.class,
      card.public_key,
      card.key_fingerprint,
      card.addedAt,
    ],
  )
  return rowCount === 1
}

export async function findCard(sql: Sql, id: CardId): Promise<CardRow | undefined> {
  const { rows } = await sql.query<CardRow>(
    `SELECT id, retailer_id, vendor_id, class, public_key, key_fingerprint, registered_at, revoked_at,
            (SELECT array_agg(approver ORDER BY given_at) FROM approval
              WHERE purpose = 'register-card' AND subject = card.id) AS approvers
       FROM card WHERE id = $1`,
    [id],
  )
  return rows[0]
}

export async function markCardRegistered(sql: Sql, id: CardId, now: Date): Promise<void> {
  await sql.query('UPDATE card SET registered_at = coalesce(registered_at, $2) WHERE id = $1', [id, now])
}

export async function markCardRevoked(sql: Sql, id: CardId, now: Date): Promise<void> {
  await sql.query('UPDATE card SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1', [id, now])
}

/** The retailer's cards are others than its terminals' letters say: above any letter that is being written now too. */
export async function wantNewLetters(sql: Sql, retailer: RetailerId): Promise<void> {
  await sql.query(
    `UPDATE terminal SET letter_wanted = greatest(letter_wanted, letter_number + 1) + 1 WHERE retailer_id = $1`,
    [retailer],
  )
}

/** The retailer's terminals need a new card letter before their next order. */
export async function endLetterEpochs(sql: Sql, retailer: RetailerId, now: Date): Promise<void> {
  await sql.query('UPDATE terminal SET letter_ends_at = $2 WHERE retailer_id = $1 AND letter_ends_at > $2', [
    retailer,
    now,
  ])
}
