import type { Sql } from '@scratchless/office/database/database'
import type { SerialNumber, SerialRange } from '@scratchless/voucher/serial'

/** Codes that people put aside; `ended…` null while they are. */
export interface CaseView {
  readonly id: string
  readonly firstSerial: SerialNumber
  readonly count: number
  readonly state: 'on_hold' | 'in_doubt' | 'damaged' | 'stolen' | 'expired' | 'returned' | 'void'
  readonly cause: string
  readonly openedBy: string
  readonly openedAt: string
  readonly endedBy: string | null
  readonly endedAt: string | null
  readonly endedCause: string | null
}

export const MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
const COLUMNS = `id::text, lpad(first_serial::text, 12, '0') AS "firstSerial", count, state, cause,
                 opened_by AS "openedBy", to_char(opened_at AT TIME ZONE 'UTC', '${MOMENT}') AS "openedAt",
                 ended_by AS "endedBy", to_char(ended_at AT TIME ZONE 'UTC', '${MOMENT}') AS "endedAt",
                 ended_cause AS "endedCause"`

/** Who opens a case and who ends one come one after the other. */
export async function lockCases(sql: Sql): Promise<void> {
  await sql.query(`SELECT pg_advisory_xact_lock(hashtext('cases'))`)
}

/** Whether an open case of this state has one of these codes already. */
export async function liesInCase(
  sql: Sql,
  { firstSerial, count }: SerialRange,
  state: CaseView['state'],
): Promise<boolean> {
  const { rows } = await sql.query<{ lies: boolean }>(
    `SELECT EXISTS (SELECT FROM code_case
                     WHERE state = $3 AND ended_at IS NULL
                       AND first_serial < $1::bigint + $2::int AND first_serial > $1::bigint - 1000000
                       AND first_serial + count > $1::bigint) AS lies`,
    [firstSerial, count, state],
  )
  return rows[0]!.lies
}

export async function insertCase(
  sql: Sql,
  opened: SerialRange & {
    state: CaseView['state']
    cause: string
    by: string
    at: Date
  },
): Promise<CaseView> {
  const { rows } = await sql.query<CaseView>(
    `INSERT INTO code_case (first_serial, count, state, cause, opened_by, opened_at)
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${COLUMNS}`,
    [opened.firstSerial, opened.count, opened.state, opened.cause, opened.by, opened.at],
  )
  return rows[0]!
}

export async function findCase(sql: Sql, id: string): Promise<CaseView | undefined> {
  const { rows } = await sql.query<CaseView>(`SELECT ${COLUMNS} FROM code_case WHERE id = $1`, [id])
  return rows[0]
}

/** The case as it ended, or undefined where it had ended before. */
export async function markCaseEnded(
  sql: Sql,
  id: string,
  end: { cause: string; by: string; at: Date },
): Promise<CaseView | undefined> {
  const { rows } = await sql.query<CaseView>(
    `UPDATE code_case SET ended_by = $2, ended_at = $3, ended_cause = $4
      WHERE id = $1 AND ended_at IS NULL RETURNING ${COLUMNS}`,
    [id, end.by, end.at, end.cause],
  )
  return rows[0]
}

/** What of a range lies in no open case, from the front. */
export async function rangesInNoCase(sql: Sql, { firstSerial, count }: SerialRange): Promise<SerialRange[]> {
  const { rows } = await sql.query<SerialRange>(
    `SELECT lpad(lower(part)::text, 12, '0') AS "firstSerial", (upper(part) - lower(part))::int AS count
       FROM unnest(int8multirange(int8range($1::bigint, $1::bigint + $2::int)) - coalesce(
              (SELECT range_agg(int8range(first_serial, first_serial + count)) FROM code_case
                WHERE ended_at IS NULL
                  AND first_serial < $1::bigint + $2::int AND first_serial > $1::bigint - 1000000
                  AND first_serial + count > $1::bigint), '{}')) AS part
      ORDER BY part`,
    [firstSerial, count],
  )
  return rows
}

/** The newest first; `before`: those that are older than this one. */
export async function readOpenCases(sql: Sql, before: string | null, limit: number): Promise<CaseView[]> {
  const { rows } = await sql.query<CaseView>(
    `SELECT ${COLUMNS} FROM code_case
      WHERE ended_at IS NULL AND ($1::bigint IS NULL OR id < $1)
      ORDER BY code_case.id DESC LIMIT $2`,
    [before, limit],
  )
  return rows
}
