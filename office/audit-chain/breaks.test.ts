// Every column of every entry, the head, and heads that others kept: wherever the chain is broken, there it shows.

import { createHash } from 'node:crypto'
import { encode } from 'cborg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inTransaction } from '../database/database.ts'
import { OFFICE_MIGRATIONS, OFFICE_VAULT_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase, testVaultDatabase } from '../testing/test-database.ts'
import { type AuditHead, appendAudit, auditChainLine, verifyAuditChain } from './audit-chain.ts'
import { keepHead } from './keep-head.ts'
import { readKeptHeads } from './kept-head.sql.ts'

const AT = new Date(1_790_000_000_123)
let database: TestDatabase
let heads: AuditHead[]
beforeEach(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
  heads = await append(5)
})
afterEach(() => database.drop())

const append = (count: number) =>
  inTransaction(database.pool('api'), async (sql) => {
    const made: AuditHead[] = []
    for (let n = 1; n <= count; n++)
      made.push(await appendAudit(sql, { at: AT, actor: 'amel', action: 'ordered', subject: `order ${n}` }))
    return made
  })
const owner = (text: string, values: unknown[] = []) => database.pool('owner').query(text, values)
const kept = (n: bigint, hash: Buffer, keptBy = 'atlas') => ({ n, hash, keptBy })
const verify = (...others: ReturnType<typeof kept>[]) => verifyAuditChain(database.pool('auditor'), others)
const broken = (brokenAt: bigint, keptBy: string | null = null) => ({ holds: false, brokenAt, keptBy })

test('an entry has what was said, and of what was not said an empty object', async () => {
  const { rows } = await database.pool('auditor').query('SELECT * FROM audit_entry WHERE n = 1')
  expect(rows).toEqual([
    {
      ...{ n: 1n, at: AT, actor: 'amel', action: 'ordered', subject: 'order 1', details: '{}' },
      ...{ previous_hash: Buffer.alloc(32), hash: heads[0]!.hash },
    },
  ])
})

test.each(
  [
    `at = at + interval '1 millisecond'`,
    `actor = 'sami'`,
    `action = 'other'`,
    `subject = 'other'`,
    `details = '{"a":1}'`,
    `previous_hash = sha256('other')`,
    `hash = sha256('other')`,
  ].flatMap((change) => [1n, 3n, 5n].map((n) => [change, n] as const)),
)('%s at entry %i shows there', async (change, n) => {
  await owner(`UPDATE audit_entry SET ${change} WHERE n = ${n}`)
  expect(await verify()).toEqual(broken(n))
})

/** An entry that is consistent by itself: somebody who can write knows how to hash. */
async function forge(n: bigint): Promise<void> {
  const { rows } = await owner('SELECT * FROM audit_entry WHERE n = $1', [n])
  const { at, actor, action, subject, previous_hash } = rows[0]
  const content = [n, at.getTime(), actor, action, subject, '{"forged":1}', Uint8Array.from(previous_hash)]
  await owner(`UPDATE audit_entry SET details = '{"forged":1}', hash = $2 WHERE n = $1`, [
    n,
    createHash('sha256').update(encode(content)).digest(),
  ])
}

test('a forged entry that hashes well shows at the next one, and the last one at the head', async () => {
  await forge(5n)
  expect(await verify()).toEqual(broken(5n))
  await forge(3n)
  expect(await verify()).toEqual(broken(4n))
})

test.each([
  ['removed first', 'DELETE FROM audit_entry WHERE n = 1', 1n],
  ['removed last', 'DELETE FROM audit_entry WHERE n = 5', 5n],
  ['renumbered', 'UPDATE audit_entry SET n = 6 WHERE n = 2', 2n],
  ['all removed', 'DELETE FROM audit_entry', 1n],
])('an entry %s shows at its place', async (_what, statement, at) => {
  await owner(statement)
  expect(await verify()).toEqual(broken(at))
})

