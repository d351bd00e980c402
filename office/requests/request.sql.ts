import type { Sql } from '../database/database.ts'
import type { Act } from '../roles/roles.ts'
import type { GivenAgreement, RequestFacts } from './agreement.ts'

export type RequestState = 'open' | 'agreed' | 'done' | 'refused' | 'withdrawn' | 'expired'

export interface RequestRow {
  number: bigint
  kind: Act
  subject: string
  facts: RequestFacts
  figures: Readonly<Record<string, number>>
  hash: Buffer
  asked_by: string
  asked_at: Date
  expires_at: Date
  state: RequestState
  agreed_by: string | null
  ended_by: string | null
  ended_at: Date | null
  ended_why: string | null
  agreements: { approver: string; givenBy: string }[]
}

const COLUMNS = `number, kind, subject, facts::json AS facts, figures::json AS figures, hash, asked_by, asked_at, expires_at,
                 state, agreed_by, ended_by, ended_at, ended_why,
                 (SELECT coalesce(json_agg(json_build_object('approver', approver, 'givenBy', given_by)
                                           ORDER BY given_at, approver), '[]')
                    FROM request_agreement WHERE request = number) AS agreements`

export async function insertRequest(
  sql: Sql,
  asked: {
    kind: Act
    subject: string
    facts: RequestFacts
    figures: RequestRow['figures']
    hash: Uint8Array
    by: string
    at: Date
    expiresAt: Date
  },
): Promise<RequestRow> {
  const { rows } = await sql.query<RequestRow>(
    `INSERT INTO request (kind, subject, facts, figures, hash, asked_by, asked_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
    [
      ...[asked.kind, asked.subject, JSON.stringify(asked.facts), JSON.stringify(asked.figures)],
      ...[Buffer.from(asked.hash), asked.by, asked.at, asked.expiresAt],
    ],
  )
  return rows[0]!
}

export async function findRequest(
  sql: Sql,
  number: bigint,
  lock: 'locked' | 'unlocked' = 'unlocked',
): Promise<RequestRow | undefined> {
  // A lock of its own: the row's newest state is then read by a statement that began after it was had.
  if (lock === 'locked') await sql.query('SELECT FROM request WHERE number = $1 FOR NO KEY UPDATE', [number])
  const { rows } = await sql.query<RequestRow>(`SELECT ${COLUMNS} FROM request WHERE number = $1`, [number])
  return rows[0]
}

/** The newest first. */
export async function readRequests(
  sql: Sql,
  which: { waitingOnly: boolean; before: bigint | null },
  limit: number,
): Promise<RequestRow[]> {
  const { rows } = await sql.query<RequestRow>(
    `SELECT ${COLUMNS} FROM request
      WHERE (state IN ('open', 'agreed') OR NOT $1::boolean) AND ($2::bigint IS NULL OR number < $2)
      ORDER BY number DESC LIMIT $3`,
    [which.waitingOnly, which.before, limit],
  )
  return rows
}

/** Of those that were agreed and are not done, the oldest first. */
export async function readAgreedNumbers(sql: Sql, limit: number): Promise<bigint[]> {
  const { rows } = await sql.query<{ number: bigint }>(
    `SELECT number FROM request WHERE state = 'agreed' ORDER BY number LIMIT $1`,
    [limit],
  )
  return rows.map(({ number }) => number)
}

/** False where this approver or this member of staff has agreed already. */
export async function insertAgreement(
  sql: Sql,
  request: Pick<RequestRow, 'number' | 'asked_by'>,
  agreement: GivenAgreement & { by: string; at: Date },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO request_agreement (request, asked_by, given_by, approver, signature, given_at)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [
      ...[request.number, request.asked_by, agreement.by],
      ...[agreement.approver, Buffer.from(agreement.signature), agreement.at],
    ],
  )
  return rowCount === 1
}

export async function readAgreements(sql: Sql, number: bigint): Promise<GivenAgreement[]> {
  const { rows } = await sql.query<GivenAgreement>(
    'SELECT approver, signature FROM request_agreement WHERE request = $1 ORDER BY given_at, approver',
    [number],
  )
  return rows
}

export async function markAgreed(sql: Sql, number: bigint, by: string): Promise<void> {
  await sql.query(`UPDATE request SET state = 'agreed', agreed_by = $2 WHERE number = $1`, [number, by])
}

/** Ends a request that is in one of these states; false where it is in none of them any more. */
export async function markEnded(
  sql: Sql,
  number: bigint,
  from: readonly RequestState[],
  end: { state: 'done' | 'refused' | 'withdrawn' | 'expired'; by: string; at: Date; why: string | null },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `UPDATE request SET state = $3, ended_by = $4, ended_at = $5, ended_why = $6
      WHERE number = $1 AND state = ANY($2::text[])`,
    [number, from, end.state, end.by, end.at, end.why],
  )
  return rowCount === 1
}

/** Open requests whose end has come. */
export async function markExpired(sql: Sql, now: Date): Promise<bigint[]> {
  const { rows } = await sql.query<{ number: bigint }>(
    `UPDATE request SET state = 'expired', ended_by = 'system', ended_at = $1
      WHERE state = 'open' AND expires_at <= $1 RETURNING number`,
    [now],
  )
  return rows.map(({ number }) => number)
}
