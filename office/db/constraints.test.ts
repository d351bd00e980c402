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
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase } from '../testing/test-database.ts'

const at = new Date('2026-11-22T10:00:00Z')
const later = new Date('2026-11-22T18:00:00Z')
const HASH = Buffer.alloc(32, 1)
const SHORT = Buffer.alloc(31, 1)
const LONG = Buffer.alloc(33, 1)
const ID = '3f0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'

const TABLES: readonly TriedTable[] = [
  {
    table: 'staff',
    row: {
      id: 1,
      sign_in_name: 'stock-keeper',
      full_name: 'Stock keeper',
      roles: ['stock'],
      password_hash: 'h',
    },
    takes: [{ sign_in_name: 'a0' }, { sign_in_name: 'a.b-c' }, { sign_in_name: 'a'.repeat(40) }],
    breaks: {
      staff_pkey: [{ sign_in_name: 'another' }],
      staff_sign_in_name_key: [{ id: 2 }],
      staff_sign_in_name_check: [
        { sign_in_name: 'a' },
        { sign_in_name: 'a'.repeat(41) },
        { sign_in_name: '0a' },
        { sign_in_name: 'A0' },
        { sign_in_name: 'a b' },
      ],
    },
    mayBeEmpty: ['locked_until', 'disabled_at'],
  },
  {
    table: 'staff_session',
    row: { token_hash: HASH, staff_id: 1, started_at: at, seen_at: at, ends_at: later },
    breaks: {
      staff_session_pkey: [{ seen_at: later }],
      staff_session_token_hash_check: [{ token_hash: SHORT }, { token_hash: LONG }],
      staff_session_staff_id_fkey: [{ staff_id: 2 }],
    },
  },
  {
    table: 'message_out',
    row: {
      id: ID,
      partner: 'ooredoo',
      kind: 'restock-order',
      bytes: HASH,
      state: 'waiting',
      answer: null,
      next_try_at: at,
      saved_at: at,
      settled_at: null,
    },
    takes: [{ state: 'answered', answer: HASH, settled_at: at }],
    breaks: {
      message_out_pkey: [{ partner: 'another' }],
      message_out_state_check: [{ state: 'lost', settled_at: at }],
      message_out_check: [{ state: 'answered', settled_at: at }, { answer: HASH }],
      message_out_check1: [{ settled_at: at }, { state: 'answered', answer: HASH }],
    },
    mayBeEmpty: ['answer', 'last_problem', 'settled_at'],
  },
  {
    table: 'message_in',
    row: { sender: 'centre', kind: 'restock-order', id: ID, payload_hash: HASH, taken_at: at },
    takes: [{ answer: HASH, answered_at: at }],
    breaks: {
      message_in_pkey: [{ payload_hash: Buffer.alloc(32, 2) }],
      message_in_payload_hash_check: [{ payload_hash: SHORT }, { payload_hash: LONG }],
      message_in_check: [{ answer: HASH }, { answered_at: at }],
    },
    mayBeEmpty: ['answer', 'answered_at'],
  },
  {
    table: 'audit_entry',
    row: {
      lane: 0,
      n: 1,
      at,
      actor: 'api',
      action: 'order',
      subject: 's',
      details: '{}',
      previous_hash: HASH,
      hash: HASH,
    },
    takes: [{ lane: 1 }, { lane: 32 }],
    breaks: {
      audit_entry_pkey: [{ action: 'another' }],
      audit_entry_lane_check: [{ lane: -1 }, { lane: 33 }],
      audit_entry_previous_hash_check: [{ previous_hash: SHORT }, { previous_hash: LONG }],
      audit_entry_hash_check: [{ hash: SHORT }, { hash: LONG }],
    },
  },
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
]
/** Its one row stands there from the start. */
const HEAD: TriedTable = {
  table: 'audit_head',
  row: { only_row: true, n: 0, hash: HASH },
  breaks: { audit_head_pkey: [{}], audit_head_only_row_check: [{ only_row: false }] },
}
/** Their rows, too, stand there from the start. */
const LANES: readonly TriedTable[] = [
  {
    table: 'audit_lane',
    row: { lane: 32 },
    breaks: { audit_lane_pkey: [{ n: 1 }], audit_lane_lane_check: [{ lane: 0 }, { lane: 33 }] },
  },
  {
    table: 'audit_tied',
    row: { lane: 32 },
    breaks: { audit_tied_pkey: [{ n: 1 }], audit_tied_lane_fkey: [{ lane: 31 }] },
  },
]
const NAMES = [...TABLES, HEAD, ...LANES].map(({ table }) => table)

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
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

test('the head of the audit chain is one row', async () => {
  await client.query('DELETE FROM audit_head')
  expect(await tryTables(client, [HEAD])).toEqual([])
})

test('the lanes of the audit chain are there from the start, each once', async () => {
  await client.query('DELETE FROM audit_tied')
  await client.query('DELETE FROM audit_lane')
  expect(await tryTables(client, LANES)).toEqual([])
})

test('no constraint is untried', async () => {
  expect(await constraintsOf(client, NAMES)).toEqual(triedConstraints([...TABLES, HEAD, ...LANES]))
})

test('only these columns may be without a value', async () => {
  expect(await emptyColumnsOf(client, NAMES)).toEqual(columnsThatMayBeEmpty(TABLES))
})
