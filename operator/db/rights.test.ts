import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  LEDGER_RIGHTS,
  OFFICE_RIGHTS,
  otherRightsIn,
  type Rights,
  rightsIn,
  tablesIn,
} from '../../office/testing/rights.ts'
import { type TestDatabase, testDatabase } from '../../office/testing/test-database.ts'
import { OPERATOR_MIGRATIONS } from '../src/settings.ts'

/** The api sees of what is sealed what is public; the vault reads of products what it checks codes against. */
const OWN: Rights = {
  product: {
    api: 'INSERT, SELECT, UPDATE (on_hold)',
    vault: 'SELECT (check_digit, code_digits, id)',
    auditor: 'SELECT',
  },
  lot: { api: 'INSERT, SELECT, UPDATE (activated_at)', auditor: 'SELECT' },
  pack: { api: 'INSERT, SELECT, UPDATE (allocated)', auditor: 'SELECT' },
  restock_order: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  restock_order_line: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  restock_delivery: {
    api: 'INSERT, SELECT, UPDATE (codes_taken, reason, settled_at, state)',
    auditor: 'SELECT',
  },
  restock_run: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  restock_duplicate: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  lot_activation: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  lot_activation_run: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  lot_activation_told: {
    api: 'INSERT, SELECT, UPDATE (reason, settled_at, state)',
    auditor: 'SELECT',
  },

  sealed_lot: {
    vault: 'INSERT, SELECT',
    api: 'SELECT (activated_at, codes, expires_on, id, product, sealed_at)',
    auditor: 'SELECT (codes, expires_on, id, product, sealed_at, source)',
  },
  sealed_pack: {
    vault: 'INSERT, SELECT, UPDATE (closed_upto)',
    api: 'SELECT (count, first_serial, id, lot)',
    auditor: 'SELECT (closed_upto, count, first_index, first_serial, id, lot)',
  },
  code_fingerprint: { vault: 'INSERT, SELECT' },
  stock_file: { vault: 'INSERT, SELECT' },
  serial_counter: { vault: 'SELECT, UPDATE (next_serial)' },
  verified_order: { vault: 'INSERT, SELECT', auditor: 'SELECT' },
  verified_order_line: { vault: 'INSERT, SELECT, UPDATE (closed)', auditor: 'SELECT' },
  closed_delivery: {
    vault: 'INSERT, SELECT',
    auditor: 'SELECT (closed_at, codes, id, line_no, order_id)',
  },
}
const SEQUENCES: Rights = { lot_number: { vault: 'USAGE' } }
const RIGHTS = { ...OFFICE_RIGHTS, ...LEDGER_RIGHTS, ...OWN }

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase(OPERATOR_MIGRATIONS)
})
afterAll(() => database.drop())

test('each role may do with each table what this list says, no more and no less', async () => {
  expect(await rightsIn(database.pool('owner'))).toEqual({ ...RIGHTS, ...SEQUENCES })
})

test('every table stands in the list', async () => {
  expect(await tablesIn(database.pool('owner'))).toEqual(Object.keys(RIGHTS).sort())
})

test('nobody but the owner makes tables, temporary ones included', async () => {
  expect(await otherRightsIn(database.pool('owner'))).toEqual([])
})
