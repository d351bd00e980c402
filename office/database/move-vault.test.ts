import { ConfigProblem } from '@scratchless/program/config-file'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase, testVaultDatabase } from '../testing/test-database.ts'
import { OFFICE_MIGRATIONS, OFFICE_VAULT_MIGRATIONS } from './migrate.ts'
import { beginToUse, copyVaultTables, type VaultMove, waitsForMove } from './move-vault.ts'

/** One of everything that a vault's tables hold. */
const TABLES = `
  CREATE TABLE sealed (
    id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, big bigint, day date, at timestamptz, bytes bytea, words text[],
    said text, key uuid);
  CREATE TABLE of_sealed (sealed int NOT NULL REFERENCES sealed);
  CREATE SEQUENCE numbers`
const MOVE: VaultMove = {
  tables: [
    { table: 'sealed' },
    { table: 'of_sealed' },
    { table: 'told', from: `SELECT said AS name FROM sealed WHERE said <> ''` },
  ],
  sequences: ['numbers', 'sealed_id_seq'],
  after: [`UPDATE told SET name = upper(name)`],
  signs: ['missing', 'sealed'],
}

let books: TestDatabase
let vault: TestDatabase
beforeEach(async () => {
  books = await testDatabase([OFFICE_MIGRATIONS])
  vault = await testVaultDatabase([OFFICE_VAULT_MIGRATIONS])
  await books.pool('owner').query(TABLES)
  await vault.pool('owner').query(`${TABLES}; CREATE TABLE told (name text)`)
})
afterEach(() => Promise.all([books.drop(), vault.drop()]))

const copy = () => copyVaultTables(books.urls.owner, vault.urls.owner, MOVE)
const waits = () => waitsForMove(books.urls.owner, MOVE)

async function fill(rows: number): Promise<void> {
  await books.pool('owner').query(
    `INSERT INTO sealed (big, day, at, bytes, words, said, key)
     SELECT 9007199254740993 + n, DATE '2026-02-01' + n, TIMESTAMPTZ '2026-11-25 10:00:00.123456Z' + n * interval '1 s',
            sha256(n::text::bytea), ARRAY['a, "b"', '\\', NULL], 'é "quoted" ' || chr(10) || n, gen_random_uuid()
       FROM generate_series(1, $1) AS n;`,
    [rows],
  )
  await books.pool('owner').query('INSERT INTO of_sealed SELECT id FROM sealed')
  await books.pool('owner').query(`INSERT INTO sealed (said) VALUES ('')`)
  await books.pool('owner').query(`SELECT setval('numbers', 41)`)
}

/** Every row of a table, as PostgreSQL writes it. */
async function textOf(database: TestDatabase, table: string): Promise<string> {
  const { rows } = await database
    .pool('owner')
    .query(`SELECT string_agg(t::text, chr(10) ORDER BY t::text) AS text FROM ${table} AS t`)
  return rows[0].text
}

test('every row comes over exactly, in more than one helping, and numbers go on where they stood', async () => {
  await fill(5_001)
  expect(await waits()).toBe(true)
  expect(await copy()).toEqual({ rows: 5_002 + 5_001 + 5_001 })
  for (const table of ['sealed', 'of_sealed'])
    expect(await textOf(vault, table)).toBe(await textOf(books, table))
  expect(await textOf(vault, 'told')).toContain('QUOTED')
  const { rows } = await vault
    .pool('owner')
    .query(`INSERT INTO sealed (said) VALUES ('') RETURNING id, nextval('numbers')::int AS number`)
  expect(rows).toEqual([{ id: 5_003, number: 42 }])
})

test('heads that were kept come with it', async () => {
  await fill(1)
  const row = ['atlas', 7, Buffer.alloc(32, 1), new Date(0)]
  await books.pool('owner').query('INSERT INTO kept_head VALUES ($1, $2, $3, $4)', row)
  await copy()
  expect(await textOf(vault, 'kept_head')).toBe(await textOf(books, 'kept_head'))
})

test('a copy that nobody has worked with yet is made anew', async () => {
  await fill(2)
  await copy()
  await books.pool('owner').query('DELETE FROM of_sealed WHERE sealed = 1')
  await books.pool('owner').query(`UPDATE sealed SET big = 1`)
  await copy()
  for (const table of ['sealed', 'of_sealed'])
    expect(await textOf(vault, table)).toBe(await textOf(books, table))
})

test('a copy that breaks off leaves nothing of itself', async () => {
  await fill(2)
  await vault.pool('owner').query('ALTER TABLE of_sealed ADD CHECK (sealed <> 2)')
  await expect(copy()).rejects.toThrow('of_sealed_sealed_check')
  expect(await textOf(vault, 'sealed')).toBeNull()
})

test('once the vault works with its rows, older ones of the books never take their place', async () => {
  await fill(1)
  await copy()
  await vault.pool('owner').query('UPDATE sealed SET big = 5')
  await beginToUse(vault.urls.owner)
  await beginToUse(vault.urls.owner)
  const kept = await textOf(vault, 'sealed')
  await expect(copy()).rejects.toThrow(ConfigProblem)
  await expect(copy()).rejects.toThrow(
    /^The books at [\w.:]+\/test_\w+ are of before the vault .*: restore a later copy of them$/,
  )
  expect(await textOf(vault, 'sealed')).toBe(kept)
})

test('books without such rows, or without the tables, wait for nothing', async () => {
  expect(await waits()).toBe(false)
  expect(await copy()).toEqual({ rows: 0 })
  await books.pool('owner').query('DROP TABLE of_sealed, sealed')
  expect(await waits()).toBe(false)
  await beginToUse(vault.urls.owner)
  expect(await copy()).toEqual({ rows: 0 })
})
