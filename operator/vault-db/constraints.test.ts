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
import { type TestDatabase, testVaultDatabase } from '../../office/testing/test-database.ts'
import { OPERATOR_VAULT_MIGRATIONS } from '../src/settings.ts'

const at = new Date('2026-11-22T10:00:00Z')
const HASH = Buffer.alloc(32, 1)
const SHORT = Buffer.alloc(31, 1)
const LONG = Buffer.alloc(33, 1)
const ORDER = '3f0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'
const DELIVERY = '5b0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'
const OTHER = '7d0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'
const MAC = Buffer.alloc(16, 1)

/** A map of a pack's codes: `1` at these places. */
const marked = (...places: number[]) =>
  Array.from({ length: 1_000 }, (_, place) => (places.includes(place) ? '1' : '0')).join('')

const TABLES: readonly TriedTable[] = [
  {
    table: 'product',
    row: { id: 'TT-5000', code_digits: 14, check_digit: 'none' },
    takes: [
      { id: 'TT-0' },
      { id: 'A0-1234567' },
      { id: 'A234567890-1' },
      { code_digits: 10 },
      { code_digits: 18 },
      { check_digit: 'luhn' },
    ],
    breaks: {
      product_pkey: [{ code_digits: 12 }],
      product_id_check: [
        { id: 'T-5000' },
        { id: 'tt-5000' },
        { id: '0T-5000' },
        { id: 'TT5000' },
        { id: 'TT-' },
        { id: 'TT-12345678' },
        { id: 'A2345678901-1' },
        { id: 'TT-5000 ' },
        { id: ' TT-5000' },
      ],
      product_code_digits_check: [{ code_digits: 9 }, { code_digits: 19 }],
      product_check_digit_check: [{ check_digit: 'mod11' }],
    },
  },
  {
    table: 'sealed_lot',
    row: {
      id: 'L1',
      no: 1,
      product: 'TT-5000',
      code_digits: 14,
      expires_on: '2027-06-30',
      codes: 1,
      source: 'file',
      sealed_at: at,
      wrapped_key: MAC,
      mac: MAC,
    },
    takes: [{ source: 'generator' }],
    breaks: {
      sealed_lot_pkey: [{ no: 2 }],
      sealed_lot_no_key: [{ id: 'L2' }],
      sealed_lot_product_fkey: [{ product: 'TT-1' }],
      sealed_lot_codes_check: [{ codes: 0 }],
      sealed_lot_source_check: [{ source: 'hand' }],
    },
    mayBeEmpty: ['activated_at', 'brought_by', 'file_name', 'forgotten_at'],
  },
  {
    table: 'sealed_pack',
    row: {
      id: 1,
      lot: 'L1',
      first_serial: 100,
      count: 10,
      first_index: 0,
      sealed: MAC,
      closed: marked(),
      void: marked(),
    },
    takes: [{ count: 1 }, { count: 1_000 }, { closed: marked(0, 9), void: marked(1, 9) }],
    breaks: {
      sealed_pack_pkey: [{ first_serial: 200 }],
      sealed_pack_lot_fkey: [{ lot: 'L2' }],
      sealed_pack_count_check: [{ count: 0 }, { count: 1_001 }],
      sealed_pack_marks_within: [{ closed: marked(10) }, { void: marked(999) }],
      // One serial in common is enough, at either end.
      sealed_pack_serials: [
        { id: 2, first_serial: 109, count: 1 },
        { id: 2, first_serial: 91, count: 10 },
      ],
    },
  },
  {
    table: 'code_fingerprint',
    row: { fingerprint: 1, place: 0, pack: 1 },
    breaks: {},
  },
  { table: 'stock_fingerprint', row: { fingerprint: 1, place: 0, pack: 1 }, breaks: {} },
  {
    table: 'stock_file',
    row: { tag: HASH, lots: ['L1'], codes: 1, taken_at: at },
    breaks: { stock_file_pkey: [{ codes: 2 }], stock_file_tag_check: [{ tag: SHORT }, { tag: LONG }] },
  },
  {
    table: 'verified_order',
    row: { id: ORDER, partner: 'centre', payload_hash: HASH, verified_at: at },
    breaks: {
      verified_order_pkey: [{ partner: 'another' }],
      verified_order_payload_hash_check: [{ payload_hash: SHORT }, { payload_hash: LONG }],
    },
  },
  {
    table: 'verified_order_line',
    row: { order_id: ORDER, line_no: 1, product: 'TT-5000', ordered: 10, closed: 0 },
    takes: [{ closed: 10 }],
    breaks: {
      verified_order_line_pkey: [{ ordered: 11 }],
      verified_order_line_order_id_fkey: [{ order_id: OTHER }],
      closed_within_order: [{ closed: 11 }, { closed: -1 }],
    },
  },
  {
    table: 'closed_delivery',
    row: {
      id: DELIVERY,
      order_id: ORDER,
      line_no: 1,
      codes: 10,
      plan_hash: HASH,
      bytes: MAC,
      closed_at: at,
    },
    breaks: {
      closed_delivery_pkey: [{ codes: 9 }],
      closed_delivery_plan_hash_check: [{ plan_hash: SHORT }, { plan_hash: LONG }],
      closed_delivery_order_id_line_no_fkey: [{ line_no: 2 }, { order_id: OTHER }],
    },
  },
  {
    table: 'used_agreement',
    row: { number: 7, hash: HASH, used_at: at, codes: 5 },
    takes: [{ number: 1 }, { codes: 0 }],
    breaks: {
      used_agreement_pkey: [{ codes: 6 }],
      used_agreement_number_check: [{ number: 0 }],
      used_agreement_hash_check: [{ hash: Buffer.alloc(31) }, { hash: Buffer.alloc(33) }],
      used_agreement_codes_check: [{ codes: -1 }],
    },
  },
  {
    table: 'void_stock',
    row: { number: 7, first_serial: 0, count: 1 },
    takes: [{ count: 1_000_000 }, { lot: 'L1', first_serial: null, count: null }],
    breaks: {
      void_stock_pkey: [{ count: 2 }],
      void_stock_number_fkey: [{ number: 8 }],
      void_stock_first_serial_check: [{ first_serial: -1 }],
      void_stock_count_check: [{ count: 0 }, { count: 1_000_001 }],
      void_stock_lot_or_range: [
        ...[{ lot: 'L1' }, { first_serial: null, count: null }, { count: null }],
        { lot: 'L1', first_serial: null },
      ],
    },
    mayBeEmpty: ['lot', 'first_serial', 'count'],
  },
]
/** Their one row stands there from the start. */
const SINGLE: readonly TriedTable[] = [
  {
    table: 'serial_counter',
    row: { only_row: true, next_serial: 1 },
    breaks: { serial_counter_pkey: [{}], serial_counter_only_row_check: [{ only_row: false }] },
  },
]

