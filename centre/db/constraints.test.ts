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
const HASH = Buffer.alloc(32, 1)
const ORDER = '3f0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'
const DELIVERY = '5b0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'
const OTHER = '7d0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'
const depot_id = 'main'
const operator = 'ooredoo'
const terminal_id = 'T10000'

/** A map of a pack's codes: `1` at these places. */
const marked = (...places: number[]) =>
  Array.from({ length: 1_000 }, (_, place) => (places.includes(place) ? '1' : '0')).join('')

/** A message whose bytes are gone. */
const GONE = { request: Buffer.alloc(0), answer: Buffer.alloc(0), answer_hash: HASH }

const TABLES: readonly TriedTable[] = [
  {
    table: 'product',
    row: {
      id: 'TT-5000',
      operator,
      face_value_minor: 5_000,
      code_digits: 14,
      check_digit: 'none',
      validity_days: 90,
      refill_template: '*101*{code}#',
      added_at: at,
    },
    takes: [{ face_value_minor: 0 }, { check_digit: 'luhn' }],
    breaks: {
      product_pkey: [{ operator: 'another' }],
      product_face_value_minor_check: [{ face_value_minor: -1 }],
      product_check_digit_check: [{ check_digit: 'mod11' }],
    },
  },
  {
    table: 'product_price',
    row: {
      id: 1,
      product_id: 'TT-5000',
      valid_from: at,
      public_price_minor: 5_000,
      tax_minor: 0,
      net_credit_minor: 4_300,
      set_by: 'pricing',
      set_at: at,
    },
    takes: [{ net_credit_minor: 0 }, { public_price_minor: 1 }],
    breaks: {
      product_price_pkey: [{ valid_from: later }],
      product_price_product_id_fkey: [{ product_id: 'TT-1' }],
      product_price_product_id_valid_from_key: [{ id: 2 }],
      product_price_public_price_minor_check: [{ public_price_minor: 0 }],
      product_price_tax_minor_check: [{ tax_minor: -1 }],
      product_price_net_credit_minor_check: [{ net_credit_minor: -1 }],
    },
  },
  {
    table: 'tier',
    row: { id: 'gold', name: 'Gold', added_at: at },
    takes: [{ id: 'a' }, { id: `a${'9'.repeat(19)}` }, { name: 'G' }, { name: 'G'.repeat(64) }],
    breaks: {
      tier_pkey: [{ name: 'Silver' }],
      tier_id_check: [{ id: 'Gold' }, { id: '' }, { id: `a${'9'.repeat(20)}` }],
      tier_name_check: [{ name: '' }, { name: 'G'.repeat(65) }],
    },
  },
  {
    table: 'retailer',
    row: { id: 'R10000', depot_id, name: 'A shop', place: 'Tunis', added_at: at },
    takes: [{ id: 'R00007' }, { id: 'R100000' }, { id: 'R9999999' }],
    breaks: {
      retailer_id_key: [{ name: 'Another' }],
      retailer_depot_id_fkey: [{ id: 'R10001', depot_id: 'south' }],
      retailer_id_check: [{ id: 'R1000' }, { id: 'R010000' }, { id: 'T10000' }, { id: 'R10000000' }],
    },
    mayBeEmpty: ['closed_at'],
  },
  {
    table: 'vendor',
    row: { retailer_id: 'R10000', id: '02', name: 'V', added_at: at },
    takes: [{ id: '01' }, { id: '99' }, { id: '10' }, { name: 'é'.repeat(20) }],
    breaks: {
      vendor_pkey: [{ name: 'Another' }],
      vendor_retailer_id_fkey: [{ retailer_id: 'R00002' }],
      vendor_id_check: [{ id: '00' }, { id: '2' }, { id: '100' }, { id: 'xx' }],
      vendor_name_check: [{ name: '' }, { name: 'é'.repeat(21) }],
    },
    mayBeEmpty: ['suspended_at'],
  },
  {
    table: 'shop_settings',
    row: { retailer_id: 'R10000', number: 1, content: '{}', set_by: 'support', set_at: at },
    breaks: {
      shop_settings_pkey: [{ content: '[]' }],
      shop_settings_retailer_id_fkey: [{ retailer_id: 'R00002' }],
      shop_settings_number_check: [{ number: 0 }],
    },
  },
  {
    table: 'retailer_tier',
    row: { retailer_id: 'R10000', valid_from: at, tier_id: 'gold', set_by: 'pricing' },
    breaks: {
      retailer_tier_pkey: [{ set_by: 'another' }],
      retailer_tier_retailer_id_fkey: [{ retailer_id: 'R00002' }],
      retailer_tier_tier_id_fkey: [{ tier_id: 'silver' }],
    },
  },
  {
    table: 'rate',
    row: {
      id: 1,
      retailer_id: 'R10000',
      product_id: 'TT-5000',
      discount_basis_points: 500,
      valid_from: at,
      set_by: 'pricing',
    },
    takes: [
      { discount_basis_points: 0 },
      { discount_basis_points: 10_000 },
      { retailer_id: null },
      { retailer_id: null, tier_id: 'gold' },
      { product_id: null },
    ],
    breaks: {
      rate_pkey: [{ discount_basis_points: 600 }],
      rate_retailer_id_fkey: [{ retailer_id: 'R00002' }],
      rate_product_id_fkey: [{ product_id: 'TT-1' }],
      rate_discount_basis_points_check: [{ discount_basis_points: -1 }, { discount_basis_points: 10_001 }],
      rate_of_one: [{ tier_id: 'gold' }],
      rate_tier_id_fkey: [{ tier_id: 'silver', retailer_id: null }],
    },
    mayBeEmpty: ['retailer_id', 'product_id', 'tier_id'],
  },
  {
    table: 'terminal',
    row: {
      id: terminal_id,
      depot_id,
      retailer_id: 'R10000',
      added_at: at,
      last_sequence: 0,
    },
    takes: [
      { catalogue_hash: HASH, catalogue_from: at },
      { settings_hash: HASH },
      { locked_at: at, locked_why: 'behind-card', revoked_at: at, revoked_why: 'replaced' },
      { id: 'T100000' },
      { id: 'T9999999' },
    ],
    breaks: {
      terminal_id_key: [{}],
      terminal_id_check: [{ id: 'T1000' }, { id: 'T010000' }, { id: 'R10000' }, { id: 'T10000000' }],
      terminal_depot_id_fkey: [{ depot_id: 'south' }],
      terminal_catalogue_version_check: [{ id: 'T00003', catalogue_version: 0 }],
      terminal_settings_version_check: [{ id: 'T00003', settings_version: 0 }],
      terminal_settings_hash_check: [{ id: 'T00003', settings_hash: HASH.subarray(1) }],
      terminal_locked_why_check: [{ id: 'T00003', locked_at: at, locked_why: 'because' }],
      terminal_revoked_why_check: [{ id: 'T00003', revoked_at: at, revoked_why: 'because' }],
      terminal_locked_known: [
        { id: 'T00003', locked_at: at },
        { id: 'T00003', locked_why: 'stolen' },
      ],
      terminal_revoked_known: [
        { id: 'T00003', revoked_at: at },
        { id: 'T00003', revoked_why: 'stolen' },
      ],
      terminal_catalogue_hash_check: [{ id: 'T00003', catalogue_hash: HASH.subarray(1), catalogue_from: at }],
      terminal_catalogue_known: [
        { id: 'T00003', catalogue_hash: HASH },
        { id: 'T00003', catalogue_from: at },
      ],
      terminal_retailer_id_fkey: [{ retailer_id: 'R00002' }],
      terminal_last_sequence_check: [{ last_sequence: -1 }],
      terminal_aboard_minor_check: [{ aboard_minor: -1 }],
      terminal_letter_number_check: [{ letter_number: -1 }],
      terminal_letter_wanted_check: [{ letter_wanted: 0 }],
      terminal_certified: [{ id: 'T00003', certified_until: at }],
      terminal_certificate_fkey: [{ id: 'T00003', certificate_number: 7, certified_until: at }],
    },
    mayBeEmpty: [
      'certificate_number',
      'certified_until',
      'centre_until',
      'letter_ends_at',
      'catalogue_hash',
      'catalogue_from',
      'settings_hash',
      'locked_at',
      'locked_why',
      'revoked_at',
      ...['revoked_why', 'open_order'],
    ],
  },
  {
    table: 'terminal_certificate',
    row: { number: 1, terminal_id, public_key: HASH, ends_at: later },
    breaks: {
      terminal_certificate_pkey: [{ ends_at: at }],
      terminal_certificate_terminal_id_fkey: [{ terminal_id: 'T00002' }],
      terminal_certificate_number_check: [{ number: 0 }],
    },
  },
  {
    table: 'terminal',
    row: {
      id: 'T00009',
      depot_id,
      retailer_id: 'R10000',
      added_at: at,
      certificate_number: 1,
      certified_until: later,
    },
    breaks: { terminal_certificate_number_key: [{ id: 'T00010' }] },
  },
  {
    table: 'terminal_state',
    row: { terminal_id, depot_id, reported_at: at, software_version: '1', content: '{}' },
    breaks: {
      terminal_state_pkey: [{ content: '[]' }],
      terminal_state_terminal_id_fkey: [{ terminal_id: 'T00002' }],
    },
  },
  {
    table: 'terminal_alarm',
    row: { terminal_id, kind: 'low-stock', subject: 'TT-5000', since: at },
    breaks: {
      terminal_alarm_pkey: [{ ended_at: later }],
      terminal_alarm_terminal_id_fkey: [{ terminal_id: 'T00002' }],
    },
    mayBeEmpty: ['ended_at'],
  },
  {
    table: 'enrolment',
    row: { number: 1_001, terminal_id, opened_at: at, expires_at: later, fingerprint: null },
    breaks: {
      enrolment_pkey: [{ expires_at: at }],
      enrolment_terminal_id_fkey: [{ terminal_id: 'T00002' }],
    },
    mayBeEmpty: ['fingerprint'],
  },
  {
    table: 'card',
    row: {
      id: 'C1',
      retailer_id: 'R10000',
      vendor_id: '02',
      class: 'file',
      public_key: HASH,
      key_fingerprint: 'f',
      added_at: at,
    },
    takes: [{ class: 'pkcs11' }],
    breaks: {
      card_pkey: [{ class: 'pkcs11' }],
      card_vendor_fkey: [{ retailer_id: 'R00002' }, { vendor_id: '03' }],
      card_class_check: [{ class: 'paper' }],
    },
    mayBeEmpty: ['registered_at', 'revoked_at'],
  },
  {
    table: 'terminal_card',
    row: { terminal_id, card_id: 'C1', keys_given: 0, puk_count: 0, told_at: at },
    breaks: {
      terminal_card_pkey: [{ keys_given: 1 }],
      terminal_card_terminal_id_fkey: [{ terminal_id: 'T00002' }],
      terminal_card_card_id_fkey: [{ card_id: 'C2' }],
      terminal_card_keys_given_check: [{ keys_given: -1 }],
      terminal_card_puk_count_check: [{ puk_count: -1 }],
    },
  },
  {
    table: 'approval',
    row: { purpose: 'enrol', subject: terminal_id, approver: 'a', signature: Buffer.alloc(64), given_at: at },
    breaks: {
      approval_pkey: [{ given_at: later }],
      approval_signature_check: [{ signature: Buffer.alloc(63) }, { signature: Buffer.alloc(65) }],
    },
  },
  {
    table: 'restock_order',
    row: {
      ...{ id: ORDER, operator, depot_id, state: 'waiting' },
      ordered_at: at,
      expires_at: later,
      ordered_by: 'buyer',
    },
    takes: [{ state: 'accepted' }, { state: 'partly' }, { state: 'refused' }],
    breaks: {
      restock_order_pkey: [{ operator: 'another' }],
      restock_order_state_check: [{ state: 'lost' }],
      restock_order_depot_id_fkey: [{ depot_id: 'south' }],
    },
    mayBeEmpty: ['reason'],
  },
  {
    table: 'restock_order_line',
    row: { order_id: ORDER, line_no: 1, product_id: 'TT-5000', quantity: 1 },
    breaks: {
      restock_order_line_pkey: [{ quantity: 2 }],
      restock_order_line_order_id_fkey: [{ order_id: OTHER }],
      restock_order_line_product_id_fkey: [{ product_id: 'TT-1' }],
      restock_order_line_quantity_check: [{ quantity: 0 }],
    },
    mayBeEmpty: ['unit_price_minor', 'reason'],
  },
  {
    table: 'restock_delivery',
    row: {
      id: DELIVERY,
      operator,
      order_id: ORDER,
      line_no: 1,
      part: 1,
      parts: 1,
      lot_id: 'L1',
      product_id: 'TT-5000',
      verdict: 'taken',
      codes: 10,
      received_at: at,
    },
    takes: [{ verdict: 'refused' }, { unit_cost_minor: 0 }],
    breaks: {
      restock_delivery_pkey: [{ part: 2 }],
      restock_delivery_verdict_check: [{ verdict: 'partly' }],
      restock_delivery_unit_cost_minor_check: [{ unit_cost_minor: -1 }],
    },
    mayBeEmpty: ['reason', 'unit_cost_minor'],
  },
  {
    table: 'lot',
    row: {
      ...{ depot_id, operator, id: 'L1', product_id: 'TT-5000' },
      ...{ expires_on: '2027-06-30', activated_on: null },
    },
    breaks: {
      lot_pkey: [{ expires_on: '2027-07-31' }],
      lot_product_id_fkey: [{ product_id: 'TT-1' }],
      lot_depot_id_fkey: [{ depot_id: 'south' }],
    },
    mayBeEmpty: ['activated_on'],
  },
  {
    table: 'pack',
    row: {
      depot_id,
      operator,
      first_serial: 100,
      count: 10,
      lot_id: 'L1',
      product_id: 'TT-5000',
      delivery_id: DELIVERY,
      expires_on: '2027-06-30',
      given: marked(),
      aside: marked(),
    },
    takes: [
      ...[{ count: 1 }, { count: 1_000 }, { given: marked(0, 9), aside: marked(1) }],
      { aside: marked(1, 2), asleep: marked(2) },
    ],
    breaks: {
      pack_pkey: [{ count: 11 }],
      pack_count_check: [{ count: 0 }, { count: 1_001 }],
      pack_delivery_id_fkey: [{ delivery_id: OTHER }],
      pack_depot_id_operator_lot_id_fkey: [{ lot_id: 'L2' }, { operator: 'another' }],
      pack_marks_within: [{ given: marked(10) }, { aside: marked(999) }],
      pack_marks_apart: [{ given: marked(3), aside: marked(3) }],
      pack_asleep_aside: [{ asleep: marked(3) }, { asleep: marked(3), aside: marked(4) }],
    },
    mayBeEmpty: ['activated_on', 'held_at'],
  },
  {
    table: 'supply_message',
    row: {
      depot_id,
      terminal_id,
      sequence: 1,
      kind: 'order',
      payload_hash: HASH,
      request: HASH,
      taken_at: at,
    },
    breaks: {
      supply_message_pkey: [{ kind: 'receipt' }],
      supply_message_sequence_check: [{ sequence: 0 }],
      supply_message_payload_hash_check: [
        { payload_hash: Buffer.alloc(31) },
        { payload_hash: Buffer.alloc(33) },
      ],
      supply_message_answer_hash_check: [31, 33].map((bytes) => ({
        ...GONE,
        answer_hash: Buffer.alloc(bytes),
      })),
      supply_message_let_go: [
        { ...GONE, request: Buffer.of(1) },
        { ...GONE, answer: Buffer.of(1) },
        { ...GONE, answer: null },
      ],
    },
    takes: [GONE],
    mayBeEmpty: ['answer', 'answer_hash'],
  },
  {
    table: 'supply_order',
    row: {
      depot_id,
      terminal_id,
      sequence: 1,
      retailer_id: 'R10000',
      decided_at: at,
      epoch: 1,
      codes: 1,
      debited_minor: 0,
      available_minor: 0,
      state: 'decided',
    },
    takes: [{ state: 'despatched' }, { state: 'delivered' }, { state: 'withheld' }],
    breaks: {
      supply_order_pkey: [{ codes: 2 }],
      supply_order_codes_check: [{ codes: 0 }],
      supply_order_debited_minor_check: [{ debited_minor: -1 }],
      supply_order_available_minor_check: [{ available_minor: -1 }],
      supply_order_state_check: [{ state: 'lost' }],
      supply_order_because_check: [{ because: 'weather' }],
    },
    mayBeEmpty: ['delivery_hash', 'settled_at', 'withheld_at'],
  },
  {
    table: 'supply_order_line',
    row: {
      depot_id,
      terminal_id,
      sequence: 1,
      product_id: 'TT-5000',
      quantity: 1,
      supplied: 1,
      unit_price_minor: 4_750,
      price_id: 1,
      public_price_minor: 5_000,
      rate_id: 1,
      discount_basis_points: 500,
      rounding: 'half-up',
    },
    breaks: {
      supply_order_line_pkey: [{ quantity: 2 }],
      supply_order_line_depot_id_terminal_id_sequence_fkey: [{ sequence: 2 }, { terminal_id: 'T00002' }],
      supply_order_line_price_id_fkey: [{ price_id: 2 }],
      supply_order_line_rate_id_fkey: [{ rate_id: 2 }],
      supply_order_line_public_price_minor_check: [{ public_price_minor: 0 }],
    },
    mayBeEmpty: ['rate_id'],
  },
  {
    table: 'supply_run',
    row: {
      depot_id,
      operator,
      first_serial: 100,
      count: 1,
      pack_first_serial: 100,
      lot_id: 'L1',
      product_id: 'TT-5000',
      expires_on: '2027-06-30',
      unit_price_minor: 4_750,
      terminal_id,
      sequence: 1,
    },
    breaks: {
      supply_run_pkey: [{ count: 2 }],
      supply_run_sold_of_its_codes: [{ sold: '' }, { sold: '00' }],
      supply_run_count_check: [{ count: 0 }],
      supply_run_depot_id_terminal_id_sequence_fkey: [{ sequence: 2 }, { terminal_id: 'T00002' }],
      supply_run_depot_id_operator_pack_first_serial_fkey: [{ pack_first_serial: 101 }],
    },
    takes: [{ sold: '1' }, { sold: '0' }],
    mayBeEmpty: ['released_at', 'sold'],
  },
  {
    table: 'ticket_event',
    row: {
      depot_id,
      id: 1,
      operator,
      serial: 100,
      terminal_id,
      ticket: 1,
      vendor_id: '02',
      at,
      what: 'in-doubt',
      reported_in: 2,
    },
    takes: [{ copy: 9 }],
    breaks: {
      ticket_event_pkey: [{ what: 'duplicate' }],
      ticket_event_copy_check: [{ copy: -1 }, { copy: 10 }],
    },
  },
  {
    table: 'alarm',
    row: { id: 1, at, kind: 'sequence', subject: terminal_id, details: '{}' },
    breaks: { alarm_pkey: [{ kind: 'sale' }] },
  },
  {
    table: 'lot_activation',
    row: { operator, id: ORDER, lot_id: 'L1', activated_on: at, whole: true, taken_at: at },
    takes: [{ whole: false }, { lot_id: 'one that is not here yet' }],
    breaks: { lot_activation_pkey: [{ whole: false }] },
  },
  {
    table: 'lot_activation_run',
    row: { operator, activation_id: ORDER, first_serial: 0, count: 1 },
    breaks: {
      lot_activation_run_pkey: [{ count: 2 }],
      lot_activation_run_operator_activation_id_fkey: [{ activation_id: OTHER }, { operator: 'another' }],
      lot_activation_run_first_serial_check: [{ first_serial: -1 }],
      lot_activation_run_count_check: [{ count: 0 }],
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

test('each constraint refuses the rows that break it alone, and no others', async () => {
  expect(await tryTables(client, TABLES)).toEqual([])
})

test('no constraint is untried', async () => {
  expect(await constraintsOf(client, NAMES)).toEqual(triedConstraints(TABLES))
})

test('only these columns may be without a value', async () => {
  expect(await emptyColumnsOf(client, NAMES)).toEqual(columnsThatMayBeEmpty(TABLES))
})
