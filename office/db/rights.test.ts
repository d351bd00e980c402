import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import { LEDGER_RIGHTS, OFFICE_RIGHTS, otherRightsIn, rightsIn, tablesIn } from '../testing/rights.ts'
import { type TestDatabase, testDatabase } from '../testing/test-database.ts'

const RIGHTS = { ...OFFICE_RIGHTS, ...LEDGER_RIGHTS }
/** It stands here until an office's own files drop it: kept heads lie in the vault's database. */
const LEFT = 'kept_head'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS, LEDGER_MIGRATIONS])
})
afterAll(() => database.drop())

test('each role may do with each table what this list says, no more and no less', async () => {
  expect(await rightsIn(database.pool('owner'))).toEqual(RIGHTS)
})

test('every table stands in the list', async () => {
  expect(await tablesIn(database.pool('owner'))).toEqual([...Object.keys(RIGHTS), LEFT].sort())
})

test('nobody but the owner makes tables, temporary ones included', async () => {
  expect(await otherRightsIn(database.pool('owner'))).toEqual([])
})
