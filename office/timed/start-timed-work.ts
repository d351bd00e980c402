// Work that is due at a moment, not at a request. graphile-worker keeps it in the office's database: it is asked for in
// the transaction that wants it, done once however many processes run, and done again after a crash.

import type { Log } from '@scratchless/program/log'
import type { CronItem, TaskList, Logger as WorkerLogger } from 'graphile-worker'
import pg from 'pg'
import { Logger, parseCronItems, run, TIMED_SCHEMA } from './load-worker.ts'

/** Connections that work waits and runs on, apart from the requests' pool. */
const CONNECTIONS = 3
/** Work that is due and was not announced is found within this time. */
const LOOK_EVERY_MS = 2_000

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
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: CONNECTIONS,
    application_name: 'timed work',
  })
  // The worker looks for another connection where one breaks.
  const broke = (error: Error) => log.warn({ err: error }, 'a database connection of the timed work broke')
  pool.on('error', broke).on('connect', (client) => client.on('error', broke))
  const runner = await run({
    pgPool: pool,
    schema: TIMED_SCHEMA,
    concurrency: 1,
    // One clock decides what is due and what is in force: the program's.
    useNodeTime: true,
    pollInterval: LOOK_EVERY_MS,
    noHandleSignals: true,
    logger: loggerTo(log),
    taskList,
    parsedCronItems: parseCronItems(cron),
  })
  return {
    async stop() {
      await runner.stop()
      await pool.end()
    },
  }
}

/** The worker's own words are of its machinery; what a person must see are its errors. */
function loggerTo(log: Log): WorkerLogger {
  return new Logger(() => (level, message, meta) => {
    if (level === 'error') log.error({ ...meta }, message)
    else if (level === 'warning') log.warn({ ...meta }, message)
  })
}
