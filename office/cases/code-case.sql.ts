// Cases at both offices: the same table, but that the centre's says whose codes they are about.

import type { OperatorId } from '@scratchless/voucher/ids'
import type { SerialRange } from '@scratchless/voucher/serial'
import type { Sql } from '../database/database.ts'
import type { CaseView } from './case-shapes.ts'
import type { AsideState } from './code-states.ts'

/** Whose codes: at the centre an operator's, wherever they lie; at an operator all are its own. */
export type StockScope = { readonly operator?: OperatorId | undefined }

/** Whether an office's rows name the operator whose codes they are about. */
export type CaseBooks = 'of-operators' | 'of-its-own'

export const MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'

/** The condition, its value as parameter `from`. */
export function within(scope: StockScope, from: number): string {
  return scope.operator === undefined ? 'true' : `operator = $${from}`
}

export function booksOf({ operator }: StockScope): CaseBooks {
  return operator === undefined ? 'of-its-own' : 'of-operators'
}

/** The value of a condition of `within`. */
export function valuesOf({ operator }: StockScope): string[] {
  return operator === undefined ? [] : [operator]
}

function columns(books: CaseBooks): string {
  const whose = books === 'of-operators' ? 'operator, ' : ''
  return `id::text, ${whose}lpad(first_serial::text, 12, '0') AS "firstSerial", count, state, cause,
          opened_by AS "openedBy", to_char(opened_at AT TIME ZONE 'UTC', '${MOMENT}') AS "openedAt",
          ended_by AS "endedBy", to_char(ended_at AT TIME ZONE 'UTC', '${MOMENT}') AS "endedAt",
          ended_cause AS "endedCause"`
}

/** Who opens a case of these codes, who ends one and what arrives come one after the other. */
export async function lockCases(sql: Sql, scope: StockScope): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock(hashtext($1))', [['cases', ...valuesOf(scope)].join(' ')])
}

/** The states of the open cases that have one of these codes already. */
export async function statesInRange(
  sql: Sql,
  scope: StockScope,
  { firstSerial, count }: SerialRange,
): Promise<AsideState[]> {
  const { rows } = await sql.query<{ state: AsideState }>(
    `SELECT DISTINCT state FROM code_case
      WHERE ${within(scope, 3)} AND ended_at IS NULL
        AND first_serial < $1::bigint + $2::int AND first_serial > $1::bigint - 1000000
        AND first_serial + count > $1::bigint ORDER BY state`,
    [firstSerial, count, ...valuesOf(scope)],
  )
  return rows.map(({ state }) => state)
}

export async function insertCase(
  sql: Sql,
  scope: StockScope,
  opened: SerialRange & { state: AsideState; cause: string; by: string; at: Date; request: bigint | null },
): Promise<CaseView> {
  const whose = scope.operator === undefined ? [] : ['operator']
  const { rows } = await sql.query<CaseView>(
    `INSERT INTO code_case (${[...whose, 'first_serial', 'count', 'state', 'cause', 'opened_by', 'opened_at', 'request'].join(', ')})
     VALUES (${[...whose.map((_, index) => `$${8 + index}`), '$1', '$2', '$3', '$4', '$5', '$6', '$7'].join(', ')})
     RETURNING ${columns(booksOf(scope))}`,
    [
      ...[opened.firstSerial, opened.count, opened.state, opened.cause, opened.by, opened.at, opened.request],
      ...valuesOf(scope),
    ],
  )
  return rows[0]!
}

export async function findCase(sql: Sql, books: CaseBooks, id: string): Promise<CaseView | undefined> {
  const { rows } = await sql.query<CaseView>(`SELECT ${columns(books)} FROM code_case WHERE id = $1`, [id])
  return rows[0]
}

/** What a request brought about. */
export async function findCaseOfRequest(
  sql: Sql,
  books: CaseBooks,
  request: bigint,
): Promise<CaseView | undefined> {
  const { rows } = await sql.query<CaseView>(`SELECT ${columns(books)} FROM code_case WHERE request = $1`, [
    request,
  ])
  return rows[0]
}

/** The case as it ended, or undefined where it had ended before. */
export async function markCaseEnded(
  sql: Sql,
  books: CaseBooks,
  id: string,
  end: { cause: string; by: string; at: Date; request: bigint | null },
): Promise<CaseView | undefined> {
  const { rows } = await sql.query<CaseView>(
    `UPDATE code_case SET ended_by = $2, ended_at = $3, ended_cause = $4, end_request = $5
      WHERE id = $1 AND ended_at IS NULL RETURNING ${columns(books)}`,
    [id, end.by, end.at, end.cause, end.request],
  )
  return rows[0]
}

/** What of a range lies in no open case, from the front. */
export async function rangesInNoCase(
  sql: Sql,
  scope: StockScope,
  { firstSerial, count }: SerialRange,
): Promise<SerialRange[]> {
  const { rows } = await sql.query<SerialRange>(
    `SELECT lpad(lower(part)::text, 12, '0') AS "firstSerial", (upper(part) - lower(part))::int AS count
       FROM unnest(int8multirange(int8range($1::bigint, $1::bigint + $2::int)) - coalesce(
              (SELECT range_agg(int8range(first_serial, first_serial + count)) FROM code_case
                WHERE ${within(scope, 3)} AND ended_at IS NULL
                  AND first_serial < $1::bigint + $2::int AND first_serial > $1::bigint - 1000000
                  AND first_serial + count > $1::bigint), '{}')) AS part
      ORDER BY part`,
    [firstSerial, count, ...valuesOf(scope)],
  )
  return rows
}

/** The newest first; `before`: those that are older than this one. */
export async function readOpenCases(
  sql: Sql,
  books: CaseBooks,
  before: string | null,
  limit: number,
): Promise<CaseView[]> {
  const { rows } = await sql.query<CaseView>(
    `SELECT ${columns(books)} FROM code_case
      WHERE ended_at IS NULL AND ($1::bigint IS NULL OR id < $1)
      ORDER BY code_case.id DESC LIMIT $2`,
    [before, limit],
  )
  return rows
}
