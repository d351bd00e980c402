// For tests: how many rows of each table a query looks at, by PostgreSQL's own account of running it.

import type { Sql } from '../database/database.ts'

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly Plans?: readonly Plan[]
}

/** By table: rows that were read, those that a filter then dropped included. */
export async function rowsRead(
  sql: Sql,
  query: string,
  parameters: readonly unknown[],
): Promise<Record<string, number>> {
  const { rows } = await sql.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `EXPLAIN (ANALYZE, FORMAT JSON) ${query}`,
    [...parameters],
  )
  const read: Record<string, number> = {}
  const visit = (plan: Plan) => {
    // Of a table that lies in months, the table.
    const table = plan['Relation Name']?.replace(/_\d{4}_\d{2}$/, '')
    if (table !== undefined) {
      const dropped = (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0)
      read[table] = (read[table] ?? 0) + (plan['Actual Rows'] + dropped) * plan['Actual Loops']
    }
    for (const child of plan.Plans ?? []) visit(child)
  }
  visit(rows[0]!['QUERY PLAN'][0].Plan)
  return read
}
