import type { Sql } from '../database/database.ts'

export interface HeadToKeep {
  /** Whose chain it is the head of: the sender of a message that was verified. */
  readonly party: string
  readonly n: bigint
  readonly hash: Uint8Array
  readonly keptAt: Date
}

/** Keeps it where it is not kept yet, and says whether another hash is kept at its place. */
export async function insertKeptHead(
  sql: Sql,
  { party, n, hash, keptAt }: HeadToKeep,
): Promise<{ contradicted: boolean }> {
  const { rows } = await sql.query<{ contradicted: boolean }>(
    `WITH kept AS (INSERT INTO kept_head (party, n, hash, kept_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING)
     SELECT EXISTS (SELECT FROM kept_head WHERE party = $1 AND n = $2 AND hash <> $3) AS contradicted`,
    [party, n, hash, keptAt],
  )
  return rows[0]!
}

/** Heads that this office kept, of whichever parties. */
export async function readKeptHeads(sql: Sql): Promise<{ party: string; n: bigint; hash: Buffer }[]> {
  const { rows } = await sql.query<{ party: string; n: bigint; hash: Buffer }>(
    'SELECT party, n, hash FROM kept_head ORDER BY party, n',
  )
  return rows
}
