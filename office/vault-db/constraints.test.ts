import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  columnsThatMayBeEmpty,
  constraintsOf,
  emptyColumnsOf,
  type TriedTable,
  triedConstraints,
  tryTables,
} from '../../ledger/testing/tried-tables.ts'
import { OFFICE_VAULT_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testVaultDatabase } from '../testing/test-database.ts'

const at = new Date('2026-11-22T10:00:00Z')
const later = new Date('2026-11-22T18:00:00Z')
const HASH = Buffer.alloc(32, 1)
const SHORT = Buffer.alloc(31, 1)
const LONG = Buffer.alloc(33, 1)

const TABLES: readonly TriedTable[] = [
  {
    table: 'kept_head',
    row: { party: 'centre', n: 0, hash: HASH, kept_at: at },
    // Two hashes at one n contradict each other, and both stay.
    breaks: {
      kept_head_pkey: [{ kept_at: later }],
      kept_head_n_check: [{ n: -1 }],
      kept_head_hash_check: [{ hash: SHORT }, { hash: LONG }],
    },
  },
  {
    table: 'in_use',
    row: { only_row: true, since: at },
    breaks: { in_use_pkey: [{}], in_use_only_row_check: [{ only_row: false }] },
  },
]
const NAMES = TABLES.map(({ table }) => table)

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await testVaultDatabase([OFFICE_VAULT_MIGRATIONS])
  client = new pg.Client({ connectionString: database.urls.owner })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

test('each constraint refuses the rows that break it alone, and no others', async () => {
  expect(await tryTables(client, TABLES)).toEqual([])
})

test('no constraint is untried', async () => {
  expect(await constraintsOf(client, NAMES)).toEqual(triedConstraints(TABLES))
})

test('only these columns may be without a value', async () => {
  expect(await emptyColumnsOf(client, NAMES)).toEqual(columnsThatMayBeEmpty(TABLES))
})
