import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import { OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  callableFunctionsIn,
  LEDGER_RIGHTS,
  OFFICE_RIGHTS,
  otherRightsIn,
  type Rights,
  rightsIn,
  tablesIn,
} from '../../office/testing/rights.ts'
import { type TestDatabase, testDatabase } from '../../office/testing/test-database.ts'
import { CENTRE_MIGRATIONS } from '../src/settings.ts'

/** What was decided, sold or answered is only ever added. */
const OWN: Rights = {
  product: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  product_price: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  tier: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  retailer_tier: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  depot: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  deposit_document: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  retailer: { api: 'INSERT, SELECT, UPDATE (closed_at)', auditor: 'SELECT' },
  rate: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  terminal: {
    api: 'INSERT, SELECT, UPDATE (aboard_minor, catalogue_from, catalogue_hash, catalogue_version, centre_until, certificate_number, certified_until, day_order, last_sequence, letter_ends_at, letter_epoch, letter_number, letter_wanted, locked_at, locked_why, open_order, revoked_at, revoked_why, settings_hash, settings_version)',
    auditor: 'SELECT',
  },
  terminal_certificate: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  vendor: { api: 'INSERT, SELECT, UPDATE (suspended_at)', auditor: 'SELECT' },
  shop_settings: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  terminal_state: {
    api: 'INSERT, SELECT, UPDATE (content, reported_at, software_version)',
    auditor: 'SELECT',
  },
  terminal_alarm: { api: 'INSERT, SELECT, UPDATE (ended_at)', auditor: 'SELECT' },
  terminal_card: { api: 'INSERT, SELECT, UPDATE (keys_given, puk_count, told_at)', auditor: 'SELECT' },
  enrolment: { api: 'INSERT, SELECT, UPDATE (fingerprint)', auditor: 'SELECT' },
  card: { api: 'INSERT, SELECT, UPDATE (registered_at, revoked_at)', auditor: 'SELECT' },
  approval: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  restock_order: { api: 'INSERT, SELECT, UPDATE (reason, state)', auditor: 'SELECT' },
  restock_order_line: {
    api: 'INSERT, SELECT, UPDATE (accepted, reason, received, unit_price_minor)',
    auditor: 'SELECT',
  },
  restock_delivery: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  lot: { api: 'INSERT, SELECT, UPDATE (activated_on)', auditor: 'SELECT' },
  lot_activation: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  lot_activation_run: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  pack: { api: 'INSERT, SELECT, UPDATE (activated_on, aside, asleep, given, held_at)', auditor: 'SELECT' },
  barred_range: { api: 'INSERT, SELECT, UPDATE (ended_at, told_at)', auditor: 'SELECT' },
  code_exchange: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  lot_state: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  code_case: {
    api: 'INSERT, SELECT, UPDATE (end_request, ended_at, ended_by, ended_cause)',
    auditor: 'SELECT',
  },
  supply_message: { api: 'INSERT, SELECT, UPDATE (answer, answer_hash, request)', auditor: 'SELECT' },
  supply_order: {
    api: 'INSERT, SELECT, UPDATE (delivery_hash, settled_at, state, withheld_at)',
    auditor: 'SELECT',
  },
  supply_order_line: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  supply_run: { api: 'INSERT, SELECT, UPDATE (released_at, sold)', auditor: 'SELECT' },
  sale: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  sales_of_hour: { api: 'INSERT, SELECT, UPDATE (amount_minor, sales)', auditor: 'SELECT' },
  sales_of_hour_change: { api: 'DELETE, INSERT, SELECT', auditor: 'SELECT' },
  sales_of_shop: { api: 'INSERT, SELECT, UPDATE (amount_minor, sales)', auditor: 'SELECT' },
  bytes_let_go: { api: 'INSERT, SELECT, UPDATE (upto_sequence)', auditor: 'SELECT' },
  ticket_event: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  alarm: { api: 'INSERT, SELECT', auditor: 'SELECT' },
}
const SEQUENCES: Rights = {
  retailer_number: { api: 'USAGE' },
  terminal_number: { api: 'USAGE' },
}
const RIGHTS = { ...OFFICE_RIGHTS, ...LEDGER_RIGHTS, ...OWN }

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS, LEDGER_MIGRATIONS, CENTRE_MIGRATIONS])
})
afterAll(() => database.drop())

test('each role may do with each table what this list says, no more and no less', async () => {
  expect(await rightsIn(database.pool('owner'))).toEqual({ ...RIGHTS, ...SEQUENCES })
})

test('every table stands in the list', async () => {
  expect(await tablesIn(database.pool('owner'))).toEqual(Object.keys(RIGHTS).sort())
})

test('of our functions the api may call the one that makes the next months of sales, and no role any other', async () => {
  expect(await callableFunctionsIn(database.pool('owner'))).toEqual(['api: make_sale_month(date)'])
})

test('nobody but the owner makes tables, temporary ones included', async () => {
  expect(await otherRightsIn(database.pool('owner'))).toEqual([])
})
