// What became of lots, a row for each change: the newest is what a lot is. One that has none is simply in stock.

import type { LotId, OperatorId } from '@scratchless/voucher/ids'
import type { Sql } from '../database/database.ts'
import { booksOf, type CaseBooks, MOMENT, type StockScope, valuesOf, within } from './code-case.sql.ts'
import type { LotState } from './lot-states.ts'

export interface LotStateView {
  /** Absent at an operator, whose own all lots are. */
  readonly operator?: OperatorId
  readonly lot: LotId
  readonly state: Exclude<LotState, 'validated'>
  readonly cause: string
  readonly by: string
  readonly since: string
}

function columns(books: CaseBooks): string {
  const whose = books === 'of-operators' ? 'operator, ' : ''
  return `${whose}lot, state, cause, set_by AS by, to_char(set_at AT TIME ZONE 'UTC', '${MOMENT}') AS since`
}

export async function readLotState(sql: Sql, scope: StockScope, lot: LotId): Promise<LotStateView['state']> {
  const { rows } = await sql.query<LotStateView>(
    `SELECT state FROM lot_state WHERE ${within(scope, 2)} AND lot = $1 ORDER BY no DESC LIMIT 1`,
    [lot, ...valuesOf(scope)],
  )
  return rows[0]?.state ?? 'in_stock'
}

/** Under the lot's lock: the next number is nobody else's. */
export async function insertLotState(
  sql: Sql,
  scope: StockScope,
  change: {
    lot: LotId
    state: LotStateView['state']
    cause: string
    by: string
    at: Date
    request: bigint | null
  },
): Promise<LotStateView> {
  const whose = scope.operator === undefined ? [] : ['operator']
  const { rows } = await sql.query<LotStateView>(
    `INSERT INTO lot_state (${[...whose, 'lot', 'no', 'state', 'cause', 'set_by', 'set_at', 'request'].join(', ')})
     SELECT ${[...whose.map((_, index) => `$${7 + index}`), '$1'].join(', ')},
            (SELECT count(*) + 1 FROM lot_state WHERE ${within(scope, 7)} AND lot = $1), $2, $3, $4, $5, $6
     RETURNING ${columns(booksOf(scope))}`,
    [...[change.lot, change.state, change.cause, change.by, change.at, change.request], ...valuesOf(scope)],
  )
  return rows[0]!
}

/** What a request brought about. */
export async function findLotOfRequest(
  sql: Sql,
  books: CaseBooks,
  request: bigint,
): Promise<LotStateView | undefined> {
  const { rows } = await sql.query<LotStateView>(
    `SELECT ${columns(books)} FROM lot_state WHERE request = $1`,
    [request],
  )
  return rows[0]
}

/** Where a lot was before its newest change. */
export async function readStateBefore(
  sql: Sql,
  scope: StockScope,
  lot: LotId,
): Promise<LotStateView['state']> {
  const { rows } = await sql.query<LotStateView>(
    `SELECT state FROM lot_state WHERE ${within(scope, 2)} AND lot = $1 ORDER BY no DESC OFFSET 1 LIMIT 1`,
    [lot, ...valuesOf(scope)],
  )
  return rows[0]?.state ?? 'in_stock'
}

/** Lots that are not simply in stock, the newest change first. */
export async function readLotsAside(sql: Sql, books: CaseBooks, limit: number): Promise<LotStateView[]> {
  const { rows } = await sql.query<LotStateView>(
    `SELECT ${columns(books)} FROM lot_state AS now
      WHERE state <> 'in_stock'
        AND NOT EXISTS (SELECT FROM lot_state AS later
                         WHERE later.lot = now.lot AND later.no > now.no
                           ${books === 'of-operators' ? 'AND later.operator = now.operator' : ''})
      ORDER BY set_at DESC, lot LIMIT $1`,
    [limit],
  )
  return rows
}
