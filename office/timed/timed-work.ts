// Work that is due at a moment, not at a request. graphile-worker keeps it in the office's database: it is asked for in
// the transaction that wants it, done once however many processes run, and done again after a crash.

import type { Log } from '@scratchless/program/log'
import { type CronItem, Logger, parseCronItems, run, runMigrations, type TaskList } from 'graphile-worker'
import pg from 'pg'
import type { Sql } from '../database/database.ts'

/** Its own schema in the database, made and changed by its own migrations. */
const SCHEMA = 'graphile_worker'
/** Connections that work waits and runs on, apart from the requests' pool. */
const CONNECTIONS = 3
/** Work that is due and was not announced is found within this time. */
const LOOK_EVERY_MS = 2_000
/** A task that fails is tried again, with waits that grow to days. */
const MOST_TRIES = 25

/** Makes or updates the tables of timed work as the database's owner; the api's role may then work with them. */
export async function installTimedWork(ownerUrl: string, apiRole: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 2 })
  // What breaks here fails the statement under way, which says so.
  pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined))
  try {
    await runMigrations({ pgPool: pool, schema: SCHEMA, logger: quiet, noHandleSignals: true })
    const role = pg.escapeIdentifier(apiRole)
    const { rows } = await pool.query<{ name: string }>(
      'SELECT relname AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relrowsecurity',
      [SCHEMA],
    )
    await pool.query(
      `GRANT USAGE ON SCHEMA ${SCHEMA} TO ${role};
       GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${SCHEMA} TO ${role};
       GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${SCHEMA} TO ${role};
       GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${SCHEMA} TO ${role}`,
    )
    // The worker's tables hide their rows from everybody but their owner.
    for (const { name } of rows) {
      const table = `${SCHEMA}.${pg.escapeIdentifier(name)}`
      await pool.query(
        `DROP POLICY IF EXISTS api_works ON ${table};
         CREATE POLICY api_works ON ${table} TO ${role} USING (true) WITH CHECK (true)`,
      )
    }
  } finally {
    await pool.end()
  }
}

/** What is done for each name. A task may run twice, after a crash in its middle: it must not mind. */
export type TimedTasks = Readonly<Record<string, () => Promise<void>>>

export interface TimedWork {
  /** Ends once the tasks under way have ended. */
  stop(): Promise<void>
}

/**
 * Does what is asked for by `askForWork` when it is due, and each task of `every` at its times (five fields as in
 * crontab(5), UTC). What fails is logged and tried again.
 */
export async function startTimedWork(options: {
  /** As the api's role. */
  readonly databaseUrl: string
  readonly tasks: TimedTasks
  readonly every: Readonly<Record<string, string>>
  readonly log: Log
}): Promise<TimedWork> {
  const { databaseUrl, tasks, every, log } = options
  const taskList: TaskList = Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => [name, () => task()]),
  )
  const cron = Object.entries(every).map(([task, match]): CronItem => ({ task, match, identifier: task }))
  const runner = await run({
    connectionString: databaseUrl,
    schema: SCHEMA,
    maxPoolSize: CONNECTIONS,
    concurrency: 1,
    // One clock decides what is due and what is in force: the program's.
    useNodeTime: true,
    pollInterval: LOOK_EVERY_MS,
    noHandleSignals: true,
    logger: loggerTo(log),
    taskList,
    parsedCronItems: parseCronItems(cron),
  })
  return { stop: () => runner.stop() }
}

/**
 * Asks, as part of this transaction, for a task at a moment. The same task asked for the same moment stands once.
 * Absent: at once, after the commit.
 */
export async function askForWork(sql: Sql, task: string, at?: Date): Promise<void> {
  const key = `${task} ${at?.toISOString() ?? 'now'}`
  await sql.query(`SELECT ${SCHEMA}.add_job($1, run_at := $2, job_key := $3, max_attempts := $4)`, [
    task,
    at ?? null,
    key,
    MOST_TRIES,
  ])
}

/** The worker's own words are of its machinery; what a person must see are its errors. */
function loggerTo(log: Log): Logger {
  return new Logger(() => (level, message, meta) => {
    if (level === 'error') log.error({ ...meta }, message)
    else if (level === 'warning') log.warn({ ...meta }, message)
  })
}

const quiet = new Logger(() => () => undefined)
