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
import { CENTRE_VAULT_MIGRATIONS } from '../src/settings.ts'

const at = new Date('2026-11-22T10:00:00Z')
const later = new Date('2026-11-23T10:00:00Z')
const HASH = Buffer.alloc(32, 1)
const ORDER = '3f0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'
const DELIVERY = '5b0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'
const OTHER = '7d0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'
const operator = 'ooredoo'
const terminal_id = 'T10000'

/** A map of a pack's codes: `1` at these places. */
const marked = (...places: number[]) =>
  Array.from({ length: 1_000 }, (_, place) => (places.includes(place) ? '1' : '0')).join('')

const TABLES: readonly TriedTable[] = [
  {
    table: 'product',
    row: { id: 'TT-5000', operator, code_digits: 14, check_digit: 'none' },
    takes: [{ check_digit: 'luhn' }],
    breaks: {
      product_pkey: [{ code_digits: 12 }],
      product_check_digit_check: [{ check_digit: 'mod11' }],
    },
  },
  {
    table: 'vault_lot_record',
    row: {
      id: ORDER,
      operator,
      lot_id: 'L1',
      product_id: 'TT-5000',
      code_digits: 14,
      wrapped_key: HASH,
      mac: HASH,
    },
    breaks: { vault_lot_record_pkey: [{ lot_id: 'L2' }] },
    mayBeEmpty: ['expires_on', 'forgotten_at'],
  },
  {
    table: 'vault_pack',
    row: {
      depot_id: 'main',
      operator,
      first_serial: 100,
      count: 10,
      record_id: ORDER,
      first_index: 0,
      sealed: HASH,
      closed: marked(),
      void: marked(),
    },
    takes: [{ count: 1 }, { count: 1_000 }, { closed: marked(0, 9), void: marked(1, 9) }],
    breaks: {
      vault_pack_pkey: [{ count: 11 }],
      vault_pack_count_check: [{ count: 0 }, { count: 1_001 }],
      vault_pack_record_id_fkey: [{ record_id: OTHER }],
      vault_pack_marks_within: [{ closed: marked(10) }, { void: marked(999) }],
    },
  },
  { table: 'vault_fingerprint', row: { serial: 100, fingerprint: 1 }, breaks: {} },
  { table: 'vault_code_fingerprint', row: { serial: 100, fingerprint: 1 }, breaks: {} },
  {
    table: 'vault_restock_line',
    row: {
      order_id: ORDER,
      operator,
      depot_id: 'main',
      line_no: 1,
      product_id: 'TT-5000',
      quantity: 10,
      accepted: null,
      received: 0,
    },
    takes: [{ accepted: 0 }, { accepted: 10, received: 10 }],
    breaks: {
      vault_restock_line_pkey: [{ quantity: 11 }],
      vault_restock_line_accepted_check: [{ accepted: -1, received: -1 }],
      vault_restock_line_check: [{ received: 1 }, { accepted: 10, received: 11 }],
    },
    mayBeEmpty: ['accepted', 'unit_price'],
  },
  {
    table: 'vault_restock_delivery',
    row: { operator, id: DELIVERY, payload_hash: HASH, taken: '1', receipt: HASH },
    breaks: { vault_restock_delivery_pkey: [{ taken: '2' }] },
  },
  {
    table: 'vault_certificate',
    row: { number: 1, subject: terminal_id },
    breaks: {
      vault_certificate_pkey: [{ subject: 'T00002' }],
      vault_certificate_centre_certificate_fkey: [{ centre_certificate: 2 }],
    },
    mayBeEmpty: ['bytes', 'revoked_at', 'centre_certificate'],
  },
  {
    table: 'vault_renewal',
    row: {
      ...{ terminal_id, sequence: 1, request_hash: HASH, asked_under: 1, certificate: 1 },
      answer: Buffer.of(1),
    },
    breaks: {
      vault_renewal_pkey: [{ answer: Buffer.of(2) }],
      vault_renewal_sequence_check: [{ sequence: 0 }],
      vault_renewal_request_hash_check: [{ request_hash: HASH.subarray(1) }],
      vault_renewal_asked_under_fkey: [{ asked_under: 2 }],
      vault_renewal_certificate_fkey: [{ certificate: 2 }],
    },
  },
  {
    table: 'vault_enrolment',
    row: {
      number: 1_001,
      terminal_id,
      retailer_id: 'R10000',
      expires_at: later,
      wrapped_keys: HASH,
      mac: HASH,
      certificate: null,
    },
    takes: [{ certificate: 1 }],
    breaks: {
      vault_enrolment_pkey: [{ terminal_id: 'T00002' }],
      vault_enrolment_certificate_fkey: [{ certificate: 2 }],
    },
    mayBeEmpty: ['device_key', 'certificate'],
  },
  {
    table: 'vault_terminal',
    row: { id: terminal_id, depot_id: 'main', retailer_id: 'R10000', certificate: 1, mac: HASH },
    breaks: {
      vault_terminal_pkey: [{ retailer_id: 'R00002' }],
      vault_terminal_certificate_fkey: [{ certificate: 2 }],
    },
    mayBeEmpty: ['revoked_at'],
  },
  {
    table: 'vault_card',
    row: { id: 'C1', retailer_id: 'R10000', vendor_id: '02', class: 'file', public_key: HASH, mac: HASH },
    breaks: { vault_card_pkey: [{ vendor_id: '03' }] },
    mayBeEmpty: ['revoked_at'],
  },
  {
    table: 'vault_safe_key',
    row: { depot_id: 'main', terminal_id, epoch: 1, ends_at: later, wrapped_key: HASH, mac: HASH },
    breaks: { vault_safe_key_pkey: [{ ends_at: at }] },
  },
  {
    table: 'vault_supply',
    row: {
      ...{ depot_id: 'main', terminal_id, sequence: 1, order_hash: HASH },
      ...{ epoch: 1, codes: 1, runs: '[]', closed_at: at },
    },
    breaks: { vault_supply_pkey: [{ codes: 2 }] },
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
    row: { number: 7, operator: 'ooredoo', first_serial: 0, count: 1 },
    takes: [{ count: 1_000_000 }, { lot_id: 'L1', first_serial: null, count: null }],
    breaks: {
      void_stock_pkey: [{ count: 2 }],
      void_stock_number_fkey: [{ number: 8 }],
      void_stock_first_serial_check: [{ first_serial: -1 }],
      void_stock_count_check: [{ count: 0 }, { count: 1_000_001 }],
      void_stock_lot_or_range: [
        ...[{ lot_id: 'L1' }, { first_serial: null, count: null }, { count: null }],
        { lot_id: 'L1', first_serial: null },
      ],
    },
    mayBeEmpty: ['lot_id', 'first_serial', 'count'],
  },
]
const NAMES = TABLES.map(({ table }) => table)

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await testVaultDatabase(CENTRE_VAULT_MIGRATIONS)
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

test('a code that is closed or void stays so, whoever asks', async () => {
  await client.query('BEGIN')
  try {
    for (const { table, row } of TABLES.slice(0, NAMES.indexOf('vault_pack') + 1)) {
      const marks = table === 'vault_pack' ? { closed: marked(0, 1), void: marked(5) } : {}
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
        await client.query('UPDATE vault_pack SET closed = $1, void = $2', [closed, void_])
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
