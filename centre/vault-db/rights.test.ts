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
import { CENTRE_VAULT_MIGRATIONS } from '../src/settings.ts'

/** What is sealed or wrapped is the vault's alone; what was told, sealed or journalled is only ever added. */
const OWN: Rights = {
  product: { vault: 'INSERT, SELECT', auditor: 'SELECT' },
  vault_lot_record: {
    vault: 'INSERT, SELECT, UPDATE (forgotten_at)',
    auditor: 'SELECT (id, lot_id, operator, product_id)',
  },
  vault_pack: {
    vault: 'INSERT, SELECT, UPDATE (closed, void)',
    auditor: 'SELECT (closed, count, depot_id, first_index, first_serial, operator, record_id, void)',
  },
  vault_fingerprint: { vault: 'INSERT, SELECT' },
  vault_code_fingerprint: { vault: 'DELETE, INSERT, SELECT' },
  vault_restock_line: {
    vault: 'INSERT, SELECT, UPDATE (accepted, received, unit_price)',
    auditor: 'SELECT (accepted, line_no, operator, order_id, received)',
  },
  vault_restock_delivery: { vault: 'INSERT, SELECT', auditor: 'SELECT (id, operator)' },
  vault_certificate: { vault: 'INSERT, SELECT, UPDATE (bytes, centre_certificate, revoked_at)' },
  vault_renewal: { vault: 'INSERT, SELECT' },
  vault_enrolment: { vault: 'INSERT, SELECT, UPDATE (certificate, device_key)' },
  vault_terminal: { vault: 'INSERT, SELECT, UPDATE (certificate, depot_id, mac, retailer_id, revoked_at)' },
  vault_card: { vault: 'INSERT, SELECT, UPDATE (revoked_at)' },
  vault_safe_key: { vault: 'INSERT, SELECT, UPDATE (ends_at, mac)' },
  vault_supply: {
    vault: 'INSERT, SELECT',
    auditor: 'SELECT (closed_at, codes, depot_id, epoch, runs, sequence, terminal_id)',
  },
  used_agreement: { vault: 'INSERT, SELECT', auditor: 'SELECT' },
  void_stock: { vault: 'INSERT, SELECT', auditor: 'SELECT' },
}
const SEQUENCES: Rights = { vault_enrolment_number_seq: { vault: 'USAGE' } }
const RIGHTS = { ...OFFICE_VAULT_RIGHTS, ...OWN }

let database: TestDatabase
beforeAll(async () => {
  database = await testVaultDatabase(CENTRE_VAULT_MIGRATIONS)
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
