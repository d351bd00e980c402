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

/** The api's books: the vault's tables lie elsewhere, and of these it has none. */
const OWN: Rights = {
  product: {
    api: 'INSERT, SELECT, UPDATE (on_hold)',
    auditor: 'SELECT',
  },
  lot: { api: 'INSERT, SELECT, UPDATE (activated_at)', auditor: 'SELECT' },
  pack: { api: 'INSERT, SELECT, UPDATE (aside, given, held_at)', auditor: 'SELECT' },
  code_exchange: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  lot_state: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  code_case: {
    api: 'INSERT, SELECT, UPDATE (end_request, ended_at, ended_by, ended_cause)',
    auditor: 'SELECT',
  },
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
}
const RIGHTS = { ...OFFICE_RIGHTS, ...LEDGER_RIGHTS, ...OWN }

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase(OPERATOR_MIGRATIONS)
})
afterAll(() => database.drop())

test('each role may do with each table what this list says, no more and no less', async () => {
  expect(await rightsIn(database.pool('owner'))).toEqual(RIGHTS)
})

test('every table stands in the list', async () => {
  expect(await tablesIn(database.pool('owner'))).toEqual(Object.keys(RIGHTS).sort())
})

test('nobody but the owner makes tables, temporary ones included', async () => {
  expect(await otherRightsIn(database.pool('owner'))).toEqual([])
})
