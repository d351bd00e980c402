import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { AuditedOffice } from '../audit/run-checks.ts'
import { inTransaction } from '../database/database.ts'
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase } from '../testing/test-database.ts'
import { countPaperGaps } from './count-paper-gaps.ts'
import { issuePaper } from './issue-paper.ts'
import { type Paper, readPapers } from './paper.sql.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
})
beforeEach(async () => {
  await database.pool('owner').query('TRUNCATE paper, paper_series')
})
afterAll(() => database.drop())

const AT = new Date('2026-11-25T10:00:00Z')
const PAPER: Paper = {
  ...{ depot: 'main', series: 'receipt', year: 2026, subject: 'R00001', about: 'deposit:1' },
  ...{ currency: 'TND', amountMinor: 10_000n, issuedAt: AT, issuedBy: 'amel' },
}
const issue = (change: Partial<Paper>) =>
  inTransaction(database.pool('api'), (sql) => issuePaper(sql, { ...PAPER, ...change }))
const gaps = () => countPaperGaps({ books: database.pool('auditor') } as unknown as AuditedOffice)

test('papers of a series are numbered one after the other; each depot, year and series by itself', async () => {
  expect(await issue({})).toBe('R2026-000001/main')
  expect(await issue({ about: 'deposit:2' })).toBe('R2026-000002/main')
  expect(await issue({ about: 'deposit:3', depot: 'south' })).toBe('R2026-000001/south')
  expect(await issue({ about: 'deposit:4', year: 2027 })).toBe('R2027-000001/main')
  expect(await issue({ series: 'invoice' })).toBe('F2026-000001/main')
  expect(await issue({ series: 'credit-note' })).toBe('A2026-000001/main')
  expect(await issue({ series: 'bank-slip' })).toBe('B2026-000001/main')
  expect(await gaps()).toEqual({ breaks: 0n, example: null })
})

test('what has a paper keeps it, and takes no second number', async () => {
  expect(await issue({})).toBe('R2026-000001/main')
  expect(await issue({})).toBe('R2026-000001/main')
  expect(await issue({ about: 'deposit:2' })).toBe('R2026-000002/main')
})

test('what is rolled back has taken no number, and papers issued at once have no gap', async () => {
  await inTransaction(database.pool('api'), async (sql) => {
    await issuePaper(sql, PAPER)
    throw new Error('after all not')
  }).catch(() => undefined)
  const numbers = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      n % 3 === 0
        ? inTransaction(database.pool('api'), async (sql) => {
            await issuePaper(sql, { ...PAPER, about: `lost:${n}` })
            throw new Error('after all not')
          }).catch(() => null)
        : issue({ about: `deposit:${n}` }),
    ),
  )
  const given = numbers.filter((number) => number !== null).toSorted()
  expect(given).toEqual(Array.from({ length: 8 }, (_, n) => `R2026-${String(n + 1).padStart(6, '0')}/main`))
  expect(await gaps()).toMatchObject({ breaks: 0n })
})

test('a paper without the one before it cannot be written, and a series that says more than it has shows', async () => {
  await issue({})
  await expect(
    database.pool('owner').query(
      `INSERT INTO paper (depot_id, series, year, number, subject, about, currency, amount_minor, issued_at, issued_by)
       VALUES ('main', 'receipt', 2026, 3, 'R00001', 'deposit:9', 'TND', 1, now(), 'x')`,
    ),
  ).rejects.toThrow('paper_without_gap')
  await database.pool('owner').query('UPDATE paper_series SET last = 2')
  expect(await gaps()).toEqual({ breaks: 1n, example: 'main receipt 2026' })
})

test('papers are listed from the newest on, page by page', async () => {
  for (let n = 1; n <= 5; n++) await issue({ about: `deposit:${n}` })
  const page = (below: number) => readPapers(database.pool('api'), PAPER, below, 2)
  expect((await page(100)).map(({ number }) => number)).toEqual([5, 4])
  expect((await page(4)).map(({ number }) => number)).toEqual([3, 2])
  expect((await page(2)).map(({ number, about }) => [number, about])).toEqual([[1, 'deposit:1']])
})
