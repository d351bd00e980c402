import { createLog } from '@scratchless/program/log'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inTransaction } from '../database/database.ts'
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase } from '../testing/test-database.ts'
import { askForWork } from './ask-for-work.ts'
import { startTimedWork, type TimedTasks, type TimedWork } from './start-timed-work.ts'

let database: TestDatabase
const working: TimedWork[] = []
beforeEach(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
})
afterEach(async () => {
  for (const work of working.splice(0)) await work.stop()
  await database.drop()
})

const log = createLog({ program: 'test', process: 'test', clock: { nowMs: () => 0 }, level: 'silent' })

async function start(tasks: TimedTasks, every: Readonly<Record<string, string>> = {}): Promise<void> {
  working.push(await startTimedWork({ databaseUrl: database.urls.api, tasks, every, log }))
}

/** A task that counts, and a promise that is kept at its nth time. */
function counted(at: number): { task: () => Promise<void>; times: () => number; reached: Promise<void> } {
  let times = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const task = async () => {
    times++
    if (times === at) resolve()
  }
  return { task, times: () => times, reached: promise }
}

async function jobs(): Promise<number> {
  const { rows } = await database
    .pool('api')
    .query<{ jobs: number }>('SELECT count(*)::int AS jobs FROM graphile_worker.jobs')
  return rows[0]!.jobs
}

test('work is done after its transaction has committed, and not where it was rolled back', async () => {
  const [kept, dropped] = [counted(1), counted(1)]
  await start({ kept: kept.task, dropped: dropped.task })
  const pool = database.pool('api')
  await expect(
    inTransaction(pool, async (sql) => {
      await askForWork(sql, 'dropped')
      throw new Error('rolled back')
    }),
  ).rejects.toThrow('rolled back')
  await inTransaction(pool, (sql) => askForWork(sql, 'kept'))
  await kept.reached
  expect([kept.times(), dropped.times()]).toEqual([1, 0])
})

test('the same work asked for twice for one moment stands once, and not before that moment', async () => {
  const [later, now] = [counted(1), counted(1)]
  const pool = database.pool('api')
  const at = new Date(Date.now() + 60_000)
  for (let again = 0; again < 2; again++) await askForWork(pool, 'later', at)
  await askForWork(pool, 'now')
  await start({ later: later.task, now: now.task })
  await now.reached
  await expect.poll(jobs).toBe(1)
  expect(later.times()).toBe(0)
})

test('of two programs on one database one does it', async () => {
  const done = counted(1)
  await start({ shared: done.task })
  await start({ shared: done.task })
  await askForWork(database.pool('api'), 'shared')
  await done.reached
  await expect.poll(jobs).toBe(0)
  expect(done.times()).toBe(1)
})

test('what fails is kept to be tried again', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  await start({
    failing: async () => {
      setTimeout(resolve, 100)
      throw new Error('not today')
    },
  })
  await askForWork(database.pool('api'), 'failing')
  await promise
  const { rows } = await database
    .pool('api')
    .query('SELECT attempts, last_error, run_at > now() AS later FROM graphile_worker.jobs')
  expect(rows).toMatchObject([{ attempts: 1, last_error: expect.stringContaining('not today'), later: true }])
})
