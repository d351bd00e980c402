import type { Sql } from '../database/database.ts'

export interface AuditEntry {
  readonly n: bigint
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly subject: string
  /** The very characters that were hashed. */
  readonly details: string
  readonly previousHash: Buffer
  readonly hash: Buffer
}

type HeadRow = { n: bigint; hash: Buffer }

export async function lockHead(sql: Sql): Promise<HeadRow> {
  const { rows } = await sql.query<HeadRow>('SELECT n, hash FROM audit_head FOR UPDATE')
  return rows[0]!
}

export async function readHead(sql: Sql): Promise<HeadRow> {
  const { rows } = await sql.query<HeadRow>('SELECT n, hash FROM audit_head')
  return rows[0]!
}

export async function moveHead(sql: Sql, head: HeadRow): Promise<void> {
  await sql.query('UPDATE audit_head SET n = $1, hash = $2', [head.n, head.hash])
}

export async function insertEntry(sql: Sql, entry: AuditEntry): Promise<void> {
  await sql.query(
    `INSERT INTO audit_entry (n, at, actor, action, subject, details, previous_hash, hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      entry.n,
      entry.at,
      entry.actor,
      entry.action,
      entry.subject,
      entry.details,
      entry.previousHash,
      entry.hash,
    ],
  )
}

export async function readEntriesFrom(sql: Sql, n: bigint, limit: number): Promise<AuditEntry[]> {
  const { rows } = await sql.query<AuditEntry>(
    `SELECT n, at, actor, action, subject, details, previous_hash AS "previousHash", hash
       FROM audit_entry WHERE n >= $1 ORDER BY n LIMIT $2`,
    [n, limit],
  )
  return rows
}
