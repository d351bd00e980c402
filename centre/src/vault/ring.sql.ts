import type { Sql } from '@scratchless/office/database/database'
import type { CardId, DepotId, RetailerId, TerminalId, VendorId } from '@scratchless/voucher/ids'

/** A number for a certificate that is about to be made. */
export async function takeCertificateNumber(sql: Sql, subject: string): Promise<number> {
  const { rows } = await sql.query<{ number: number }>(
    'INSERT INTO vault_certificate (subject) VALUES ($1) RETURNING number',
    [subject],
  )
  return rows[0]!.number
}

export async function storeCertificate(
  sql: Sql,
  number: number,
  bytes: Uint8Array,
  centreCertificate: number | null,
): Promise<void> {
  await sql.query('UPDATE vault_certificate SET bytes = $2, centre_certificate = $3 WHERE number = $1', [
    number,
    bytes,
    centreCertificate,
  ])
}

interface CertificateRow {
  subject: string
  bytes: Buffer | null
  /** Given out with a terminal's; null: it is the centre's own. */
  centre_certificate: number | null
}

export async function findCertificate(sql: Sql, number: number): Promise<CertificateRow | undefined> {
  const { rows } = await sql.query<CertificateRow>(
    'SELECT subject, bytes, centre_certificate FROM vault_certificate WHERE number = $1',
    [number],
  )
  return rows[0]
}

interface RenewalRow {
  terminal_id: TerminalId
  sequence: number
  request_hash: Buffer
  asked_under: number
  certificate: number
  answer: Buffer
}

export async function findRenewal(
  sql: Sql,
  terminal: TerminalId,
  sequence: number,
): Promise<Omit<RenewalRow, 'terminal_id' | 'sequence'> | undefined> {
  const { rows } = await sql.query<RenewalRow>(
    `SELECT request_hash, asked_under, certificate, answer FROM vault_renewal
      WHERE terminal_id = $1 AND sequence = $2`,
    [terminal, sequence],
  )
  return rows[0]
}

