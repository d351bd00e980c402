// The tables of timed work, in a schema of their own.

import pg from 'pg'
import { Logger, runMigrations, TIMED_SCHEMA } from './load-worker.ts'

/** Makes or updates the tables of timed work as the database's owner; the api's role may then work with them. */
export async function installTimedWork(ownerUrl: string, apiRole: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 2 })
  // What breaks here fails the statement under way, which says so.
  pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined))
  try {
    await runMigrations({ pgPool: pool, schema: TIMED_SCHEMA, logger: quiet, noHandleSignals: true })
    const role = pg.escapeIdentifier(apiRole)
    const { rows } = await pool.query<{ name: string }>(
      'SELECT relname AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relrowsecurity',
      [TIMED_SCHEMA],
    )
    await pool.query(
      `GRANT USAGE ON SCHEMA ${TIMED_SCHEMA} TO ${role};
       GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${TIMED_SCHEMA} TO ${role};
       GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${TIMED_SCHEMA} TO ${role};
       GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${TIMED_SCHEMA} TO ${role}`,
    )
    // The worker's tables hide their rows from everybody but their owner.
    for (const { name } of rows) {
      const table = `${TIMED_SCHEMA}.${pg.escapeIdentifier(name)}`
      await pool.query(
        `DROP POLICY IF EXISTS api_works ON ${table};
         CREATE POLICY api_works ON ${table} TO ${role} USING (true) WITH CHECK (true)`,
      )
    }
  } finally {
    await pool.end()
  }
}

const quiet = new Logger(() => () => undefined)
