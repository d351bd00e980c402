import { ConfigProblem } from '@scratchless/program/config-file'
import type { Log } from '@scratchless/program/log'
import { centreId } from '@scratchless/voucher/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  startTestPostgres,
  type TestDatabase,
  type TestPostgres,
  testDatabase,
} from '../testing/test-database.ts'
import { createPool, inTransaction } from './database.ts'
import { migrate, OFFICE_MIGRATIONS } from './migrate.ts'
import { createOfficeDatabases, DatabaseProblem, OFFICE_ROLES } from './roles.ts'

let server: TestPostgres
let database: TestDatabase
beforeAll(async () => {
  server = await startTestPostgres()
  database = await testDatabase([OFFICE_MIGRATIONS])
})
afterAll(async () => {
  await database.drop()
  await server.stop()
})

test('a second migration finds nothing to do', async () => {
  const { urls, party } = database
  expect(await migrate({ ownerUrl: urls.owner, party, sources: [OFFICE_MIGRATIONS] })).toEqual({
    applied: [],
  })
})

test('int8 comes as bigint and a date as its text', async () => {
  const { rows } = await database.pool('api').query("SELECT 9007199254740993 AS n, DATE '2026-02-01' AS day")
  expect(rows).toEqual([{ n: 9007199254740993n, day: '2026-02-01' }])
})

test('the api may not rewrite the audit chain, and the auditor may not read password hashes', async () => {
  await expect(database.pool('api').query('DELETE FROM audit_entry')).rejects.toThrow('permission denied')
  await expect(database.pool('api').query("UPDATE audit_entry SET actor = 'x'")).rejects.toThrow(
    'permission denied',
  )
  await expect(database.pool('auditor').query('SELECT password_hash FROM staff')).rejects.toThrow(
    'permission denied',
  )
  await database.pool('auditor').query('SELECT full_name FROM staff')
})

test('a transaction that throws leaves nothing, and one that could not be serialized runs again', async () => {
  const pool = database.pool('owner')
  await pool.query('CREATE TABLE counter AS SELECT 0 AS n')
  await expect(
    inTransaction(pool, async (sql) => {
      await sql.query('UPDATE counter SET n = 100')
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  const addOne = () =>
    inTransaction(
      pool,
      async (sql) => {
        const { rows } = await sql.query<{ n: number }>('SELECT n FROM counter')
        await sql.query('UPDATE counter SET n = $1', [rows[0]!.n + 1])
      },
      { isolation: 'repeatable read' },
    )
  await Promise.all([addOne(), addOne(), addOne()])
  expect((await pool.query('SELECT n FROM counter')).rows).toEqual([{ n: 3 }])
})

test('a role that may not create databases is told so in one sentence', async () => {
  const passwords = { owner: 'a', api: 'b', vault: 'c', auditor: 'd' }
  const asked = createOfficeDatabases({ adminUrl: database.urls.api, party: centreId('other'), passwords })
  await expect(asked).rejects.toThrow(DatabaseProblem)
})

test('what each role is told is done is on the disk, and no lock is waited for without end', async () => {
  for (const role of OFFICE_ROLES) {
    const { rows } = await database.pool(role).query(
      `SELECT current_setting('synchronous_commit') AS commits, current_setting('full_page_writes') AS pages,
              current_setting('lock_timeout') AS lock, current_setting('idle_in_transaction_session_timeout') AS idle`,
    )
    expect([role, ...rows]).toEqual([role, { commits: 'on', pages: 'on', lock: '10s', idle: '1min' }])
  }
})

test('a numbered file that was changed after it was applied is refused in one sentence, and nothing is applied', async () => {
  const { urls, party } = database
  await database
    .pool('owner')
    .query(`UPDATE schema_migration SET digest = 'another' WHERE file = '0001-office.sql'`)
  const again = migrate({ ownerUrl: urls.owner, party, sources: [OFFICE_MIGRATIONS] })
  await expect(again).rejects.toThrow(
    new ConfigProblem(
      'office/0001-office.sql was changed after it was applied: put it back, and write the change as a new file',
    ),
  )
})

test('a connection that breaks between two statements of a transaction fails the transaction, not the program', async () => {
  const url = database.urls.api
  const said: string[] = []
  const log = { warn: (_what: object, text: string) => said.push(text) } as unknown as Log
  const pool = createPool({ url, name: 'breaks', max: 1, log })
  const failed = inTransaction(pool, async (sql) => {
    const { rows } = await sql.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    await database.pool('api').query('SELECT pg_terminate_backend($1)', [rows[0]!.pid])
    await expect.poll(() => said.length).toBeGreaterThan(0)
    await sql.query('SELECT 1')
  })
  await expect(failed).rejects.toThrow()
  expect(said).toContain('a database connection in use broke')
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await pool.end()
})
