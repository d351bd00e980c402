import { afterEach, beforeEach, expect, test } from 'vitest'
import { inTransaction } from '../database/database.ts'
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase } from '../database/test-database.ts'
import { appendAudit, verifyAuditChain } from './audit-chain.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
})
afterEach(() => database.drop())

const append = (subject: string) =>
  inTransaction(database.pool('api'), (sql) =>
    appendAudit(sql, {
      at: new Date(1_790_000_000_123),
      actor: 'amel',
      action: 'restock-ordered',
      subject,
      details: { quantity: 100 },
    }),
  )
const verify = (...kept: Parameters<typeof verifyAuditChain>[1][]) =>
  verifyAuditChain(
    database.pool('auditor'),
    kept.flat().filter((head) => head !== undefined),
  )

test('entries written at once form one chain', async () => {
  const heads = await Promise.all(Array.from({ length: 30 }, (_, n) => append(`order ${n}`)))
  const last = heads.toSorted((a, b) => Number(a.n - b.n)).at(-1)!
  expect(await verify(heads)).toEqual({ holds: true, head: last })
})

test.each([
  ['an altered entry', "UPDATE audit_entry SET details = '{}' WHERE n = 3", 3n],
  ['a removed entry', 'DELETE FROM audit_entry WHERE n = 3', 3n],
  ['a cut end', 'DELETE FROM audit_entry WHERE n > 3', 4n],
])('%s shows at its place', async (_what, statement, brokenAt) => {
  for (let n = 1; n <= 5; n++) await append(`order ${n}`)
  await database.pool('owner').query(statement)
  expect(await verify()).toEqual({ holds: false, brokenAt })
})

test('a chain cut together with its head shows where another party kept a later head', async () => {
  const heads = [await append('one'), await append('two'), await append('three')]
  await database.pool('owner').query('DELETE FROM audit_entry WHERE n > 1')
  await database.pool('owner').query('UPDATE audit_head SET n = 1, hash = (SELECT hash FROM audit_entry)')
  expect(await verify()).toMatchObject({ holds: true })
  expect(await verify(heads)).toEqual({ holds: false, brokenAt: 2n })
})
