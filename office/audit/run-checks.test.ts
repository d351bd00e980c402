import { afterAll, beforeAll, expect, test } from 'vitest'
import { appendAudit } from '../audit-chain/audit-chain.ts'
import { tieLanes } from '../audit-chain/tie-lanes.ts'
import { inTransaction, type Pool } from '../database/database.ts'
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase } from '../testing/test-database.ts'
import { type AuditCheck, breaksOf, countBreaks, runChecks } from './run-checks.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
})
afterAll(() => database.drop())

/** The checks tried here look at the books alone. */
const officeOf = (books: Pool) => ({ books, vaultBefore: books, vaultAfter: books })

const check = (invariant: number, values: string): AuditCheck => ({
  invariant,
  holds: `rule ${invariant}`,
  count: ({ books }) =>
    countBreaks(books, `SELECT * FROM (VALUES ${values}) AS broken (what) WHERE what <> ''`),
})

test('each check has its line, in order, and the chain the last one', async () => {
  const pool = database.pool('auditor')
  const checks = [check(3, `('')`), check(1, `('pack 2'), ('pack 1'), ('')`), check(2, `('one')`)]
  expect(await runChecks(officeOf(pool), checks)).toEqual([
    { invariant: 3, ok: true, detail: 'rule 3' },
    { invariant: 1, ok: false, detail: 'not so: rule 1; 2 times, e.g. pack 1' },
    { invariant: 2, ok: false, detail: 'not so: rule 2; 1 times, e.g. one' },
    { invariant: 12, ok: true, detail: expect.stringContaining('unbroken, 0 entries') },
  ])
})

test('heads that others kept reach the chain’s line', async () => {
  const head = await inTransaction(database.pool('api'), async (sql) => {
    await appendAudit(sql, { at: new Date(0), actor: 'a', action: 'b', subject: 'c' })
    return tieLanes(sql, new Date(0))
  })
  const line = async (hash: Buffer) =>
    (await runChecks(officeOf(database.pool('auditor')), [], [{ n: 1n, hash, keptBy: 'atlas' }]))[0]
  expect(await line(head!.hash)).toMatchObject({ ok: true })
  expect(await line(Buffer.alloc(32))).toMatchObject({ ok: false })
})

test('rows that were found broken are counted, and the first is the example', () => {
  expect(breaksOf([])).toEqual({ breaks: 0n, example: null })
  expect(breaksOf([{ id: 'x' }, { id: 'y' }])).toEqual({ breaks: 2n, example: 'x' })
})
