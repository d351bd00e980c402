import type { Sql } from '@scratchless/office/database/database'

/** Makes the table for the sales that are reported in the month of `at`, where there is none yet. Says whether it made it. */
export async function makeMonth(sql: Sql, at: Date): Promise<boolean> {
  const { rows } = await sql.query<{ made: boolean }>('SELECT make_sale_month($1) AS made', [
    at.toISOString().slice(0, 10),
  ])
  return rows[0]!.made
}