const NAMES = [...TABLES, ...SINGLE].map(({ table }) => table)

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await testVaultDatabase(OPERATOR_VAULT_MIGRATIONS)
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

test('a table of one row has one row', async () => {
  for (const { table } of SINGLE) await client.query(`DELETE FROM ${table}`)
  expect(await tryTables(client, SINGLE)).toEqual([])
})

test('no constraint is untried', async () => {
  expect(await constraintsOf(client, NAMES)).toEqual(triedConstraints([...TABLES, ...SINGLE]))
})

test('only these columns may be without a value', async () => {
  expect(await emptyColumnsOf(client, NAMES)).toEqual(columnsThatMayBeEmpty(TABLES))
})

test('a code that is closed or void stays so, whoever asks', async () => {
  await client.query('BEGIN')
  try {
    for (const { table, row } of TABLES.slice(0, NAMES.indexOf('sealed_pack') + 1)) {
      const marks = table === 'sealed_pack' ? { closed: marked(0, 1), void: marked(5) } : {}
      const columns = Object.entries({ ...row, ...marks })
      await client.query(
        `INSERT INTO ${table} (${columns.map(([name]) => name).join(', ')}) OVERRIDING SYSTEM VALUE
         VALUES (${columns.map((_, n) => `$${n + 1}`).join(', ')})`,
        columns.map(([, value]) => value),
      )
    }
    const set = async (closed: string, void_: string) => {
      await client.query('SAVEPOINT before')
      try {
        await client.query('UPDATE sealed_pack SET closed = $1, void = $2', [closed, void_])
        return 'set'
      } catch (error) {
        await client.query('ROLLBACK TO SAVEPOINT before')
        return (error as Error).message
      }
    }
    const stays = 'a code that is closed or void stays so'
    expect(await set(marked(0, 1, 2), marked(5, 6))).toBe('set')
    expect(await set(marked(0, 2, 3), marked(5, 6))).toBe(stays)
    expect(await set(marked(0, 1, 2), marked(6))).toBe(stays)
    expect(await set(marked(0, 1, 2, 9), marked(5, 6))).toBe('set')
  } finally {
    await client.query('ROLLBACK')
  }
})
