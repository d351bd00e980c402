import type { Sql } from '../database/database.ts'

export interface AuditEntry {
  /** 0: it ties the others together. */
  readonly lane: number
  /** Counted in each lane from 1. */
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

interface HeadRow {
  n: bigint
  hash: Buffer
}

export interface LaneRow extends HeadRow {
  lane: number
}

/** A lane that nobody holds, held until the transaction ends; undefined where all are held. */
export async function takeFreeLane(sql: Sql): Promise<LaneRow | undefined> {
  const { rows } = await sql.query<LaneRow>(
    'SELECT lane, n, hash FROM audit_lane ORDER BY lane LIMIT 1 FOR UPDATE SKIP LOCKED',
  )
  return rows[0]
}

/** Any one, once whoever holds it is done. */
export async function waitForLane(sql: Sql): Promise<LaneRow> {
  const { rows } = await sql.query<LaneRow>(
    `SELECT lane, n, hash FROM audit_lane
      WHERE lane = 1 + pg_backend_pid() % (SELECT max(lane) FROM audit_lane) FOR UPDATE`,
  )
  return rows[0]!
}

export async function moveLane(sql: Sql, { lane, n, hash }: LaneRow): Promise<void> {
  await sql.query('UPDATE audit_lane SET n = $2, hash = $3 WHERE lane = $1', [lane, n, hash])
}

/** Each lane as far as it has come; those that were never used are left out. */
export async function readLanes(sql: Sql): Promise<LaneRow[]> {
  const { rows } = await sql.query<LaneRow>('SELECT lane, n, hash FROM audit_lane WHERE n > 0 ORDER BY lane')
  return rows
}

/** Lanes that have come farther than lane 0 says. */
export async function readUntiedLanes(sql: Sql): Promise<LaneRow[]> {
  const { rows } = await sql.query<LaneRow>(
    `SELECT lane, audit_lane.n, hash FROM audit_lane JOIN audit_tied USING (lane)
      WHERE audit_lane.n > audit_tied.n ORDER BY lane`,
  )
  return rows
}

export async function markTied(sql: Sql, lanes: readonly LaneRow[]): Promise<void> {
  await sql.query(
    `UPDATE audit_tied SET n = tied.n FROM unnest($1::int[], $2::bigint[]) AS tied (lane, n)
      WHERE audit_tied.lane = tied.lane`,
    [lanes.map(({ lane }) => lane), lanes.map(({ n }) => n)],
  )
}

/** Undefined where somebody else ties just now. */
export async function lockHead(sql: Sql): Promise<HeadRow | undefined> {
  const { rows } = await sql.query<HeadRow>('SELECT n, hash FROM audit_head FOR UPDATE SKIP LOCKED')
  return rows[0]
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
    `INSERT INTO audit_entry (lane, n, at, actor, action, subject, details, previous_hash, hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      entry.lane,
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

export async function readEntriesFrom(
  sql: Sql,
  lane: number,
  n: bigint,
  limit: number,
): Promise<AuditEntry[]> {
  const { rows } = await sql.query<AuditEntry>(
    `SELECT lane, n, at, actor, action, subject, details, previous_hash AS "previousHash", hash
       FROM audit_entry WHERE lane = $1 AND n >= $2 ORDER BY n LIMIT $3`,
    [lane, n, limit],
  )
  return rows
}