test('another hash in the head shows at the last entry', async () => {
  await owner(`UPDATE audit_head SET hash = sha256('other')`)
  expect(await verify()).toEqual(broken(5n))
})

test('what stands behind the head is not looked at: it may be just being written', async () => {
  await owner(
    `INSERT INTO audit_entry SELECT 6, at, actor, action, subject, details, previous_hash, hash FROM audit_entry WHERE n = 1`,
  )
  expect(await verify()).toEqual({ holds: true, head: heads[4], kept: 0 })
})

test('a chain of several pages is read to its end, and broken at a page’s edge shows there', async () => {
  heads.push(...(await append(997)))
  expect(await verify(kept(1_001n, heads[1_000]!.hash))).toEqual({
    ...{ holds: true, head: heads[1_001], kept: 1 },
  })
  for (const n of [1_000n, 1_001n, 1_002n]) {
    const { rows } = await owner('SELECT subject FROM audit_entry WHERE n = $1', [n])
    await owner(`UPDATE audit_entry SET subject = 'other' WHERE n = $1`, [n])
    expect(await verify()).toEqual(broken(n))
    await owner('UPDATE audit_entry SET subject = $2 WHERE n = $1', [n, rows[0].subject])
  }
})

test('an empty chain holds, also for who kept its beginning, and not for who kept another', async () => {
  await owner('DELETE FROM audit_entry')
  await owner(`UPDATE audit_head SET n = 0, hash = decode(repeat('00', 32), 'hex')`)
  expect(await verify(kept(0n, Buffer.alloc(32)))).toMatchObject({ holds: true, kept: 1 })
  expect(await verify(kept(0n, Buffer.alloc(32, 1)))).toEqual(broken(0n, 'atlas'))
})

test('heads that others kept are each looked for, and whose does not fit is named', async () => {
  const [first, , third, , last] = heads as [AuditHead, AuditHead, AuditHead, AuditHead, AuditHead]
  const good = [kept(1n, first.hash), kept(3n, third.hash), kept(5n, last.hash, 'sahel')]
  expect(await verify(...good)).toEqual({ holds: true, head: last, kept: 3 })
  expect(await verify(...good, kept(3n, first.hash, 'T00001'))).toEqual(broken(3n, 'T00001'))
  expect(await verify(...good, kept(5n, first.hash, 'T00001'))).toEqual(broken(5n, 'T00001'))
  expect(await verify(...good, kept(6n, last.hash, 'T00001'))).toEqual(broken(6n, 'T00001'))
})

test('the audit’s line says how long the chain is, or where it broke, and who shows it', async () => {
  const line = (...others: ReturnType<typeof kept>[]) => auditChainLine(database.pool('auditor'), others)
  expect(await line(kept(5n, heads[4]!.hash))).toEqual({
    ...{ invariant: 12, ok: true },
    detail: 'the audit chain is unbroken, 5 entries; heads that others kept of it: 1, all in place',
  })
  expect(await line(kept(2n, heads[4]!.hash))).toMatchObject({
    ...{ invariant: 12, ok: false },
    detail: 'the audit chain is broken at entry 2, as the head shows that atlas kept',
  })
  await owner(`UPDATE audit_entry SET actor = 'x' WHERE n = 4`)
  expect(await line()).toMatchObject({ ok: false, detail: 'the audit chain is broken at entry 4' })
})

test('one place in two parties’ chains is two places', async () => {
  const own = await testVaultDatabase([OFFICE_VAULT_MIGRATIONS])
  const keep = (party: string, byte: number) =>
    keepHead(own.pool('vault'), { party, n: 7n, hash: Buffer.alloc(32, byte), keptAt: AT })
  expect([await keep('sahel', 1), await keep('atlas', 2)]).toEqual(['kept', 'kept'])
  const found = await readKeptHeads(own.pool('auditor'))
  expect(found.map(({ party, hash }) => [party, hash[0]])).toEqual([
    ['atlas', 2],
    ['sahel', 1],
  ])
  await own.drop()
})
