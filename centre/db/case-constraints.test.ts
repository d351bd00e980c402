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

const at = new Date('2026-11-22T10:00:00Z')
const later = new Date('2026-11-23T10:00:00Z')
const operator = 'ooredoo'

const RETAILER: TriedTable = {
  table: 'retailer',
  row: { id: 'R00001', depot_id: 'main', name: 'El Amen', place: 'Tunis', added_at: at },
  breaks: {},
}

/** A request to which cases and lots refer; its own constraints are tried where it stands (office/db). */
const REQUEST: TriedTable = {
  table: 'request',
  row: {
    ...{ number: 7, kind: 'void-codes', subject: 's', facts: '{}', figures: '{}', hash: Buffer.alloc(32) },
    ...{ asked_by: 'amel', asked_at: at, expires_at: later },
  },
  breaks: {},
}

/** Of a case that has not ended. */
const OPEN = { ended_by: null, ended_at: null, ended_cause: null }

const TABLES: readonly TriedTable[] = [
  {
    table: 'code_case',
    row: {
      ...{ id: 1, operator, first_serial: 100, count: 10, state: 'on_hold', cause: 'lost' },
      ...{ opened_by: 'amel', opened_at: at, request: 7 },
      ...{ ended_by: 'amel', ended_at: later, ended_cause: 'found', end_request: 7 },
    },
    takes: [
      ...[{ first_serial: 0, count: 1_000_000 }, { first_serial: 999_999_999_999, count: 1 }, { cause: 'c' }],
      ...['in_doubt', 'damaged', 'stolen', 'expired', 'returned', 'void'].map((state) => ({ state })),
      ...[
        { cause: 'é'.repeat(200) },
        { ...OPEN, end_request: null },
        { request: null },
        { end_request: null },
      ],
    ],
    breaks: {
      code_case_pkey: [{ cause: 'another', request: null, end_request: null }],
      code_case_request_key: [{ id: 2, end_request: null }],
      code_case_request_fkey: [{ request: 8 }],
      code_case_end_request_key: [{ id: 2, request: null }],
      code_case_end_request_fkey: [{ end_request: 8 }],
      code_case_void_was_agreed: [{ state: 'void', request: null }],
      code_case_end_request_ended: [{ ...OPEN }],
      code_case_first_serial_check: [{ first_serial: -1 }],
      code_case_count_check: [{ count: 0 }, { count: 1_000_001 }],
      code_case_state_check: [{ state: 'in_stock' }, { state: 'sold' }],
      code_case_cause_check: [{ cause: '' }, { cause: 'c'.repeat(201) }],
      code_case_ended_cause_check: [{ ended_cause: '' }, { ended_cause: 'c'.repeat(201) }],
      code_case_within: [{ first_serial: 999_999_999_999, count: 2 }],
      code_case_end_known: [
        { ended_cause: null },
        { ended_by: null, end_request: null },
        { ...OPEN, ended_cause: 'found', end_request: null },
      ],
    },
    mayBeEmpty: ['ended_by', 'ended_at', 'ended_cause', 'request', 'end_request'],
  },
  {
    table: 'lot_state',
    row: {
      ...{ operator, lot: 'L000001', no: 1, state: 'held', cause: 'lost' },
      ...{ set_by: 'amel', set_at: at, request: 7 },
    },
    takes: [
      ...['in_stock', 'recalled', 'void', 'expired'].map((state) => ({ state })),
      ...[{ cause: 'c'.repeat(200) }, { request: null }],
    ],
    breaks: {
      lot_state_pkey: [{ state: 'recalled', request: null }],
      lot_state_request_key: [{ no: 2 }],
      lot_state_request_fkey: [{ request: 8 }],
      lot_state_no_check: [{ no: 0 }],
      lot_state_state_check: [{ state: 'validated' }],
      lot_state_cause_check: [{ cause: '' }, { cause: 'c'.repeat(201) }],
      lot_state_void_was_agreed: [{ state: 'void', request: null }],
    },
    mayBeEmpty: ['request'],
  },
  {
    table: 'code_exchange',
    row: { operator, replaced: 100, replacing: 200, cause: 'c', made_by: 'amel', made_at: at },
    takes: [{ replaced: 0 }, { replacing: 0 }, { cause: 'c'.repeat(200) }],
    breaks: {
      code_exchange_pkey: [{ replacing: 201 }],
      code_exchange_operator_replacing_key: [{ replaced: 101 }],
      code_exchange_replaced_check: [{ replaced: -1 }],
      code_exchange_replacing_check: [{ replacing: -1 }],
      code_exchange_cause_check: [{ cause: '' }, { cause: 'c'.repeat(201) }],
      code_exchange_of_two: [{ replacing: 100 }],
    },
  },
  {
    table: 'barred_range',
    row: {
      ...{ id: 1, retailer_id: 'R00001', operator, first_serial: 100, count: 10, why: 'held' },
      ...{ code_case: 1, since: at },
    },
    takes: [
      ...['recalled', 'stolen'].map((why) => ({ why })),
      ...[
        { code_case: null, lot: 'L000001' },
        { first_serial: 0, count: 1_000_000 },
      ],
      { ended_at: later, told_at: later },
    ],
    breaks: {
      barred_range_pkey: [{ count: 11 }],
      barred_range_retailer_id_fkey: [{ retailer_id: 'R00002' }],
      barred_range_code_case_fkey: [{ code_case: 2 }],
      barred_range_first_serial_check: [{ first_serial: -1 }],
      barred_range_count_check: [{ count: 0 }, { count: 1_000_001 }],
      barred_range_why_check: [{ why: 'sold' }],
      barred_range_of_case_or_lot: [{ lot: 'L000001' }, { code_case: null }],
    },
    mayBeEmpty: ['code_case', 'lot', 'ended_at', 'told_at'],
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

test('each constraint refuses the rows that break it alone, and no others', async () => {
  expect(await tryTables(client, [RETAILER, REQUEST, ...TABLES])).toEqual([])
})

test('no constraint is untried', async () => {
  expect(await constraintsOf(client, NAMES)).toEqual(triedConstraints(TABLES))
})

test('only these columns may be without a value', async () => {
  expect(await emptyColumnsOf(client, NAMES)).toEqual(columnsThatMayBeEmpty(TABLES))
})
