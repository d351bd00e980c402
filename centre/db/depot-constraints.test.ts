import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import { OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
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
import { type TestDatabase, testDatabase } from '../../office/testing/test-database.ts'
import { CENTRE_MIGRATIONS } from '../src/settings.ts'

const TABLES: readonly TriedTable[] = [
  {
    table: 'depot',
    row: { id: 'south', name: 'South', opened_at: new Date(0), opened_by: 'amel' },
    takes: [{ id: 's2' }, { id: `s${'x'.repeat(19)}` }, { id: 'sud', name: 'é'.repeat(32) }],
    breaks: {
      depot_pkey: [{ name: 'Another' }],
      depot_id_check: ['s', 'South', '2s', `s${'x'.repeat(20)}`].map((id) => ({ id })),
      depot_name_check: [
        { id: 'west', name: '' },
        { id: 'west', name: `${'é'.repeat(32)}x` },
      ],
    },
  },
  {
    table: 'deposit_document',
    row: { document: 'D-9', depot_id: 'main' },
    breaks: {
      deposit_document_pkey: [{ depot_id: 'south' }],
      deposit_document_depot_id_fkey: [{ document: 'D-10', depot_id: 'west' }],
    },
  },
]
const NAMES = TABLES.map(({ table }) => table)

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS, LEDGER_MIGRATIONS, CENTRE_MIGRATIONS])
  client = new pg.Client({ connectionString: database.urls.owner })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

test('each constraint of depots refuses the rows that break it alone, and no others', async () => {
  expect(await tryTables(client, TABLES)).toEqual([])
})

test('no constraint of depots is untried, and no column may be empty', async () => {
  expect(await constraintsOf(client, NAMES)).toEqual(triedConstraints(TABLES))
  expect(await emptyColumnsOf(client, NAMES)).toEqual(columnsThatMayBeEmpty(TABLES))
})
