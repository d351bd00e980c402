import { afterAll, beforeAll, expect, test } from 'vitest'
import { OFFICE_VAULT_MIGRATIONS } from '../database/migrate.ts'
import { connectingRoles, OFFICE_VAULT_RIGHTS, otherRightsIn, rightsIn, tablesIn } from '../testing/rights.ts'
import { type TestDatabase, testVaultDatabase } from '../testing/test-database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testVaultDatabase([OFFICE_VAULT_MIGRATIONS])
})
afterAll(() => database.drop())

test('each role may do with each table what this list says, no more and no less', async () => {
  expect(await rightsIn(database.pool('owner'))).toEqual(OFFICE_VAULT_RIGHTS)
})

test('every table stands in the list', async () => {
  expect(await tablesIn(database.pool('owner'))).toEqual(Object.keys(OFFICE_VAULT_RIGHTS).sort())
})

test('nobody but the owner makes tables, temporary ones included, and the api cannot even connect', async () => {
  expect(await otherRightsIn(database.pool('owner'))).toEqual([])
  expect(await connectingRoles(database.pool('owner'))).toEqual(['owner', 'vault', 'auditor'])
})
