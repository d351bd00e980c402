import type { Sql } from '../database/database.ts'

/** A task that fails is tried again, with waits that grow to days. */
const MOST_TRIES = 25

/**
 * Asks, as part of this transaction, for a task at a moment. The same task asked for the same moment stands once.
 * Absent: at once, after the commit.
 */
export async function askForWork(sql: Sql, task: string, at?: Date): Promise<void> {
  const key = `${task} ${at?.toISOString() ?? 'now'}`
  await sql.query(`SELECT graphile_worker.add_job($1, run_at := $2, job_key := $3, max_attempts := $4)`, [
    task,
    at ?? null,
    key,
    MOST_TRIES,
  ])
}
