import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, OperatorId } from '@scratchless/voucher/ids'
import type { SerialRange } from '@scratchless/voucher/serial'
import type { CaseView } from './case-shapes.ts'

export const MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
const COLUMNS = `id::text, operator, lpad(first_serial::text, 12, '0') AS "firstSerial", count, state, cause,
                 opened_by AS "openedBy", to_char(opened_at AT TIME ZONE 'UTC', '${MOMENT}') AS "openedAt",
                 ended_by AS "endedBy", to_char(ended_at AT TIME ZONE 'UTC', '${MOMENT}') AS "endedAt",
                 ended_cause AS "endedCause"`

/** Who opens a case of an operator's codes and who ends one come one after the other. */
export async function lockCases(sql: Sql, depot: DepotId, operator: OperatorId): Promise<void> {
  await sql.query(`SELECT pg_advisory_xact_lock(hashtext('cases ' || $1 || ' ' || $2))`, [depot, operator])
}

/** Whether an open case of this state has one of these codes already. */
export async function liesInCase(
  sql: Sql,
  depot: DepotId,
  operator: OperatorId,
  { firstSerial, count }: SerialRange,
  state: CaseView['state'],
): Promise<boolean> {
  const { rows } = await sql.query<{ lies: boolean }>(
    `SELECT EXISTS (SELECT FROM code_case
                     WHERE depot_id = $1 AND operator = $2 AND state = $5 AND ended_at IS NULL
                       AND first_serial < $3::bigint + $4::int AND first_serial > $3::bigint - 1000000
                       AND first_serial + count > $3::bigint) AS lies`,
    [depot, operator, firstSerial, count, state],
  )
  return rows[0]!.lies
}

export async function insertCase(
  sql: Sql,
  opened: SerialRange & {
    depot: DepotId
    operator: OperatorId
    state: CaseView['state']
    cause: string
    by: string
    at: Date
  },
): Promise<CaseView> {
  const { rows } = await sql.query<CaseView>(
    `INSERT INTO code_case (depot_id, operator, first_serial, count, state, cause, opened_by, opened_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
    [
      opened.depot,
      opened.operator,
      opened.firstSerial,
      opened.count,
      opened.state,
      opened.cause,
      opened.by,
      opened.at,
    ],
  )
  return rows[0]!
}

export async function findCase(sql: Sql, depot: DepotId, id: string): Promise<CaseView | undefined> {
  const { rows } = await sql.query<CaseView>(
    `SELECT ${COLUMNS} FROM code_case WHERE depot_id = $1 AND id = $2`,
    [depot, id],
  )
  return rows[0]
}

/** The case as it ended, or undefined where it had ended before. */
export async function markCaseEnded(
  sql: Sql,
  depot: DepotId,
  id: string,
  end: { cause: string; by: string; at: Date },
): Promise<CaseView | undefined> {
  const { rows } = await sql.query<CaseView>(
    `UPDATE code_case SET ended_by = $3, ended_at = $4, ended_cause = $5
      WHERE depot_id = $1 AND id = $2 AND ended_at IS NULL RETURNING ${COLUMNS}`,
    [depot, id, end.by, end.at, end.cause],
  )
  return rows[0]
}

/** What of a range lies in no open case, from the front. */
export async function rangesInNoCase(
  sql: Sql,
  depot: DepotId,
  operator: OperatorId,
  { firstSerial, count }: SerialRange,
): Promise<SerialRange[]> {
  const { rows } = await sql.query<SerialRange>(
    `SELECT lpad(lower(part)::text, 12, '0') AS "firstSerial", (upper(part) - lower(part))::int AS count
       FROM unnest(int8multirange(int8range($3::bigint, $3::bigint + $4::int)) - coalesce(
              (SELECT range_agg(int8range(first_serial, first_serial + count)) FROM code_case
                WHERE depot_id = $1 AND operator = $2 AND ended_at IS NULL
                  AND first_serial < $3::bigint + $4::int AND first_serial > $3::bigint - 1000000
                  AND first_serial + count > $3::bigint), '{}')) AS part
      ORDER BY part`,
    [depot, operator, firstSerial, count],
  )
  return rows
}

/** The newest first; `before`: those that are older than this one. */
export async function readOpenCases(
  sql: Sql,
  depot: DepotId,
  before: string | null,
  limit: number,
): Promise<CaseView[]> {
  const { rows } = await sql.query<CaseView>(
    `SELECT ${COLUMNS} FROM code_case
      WHERE depot_id = $1 AND ended_at IS NULL AND ($2::bigint IS NULL OR id < $2)
      ORDER BY code_case.id DESC LIMIT $3`,
    [depot, before, limit],
  )
  return rows
}