export async function insertRenewal(sql: Sql, row: RenewalRow): Promise<void> {
  await sql.query(
    `INSERT INTO vault_renewal (terminal_id, sequence, request_hash, asked_under, certificate, answer)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [row.terminal_id, row.sequence, row.request_hash, row.asked_under, row.certificate, row.answer],
  )
}

/** The same terminal of the same shop, under its next certificate. */
export async function updateTerminalCertificate(
  sql: Sql,
  row: Pick<TerminalRow, 'id' | 'certificate' | 'mac'>,
): Promise<void> {
  await sql.query('UPDATE vault_terminal SET certificate = $2, mac = $3 WHERE id = $1', [
    row.id,
    row.certificate,
    row.mac,
  ])
}

export async function findNewestCertificate(
  sql: Sql,
  subject: string,
): Promise<{ number: number; bytes: Buffer } | undefined> {
  const { rows } = await sql.query<{ number: number; bytes: Buffer }>(
    `SELECT number, bytes FROM vault_certificate
      WHERE subject = $1 AND bytes IS NOT NULL AND revoked_at IS NULL ORDER BY number DESC LIMIT 1`,
    [subject],
  )
  return rows[0]
}

export interface EnrolmentRow {
  number: number
  terminal_id: TerminalId
  retailer_id: RetailerId
  expires_at: Date
  wrapped_keys: Buffer
  mac: Buffer
  device_key: Buffer | null
  certificate: number | null
}

export async function takeEnrolmentNumber(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ number: bigint }>(
    `SELECT nextval(pg_get_serial_sequence('vault_enrolment', 'number')) AS number`,
  )
  return Number(rows[0]!.number)
}

export async function insertEnrolment(
  sql: Sql,
  row: Omit<EnrolmentRow, 'device_key' | 'certificate'>,
): Promise<void> {
  await sql.query(
    `INSERT INTO vault_enrolment (number, terminal_id, retailer_id, expires_at, wrapped_keys, mac)
     OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6)`,
    [row.number, row.terminal_id, row.retailer_id, row.expires_at, row.wrapped_keys, row.mac],
  )
}

export async function lockEnrolment(sql: Sql, number: number): Promise<EnrolmentRow | undefined> {
  const { rows } = await sql.query<EnrolmentRow>(
    'SELECT * FROM vault_enrolment WHERE number = $1 FOR UPDATE',
    [number],
  )
  return rows[0]
}

export async function storeDeviceKey(sql: Sql, number: number, deviceKey: Uint8Array): Promise<void> {
  await sql.query('UPDATE vault_enrolment SET device_key = $2 WHERE number = $1', [number, deviceKey])
}

export async function storeEnrolmentCertificate(
  sql: Sql,
  number: number,
  certificate: number,
): Promise<void> {
  await sql.query('UPDATE vault_enrolment SET certificate = $2 WHERE number = $1', [number, certificate])
}

export interface TerminalRow {
  id: TerminalId
  depot_id: DepotId
  retailer_id: RetailerId
  certificate: number
  mac: Buffer
  revoked_at: Date | null
  /** The certificate itself. */
  bytes: Buffer
  /** The number and the bytes of the centre's certificate that was given with it. */
  centre_certificate: number
  centre_bytes: Buffer
}

/** Terminals of the ring, each locked until the transaction ends, in the order of their ids. */
export async function lockTerminals(sql: Sql, ids: readonly TerminalId[]): Promise<TerminalRow[]> {
  const { rows } = await sql.query<TerminalRow>(
    `SELECT terminal.id, terminal.depot_id, terminal.retailer_id, terminal.certificate, terminal.mac,
            terminal.revoked_at, certificate.bytes, certificate.centre_certificate, centre.bytes AS centre_bytes
       FROM vault_terminal AS terminal
       JOIN vault_certificate AS certificate ON certificate.number = terminal.certificate
       JOIN vault_certificate AS centre ON centre.number = certificate.centre_certificate
      WHERE terminal.id = ANY($1::text[]) ORDER BY terminal.id FOR NO KEY UPDATE OF terminal`,
    [ids],
  )
  return rows
}

/** The same of terminals of one depot, but for the centre's certificate itself. */
export async function lockTerminalsOf(
  sql: Sql,
  depot: DepotId,
  ids: readonly TerminalId[],
): Promise<Omit<TerminalRow, 'centre_bytes'>[]> {
  const { rows } = await sql.query<TerminalRow>(
    `SELECT terminal.id, terminal.depot_id, terminal.retailer_id, terminal.certificate, terminal.mac,
            terminal.revoked_at, certificate.bytes, certificate.centre_certificate
       FROM vault_terminal AS terminal JOIN vault_certificate AS certificate ON certificate.number = terminal.certificate
      WHERE terminal.depot_id = $1 AND terminal.id = ANY($2::text[])
      ORDER BY terminal.id FOR NO KEY UPDATE OF terminal`,
    [depot, ids],
  )
  return rows
}

/** A terminal that enrols anew gets a new certificate; the old one no longer opens anything. */
export async function upsertTerminal(
  sql: Sql,
  row: Pick<TerminalRow, 'id' | 'depot_id' | 'retailer_id' | 'certificate' | 'mac'>,
): Promise<void> {
  await sql.query(
    `INSERT INTO vault_terminal (id, depot_id, retailer_id, certificate, mac) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (id) DO UPDATE
       SET depot_id = excluded.depot_id, retailer_id = excluded.retailer_id, certificate = excluded.certificate,
           mac = excluded.mac, revoked_at = NULL`,
    [row.id, row.depot_id, row.retailer_id, row.certificate, row.mac],
  )
}

export async function markTerminalRevoked(sql: Sql, id: TerminalId, now: Date): Promise<void> {
  await sql.query('UPDATE vault_terminal SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1', [id, now])
}

export interface CardRow {
  id: CardId
  retailer_id: RetailerId
  vendor_id: VendorId
  class: 'file' | 'pkcs11'
  public_key: Buffer
  mac: Buffer
}

/** False where a card of this number is in the ring. */
export async function insertCard(sql: Sql, row: CardRow): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO vault_card (id, retailer_id, vendor_id, class, public_key, mac)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
    [row.id, row.retailer_id, row.vendor_id, row.class, row.public_key, row.mac],
  )
  return rowCount === 1
}

export async function readCards(sql: Sql, retailer: RetailerId): Promise<CardRow[]> {
  const { rows } = await sql.query<CardRow>(
    `SELECT id, retailer_id, vendor_id, class, public_key, mac FROM vault_card
      WHERE retailer_id = $1 AND revoked_at IS NULL ORDER BY id`,
    [retailer],
  )
  return rows
}

export async function findCard(sql: Sql, id: CardId): Promise<CardRow | undefined> {
  const { rows } = await sql.query<CardRow>(
    'SELECT id, retailer_id, vendor_id, class, public_key, mac FROM vault_card WHERE id = $1',
    [id],
  )
  return rows[0]
}

/** Whose terminals' epochs must end now; undefined where the card is unknown or revoked already. */
export async function markCardRevoked(sql: Sql, id: CardId, now: Date): Promise<RetailerId | undefined> {
  const { rows } = await sql.query<{ retailer_id: RetailerId }>(
    'UPDATE vault_card SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING retailer_id',
    [id, now],
  )
  return rows[0]?.retailer_id
}

export interface SafeKeyRow {
  depot_id: DepotId
  terminal_id: TerminalId
  epoch: number
  ends_at: Date
  wrapped_key: Buffer
  mac: Buffer
}

/** Of each terminal the safe key of its newest epoch, ended or not. */
export async function readNewestSafeKeys(
  sql: Sql,
  depot: DepotId,
  terminals: readonly TerminalId[],
): Promise<SafeKeyRow[]> {
  const { rows } = await sql.query<SafeKeyRow>(
    `SELECT DISTINCT ON (terminal_id) depot_id, terminal_id, epoch, ends_at, wrapped_key, mac
       FROM vault_safe_key WHERE depot_id = $1 AND terminal_id = ANY($2::text[]) ORDER BY terminal_id, epoch DESC`,
    [depot, terminals],
  )
  return rows
}

export async function readSafeKey(
  sql: Sql,
  depot: DepotId,
  terminal: TerminalId,
  epoch: number,
): Promise<SafeKeyRow | undefined> {
  const { rows } = await sql.query<SafeKeyRow>(
    `SELECT depot_id, terminal_id, epoch, ends_at, wrapped_key, mac
       FROM vault_safe_key WHERE depot_id = $1 AND terminal_id = $2 AND epoch = $3`,
    [depot, terminal, epoch],
  )
  return rows[0]
}

export async function insertSafeKey(sql: Sql, row: SafeKeyRow): Promise<void> {
  await sql.query(
    `INSERT INTO vault_safe_key (depot_id, terminal_id, epoch, ends_at, wrapped_key, mac)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [row.depot_id, row.terminal_id, row.epoch, row.ends_at, row.wrapped_key, row.mac],
  )
}

export async function readSafeKeysOfRetailer(sql: Sql, retailer: RetailerId): Promise<SafeKeyRow[]> {
  const { rows } = await sql.query<SafeKeyRow>(
    `SELECT DISTINCT ON (key.terminal_id) key.depot_id, key.terminal_id, key.epoch, key.ends_at, key.wrapped_key, key.mac
       FROM vault_safe_key AS key JOIN vault_terminal AS terminal ON terminal.id = key.terminal_id
      WHERE terminal.retailer_id = $1 ORDER BY key.terminal_id, key.epoch DESC`,
    [retailer],
  )
  return rows
}

export async function endSafeKey(
  sql: Sql,
  row: Pick<SafeKeyRow, 'terminal_id' | 'epoch' | 'ends_at' | 'mac'>,
): Promise<void> {
  await sql.query('UPDATE vault_safe_key SET ends_at = $3, mac = $4 WHERE terminal_id = $1 AND epoch = $2', [
    row.terminal_id,
    row.epoch,
    row.ends_at,
    row.mac,
  ])
}
