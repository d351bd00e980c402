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
import { OPERATOR_MIGRATIONS } from '../src/settings.ts'

const at = new Date('2026-11-22T10:00:00Z')
const later = new Date('2026-11-23T10:00:00Z')
const ORDER = '3f0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'
const DELIVERY = '5b0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'
const OTHER = '7d0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'

/** A map of a pack's codes: `1` at these places. */
const marked = (...places: number[]) =>
  Array.from({ length: 1_000 }, (_, place) => (places.includes(place) ? '1' : '0')).join('')

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
    table: 'product',
    row: {
      id: 'TT-5000',
      currency: 'TND',
      face_value_minor: 5_000,
      public_price_minor: 5_000,
      tax_minor: 0,
      net_credit_minor: 4_300,
      code_digits: 14,
      check_digit: 'none',
      validity_days: 90,
      refill_template: '*101*{code}#',
      added_at: at,
    },
    takes: [
      { id: 'TT-0' },
      { id: 'A0-1234567' },
      { id: 'A234567890-1' },
      { face_value_minor: 1, public_price_minor: 1, net_credit_minor: 1 },
      { code_digits: 10 },
      { code_digits: 18 },
      { check_digit: 'luhn' },
      { validity_days: 1 },
    ],
    breaks: {
      product_pkey: [{ currency: 'XOF' }],
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
      product_currency_check: [{ currency: 'tnd' }, { currency: 'TN' }, { currency: 'TNDX' }],
      product_face_value_minor_check: [{ face_value_minor: 0 }],
      product_public_price_minor_check: [{ public_price_minor: 0 }],
      product_tax_minor_check: [{ tax_minor: -1 }],
      product_net_credit_minor_check: [{ net_credit_minor: 0 }],
      product_code_digits_check: [{ code_digits: 9 }, { code_digits: 19 }],
      product_check_digit_check: [{ check_digit: 'mod11' }],
      product_validity_days_check: [{ validity_days: 0 }],
    },
  },
  {
    table: 'lot',
    row: {
      id: 'L1',
      product: 'TT-5000',
      expires_on: '2027-06-30',
      codes: 1,
      activated_at: null,
      sealed_at: at,
    },
    breaks: {
      lot_pkey: [{ codes: 2 }],
      lot_product_fkey: [{ product: 'TT-1' }],
      lot_codes_check: [{ codes: 0 }],
    },
    mayBeEmpty: ['activated_at'],
  },
  {
    table: 'pack',
    row: { id: 1, lot: 'L1', first_serial: 100, count: 10, given: marked(), aside: marked() },
    takes: [{ count: 1 }, { count: 1_000 }, { given: marked(0, 9), aside: marked(1) }],
    breaks: {
      pack_pkey: [{ first_serial: 200 }],
      pack_lot_fkey: [{ lot: 'L2' }],
      pack_count_check: [{ count: 0 }, { count: 1_001 }],
      pack_marks_within: [{ given: marked(10) }, { aside: marked(999) }],
      pack_marks_apart: [{ given: marked(3), aside: marked(3) }],
    },
    mayBeEmpty: ['held_at'],
  },
  {
    table: 'restock_order',
    row: {
      id: ORDER,
      partner: 'centre',
      verdict: 'accepted',
      reason: null,
      received_at: at,
      expires_at: later,
    },
    takes: [{ verdict: 'partly' }, { verdict: 'refused' }, { depot: 'south-2' }],
    breaks: {
      restock_order_pkey: [{ partner: 'another' }],
      restock_order_verdict_check: [{ verdict: 'waiting' }],
      restock_order_depot_check: [{ depot: 'South' }, { depot: 's' }],
    },
    mayBeEmpty: ['reason', 'depot'],
  },
  {
    table: 'restock_order_line',
    row: { order_id: ORDER, line_no: 1, product: 'TT-5000', ordered: 10, accepted: 10 },
    takes: [{ accepted: 0 }, { ordered: 1, accepted: 1 }],
    breaks: {
      restock_order_line_pkey: [{ ordered: 11 }],
      restock_order_line_order_id_fkey: [{ order_id: OTHER }],
      restock_order_line_ordered_check: [{ ordered: 0, accepted: 0 }],
      restock_order_line_check: [{ accepted: 11 }, { accepted: -1 }],
    },
    mayBeEmpty: ['unit_price_minor', 'currency', 'discount_basis_points', 'rounding', 'reason'],
  },
  {
    table: 'restock_delivery',
    row: {
      id: DELIVERY,
      position: 1,
      order_id: ORDER,
      line_no: 1,
      part: 1,
      parts: 1,
      lot: 'L1',
      codes: 10,
      state: 'planned',
      issued_at: at,
      codes_taken: null,
    },
    takes: [
      { codes: 1 },
      { codes: 10_000 },
      { state: 'despatched' },
      { state: 'taken', codes_taken: 10 },
      { state: 'refused', codes_taken: 0 },
    ],
    breaks: {
      restock_delivery_pkey: [{ part: 2 }],
      restock_delivery_order_id_line_no_part_key: [{ id: OTHER }],
      restock_delivery_order_id_line_no_fkey: [{ line_no: 2 }, { order_id: OTHER }],
      restock_delivery_lot_fkey: [{ lot: 'L2' }],
      restock_delivery_codes_check: [{ codes: 0 }, { codes: 10_001 }],
      restock_delivery_state_check: [{ state: 'lost' }],
      restock_delivery_check: [
        { state: 'taken' },
        { state: 'refused' },
        { codes_taken: 1 },
        { state: 'despatched', codes_taken: 1 },
      ],
      restock_delivery_check1: [
        { state: 'taken', codes_taken: 11 },
        { state: 'taken', codes_taken: -1 },
      ],
    },
    mayBeEmpty: ['activated_on', 'settled_at', 'codes_taken', 'reason'],
  },
  {
    table: 'restock_run',
    row: { delivery_id: DELIVERY, pack: 1, first_serial: 100, count: 1 },
    breaks: {
      restock_run_pkey: [{ count: 2 }],
      restock_run_delivery_id_fkey: [{ delivery_id: OTHER }],
      restock_run_pack_fkey: [{ pack: 2 }],
      restock_run_count_check: [{ count: 0 }],
    },
  },
  {
    table: 'restock_duplicate',
    row: { delivery_id: DELIVERY, serial: 100 },
    breaks: {
      restock_duplicate_pkey: [{}],
      restock_duplicate_delivery_id_fkey: [{ delivery_id: OTHER }],
    },
  },
  {
    table: 'lot_activation',
    row: { id: ORDER, lot: 'L1', activated_on: at, whole: true, made_at: at, made_by: 'amel' },
    takes: [{ whole: false }, { activated_on: later }],
    breaks: { lot_activation_pkey: [{ whole: false }], lot_activation_lot_fkey: [{ lot: 'L2' }] },
  },
  {
    table: 'lot_activation_run',
    row: { activation_id: ORDER, first_serial: 0, count: 1 },
    breaks: {
      lot_activation_run_pkey: [{ count: 2 }],
      lot_activation_run_activation_id_fkey: [{ activation_id: OTHER }],
      lot_activation_run_first_serial_check: [{ first_serial: -1 }],
      lot_activation_run_count_check: [{ count: 0 }],
    },
  },
  {
    table: 'lot_activation_told',
    row: { activation_id: ORDER, partner: 'centre', message_id: DELIVERY, state: 'waiting', told_at: at },
    takes: [
      { state: 'taken', settled_at: later },
      { state: 'refused', settled_at: later, reason: 'not-offered' },
    ],
    breaks: {
      lot_activation_told_pkey: [{ message_id: OTHER }],
      lot_activation_told_message_id_key: [{ partner: 'other' }],
      lot_activation_told_activation_id_fkey: [{ activation_id: OTHER }],
      lot_activation_told_state_check: [{ state: 'lost', settled_at: later }],
      lot_activation_told_check: [{ settled_at: later }, { state: 'taken' }],
      lot_activation_told_check1: [
        { reason: 'not-offered' },
        { state: 'refused', settled_at: later },
        { state: 'taken', settled_at: later, reason: 'not-offered' },
      ],
    },
    mayBeEmpty: ['reason', 'settled_at'],
  },
  {
    table: 'code_case',
    row: {
      ...{ id: 1, first_serial: 100, count: 10, state: 'on_hold', cause: 'lost' },
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
      ...{ lot: 'L1', no: 1, state: 'held', cause: 'lost' },
      ...{ set_by: 'amel', set_at: at, request: 7 },
    },
    takes: [
      ...['in_stock', 'recalled', 'void', 'expired'].map((state) => ({ state })),
      ...[{ cause: 'c'.repeat(200) }, { request: null }],
    ],
    breaks: {
      lot_state_pkey: [{ state: 'recalled', request: null }],
      lot_state_lot_fkey: [{ lot: 'L999999' }],
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
    row: { replaced: 100, replacing: 200, cause: 'c', made_by: 'amel', made_at: at },
    takes: [{ replaced: 0 }, { replacing: 0 }, { cause: 'c'.repeat(200) }],
    breaks: {
      code_exchange_pkey: [{ replacing: 201 }],
      code_exchange_replacing_key: [{ replaced: 101 }],
      code_exchange_replaced_check: [{ replaced: -1 }],
      code_exchange_replacing_check: [{ replacing: -1 }],
      code_exchange_cause_check: [{ cause: '' }, { cause: 'c'.repeat(201) }],
      code_exchange_of_two: [{ replacing: 100 }],
    },
  },
]
const NAMES = TABLES.map(({ table }) => table)

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await testDatabase(OPERATOR_MIGRATIONS)
  client = new pg.Client({ connectionString: database.urls.owner })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

test('each constraint refuses the rows that break it alone, and no others', async () => {
  expect(await tryTables(client, [REQUEST, ...TABLES])).toEqual([])
})

test('no constraint is untried', async () => {
  expect(await constraintsOf(client, NAMES)).toEqual(triedConstraints(TABLES))
})

test('only these columns may be without a value', async () => {
  expect(await emptyColumnsOf(client, NAMES)).toEqual(columnsThatMayBeEmpty(TABLES))
})
