import { afterEach, beforeEach, expect, test } from 'vitest'
import { inTransaction } from '../database/database.ts'
import { OFFICE_MIGRATIONS, OFFICE_VAULT_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase, testVaultDatabase } from '../testing/test-database.ts'
import { type AuditHead, appendAudit, auditChainLine, verifyAuditChain } from './audit-chain.ts'
import { keepHead } from './keep-head.ts'
import { readKeptHeads } from './kept-head.sql.ts'

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
const verify = (kept: AuditHead[] = [], keptBy = 'atlas') =>
  verifyAuditChain(
    database.pool('auditor'),
    kept.map((head) => ({ ...head, keptBy })),
  )

test('entries written at once form one chain', async () => {
  const heads = await Promise.all(Array.from({ length: 30 }, (_, n) => append(`order ${n}`)))
  const last = heads.toSorted((a, b) => Number(a.n - b.n)).at(-1)!
  expect(await verify(heads)).toEqual({ holds: true, head: last, kept: 30 })
})

test.each([
  ['an altered entry', "UPDATE audit_entry SET details = '{}' WHERE n = 3", 3n],
  ['a removed entry', 'DELETE FROM audit_entry WHERE n = 3', 3n],
  ['a cut end', 'DELETE FROM audit_entry WHERE n > 3', 4n],
])('%s shows at its place', async (_what, statement, brokenAt) => {
  for (let n = 1; n <= 5; n++) await append(`order ${n}`)
  await database.pool('owner').query(statement)
  expect(await verify()).toEqual({ holds: false, brokenAt, keptBy: null })
})

test('a chain cut together with its head shows where another party kept a later head', async () => {
  const heads = [await append('one'), await append('two'), await append('three')]
  await database.pool('owner').query('DELETE FROM audit_entry WHERE n > 1')
  await database.pool('owner').query('UPDATE audit_head SET n = 1, hash = (SELECT hash FROM audit_entry)')
  expect(await verify()).toMatchObject({ holds: true })
  expect(await verify(heads)).toEqual({ holds: false, brokenAt: 2n, keptBy: 'atlas' })
})

test('a chain written anew from the first entry on shows by whoever kept a head of the old one', async () => {
  const kept = [await append('one'), await append('two')]
  const owner = database.pool('owner')
  await owner.query('TRUNCATE audit_entry')
  await owner.query(`UPDATE audit_head SET n = 0, hash = decode(repeat('00', 32), 'hex')`)
  for (const subject of ['one', 'other', 'three']) await append(subject)
  expect(await verify()).toMatchObject({ holds: true })
  expect(await verify(kept, 'T00001')).toEqual({ holds: false, brokenAt: 2n, keptBy: 'T00001' })
  const line = await auditChainLine(
    database.pool('auditor'),
    kept.map((head) => ({ ...head, keptBy: 'T00001' })),
  )
  expect(line).toMatchObject({
    ok: false,
    detail: expect.stringContaining('entry 2, as the head shows that T00001'),
  })
})

test('a head of another party is kept once; another hash at its place contradicts it, and both stay', async () => {
  const own = await testVaultDatabase([OFFICE_VAULT_MIGRATIONS])
  const vault = own.pool('vault')
  const keep = (n: bigint, byte: number) =>
    keepHead(vault, { party: 'atlas', n, hash: Buffer.alloc(32, byte), keptAt: new Date(0) })
  expect(await keep(7n, 1)).toBe('kept')
  expect(await keep(7n, 1)).toBe('kept')
  expect(await keep(3n, 2)).toBe('kept')
  expect(await keep(7n, 3)).toBe('contradicts')
  const heads = await readKeptHeads(own.pool('auditor'))
  expect(heads.map(({ n, hash }) => [n, hash[0]])).toEqual([
    [3n, 2],
    [7n, 1],
    [7n, 3],
  ])
  for (const statement of ['DELETE FROM kept_head', 'UPDATE kept_head SET n = 0'])
    await expect(vault.query(statement)).rejects.toThrow('permission denied')
  // Told again, it still contradicts: whoever missed it hears of it.
  expect([await keep(7n, 3), await keep(7n, 1), await keep(3n, 2)]).toEqual([
    'contradicts',
    'contradicts',
    'kept',
  ])
  await own.drop()
})
