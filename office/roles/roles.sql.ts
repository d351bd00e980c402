import type { Sql } from '../database/database.ts'
import type { Act, ActRule } from './roles.ts'

/** An act that the tables do not have is nobody's. */
export async function readActRule(sql: Sql, act: Act): Promise<ActRule> {
  const { rows } = await sql.query<{ second_from: bigint | null; roles: string[] | null }>(
    `SELECT second_from, (SELECT array_agg(role) FROM act_role WHERE act = name) AS roles FROM act WHERE name = $1`,
    [act],
  )
  const row = rows[0]
  return { roles: row?.roles ?? [], secondFrom: row?.second_from ?? null }
}
