// Statements with parameters are known to the server by name; texts that are made anew each time do not fill its memory.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../testing/test-database.ts'
import { createPool, type Pool } from './database.ts'
import { OFFICE_MIGRATIONS } from './migrate.ts'

let database: TestDatabase
let pool: Pool
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
  pool = createPool({ url: database.urls.api, name: 'test', max: 1 })
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

async function prepared(like: string): Promise<number> {
  const { rows } = await pool.query(
    `SELECT count(*)::int AS n FROM pg_prepared_statements WHERE statement LIKE '${like}'`,
  )
  return rows[0].n
}

test('a text with parameters is prepared once a connection, and its values are those of each call', async () => {
  const ask = async (n: number) => (await pool.query('SELECT $1::int + 1 AS next', [n])).rows[0].next
  expect([await ask(1), await ask(41)]).toEqual([2, 42])
  expect(await prepared('SELECT $1::int + 1%')).toBe(1)
  // Without parameters it is not prepared: these are transactions' own words.
  await pool.query('SELECT 7 AS seven')
  expect(await prepared('SELECT 7%')).toBe(0)
})

test('beyond a thousand texts the next ones are run without a name', async () => {
  for (let n = 0; n < 1_010; n++)
    expect((await pool.query(`SELECT $1::int AS n${n}`, [n])).rows[0]).toEqual({ [`n${n}`]: n })
  expect(await prepared('SELECT $1::int %')).toBeLessThanOrEqual(1_000)
})
