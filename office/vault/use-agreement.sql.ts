import type { Sql } from '../database/database.ts'

/** Makes whoever uses agreements come one after the other, and wait for stock that is arriving. */
export async function lockVoids(sql: Sql): Promise<void> {
  await sql.query(`SELECT pg_advisory_xact_lock(hashtext('voids'))`)
}

export async function findUsedAgreement(
  sql: Sql,
  number: number,
): Promise<{ hash: Buffer; codes: number } | undefined> {
  const { rows } = await sql.query<{ hash: Buffer; codes: number }>(
    'SELECT hash, codes FROM used_agreement WHERE number = $1',
    [number],
  )
  return rows[0]
}

export async function insertUsedAgreement(
  sql: Sql,
  used: { number: number; hash: Uint8Array; usedAt: Date; codes: number },
): Promise<void> {
  await sql.query('INSERT INTO used_agreement (number, hash, used_at, codes) VALUES ($1, $2, $3, $4)', [
    used.number,
    Buffer.from(used.hash),
    used.usedAt,
    used.codes,
  ])
}
