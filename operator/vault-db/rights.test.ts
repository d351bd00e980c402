import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  connectingRoles,
  OFFICE_VAULT_RIGHTS,
  otherRightsIn,
  type Rights,
  rightsIn,
  tablesIn,
} from '../../office/testing/rights.ts'
import { type TestDatabase, testVaultDatabase } from '../../office/testing/test-database.ts'
import { OPERATOR_VAULT_MIGRATIONS } from '../src/settings.ts'

/** What is sealed or wrapped is the vault's alone; what was told, sealed or journalled is only ever added. */
const OWN: Rights = {
  product: { vault: 'INSERT, SELECT', auditor: 'SELECT' },
  sealed_lot: {
    vault: 'INSERT, SELECT, UPDATE (forgotten_at)',
    auditor: 'SELECT (codes, expires_on, id, no, product, sealed_at, source)',
  },
  sealed_pack: {
    vault: 'INSERT, SELECT, UPDATE (closed, void)',
    auditor: 'SELECT (closed, count, first_index, first_serial, id, lot, void)',
  },
  code_fingerprint: { vault: 'INSERT, SELECT' },
  stock_fingerprint: { vault: 'DELETE, INSERT, SELECT' },
  stock_file: { vault: 'INSERT, SELECT' },
  serial_counter: { vault: 'SELECT, UPDATE (next_serial)' },
  verified_order: { vault: 'INSERT, SELECT', auditor: 'SELECT' },
  verified_order_line: { vault: 'INSERT, SELECT, UPDATE (closed)', auditor: 'SELECT' },
  closed_delivery: {
    vault: 'INSERT, SELECT',
    auditor: 'SELECT (closed_at, codes, id, line_no, order_id)',
  },
  used_agreement: { vault: 'INSERT, SELECT', auditor: 'SELECT' },
  void_stock: { vault: 'INSERT, SELECT', auditor: 'SELECT' },
}
const SEQUENCES: Rights = { lot_number: { vault: 'USAGE' } }
const RIGHTS = { ...OFFICE_VAULT_RIGHTS, ...OWN }

let database: TestDatabase
beforeAll(async () => {
  database = await testVaultDatabase(OPERATOR_VAULT_MIGRATIONS)
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

test('the api cannot even connect', async () => {
  expect(await connectingRoles(database.pool('owner'))).toEqual(['owner', 'vault', 'auditor'])
  await expect(database.pool('api').query('SELECT')).rejects.toThrow('permission denied for database')
})
