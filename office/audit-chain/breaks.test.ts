// Every column of every entry, the heads, and heads that others kept: wherever a lane is broken, there it shows.

import { createHash } from 'node:crypto'
import { encode } from 'cborg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inTransaction } from '../database/database.ts'
import { OFFICE_MIGRATIONS, OFFICE_VAULT_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase, testVaultDatabase } from '../testing/test-database.ts'
import { insertEntry, moveHead, readHead } from './audit-chain.sql.ts'
import { type AuditHead, appendAudit, entryAfter } from './audit-chain.ts'
import { keepHead } from './keep-head.ts'
import { readKeptHeads } from './kept-head.sql.ts'
import { LANES_TIED, tieLanes } from './tie-lanes.ts'
import { auditChainLine, verifyAuditChain } from './verify-chain.ts'

const AT = new Date(1_790_000_000_123)
let database: TestDatabase
let heads: AuditHead[]
beforeEach(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
  heads = await append(5)
})
afterEach(() => database.drop())

/** One entry of lane 1 after the other, each tied by one of lane 0. */
const append = (count: number) =>
  inTransaction(database.pool('api'), async (sql) => {
    const made: AuditHead[] = []
    for (let n = 1; n <= count; n++) {
      await appendAudit(sql, { at: AT, actor: 'amel', action: 'ordered', subject: `order ${n}` })
      made.push((await tieLanes(sql, AT))!)
    }
    return made
  })
const owner = (text: string, values: unknown[] = []) => database.pool('owner').query(text, values)
const headOf = ({ n, hash }: AuditHead) => expect.objectContaining({ n, hash })
const kept = (n: bigint, hash: Buffer, keptBy = 'atlas') => ({ n, hash, keptBy })
const verify = (...others: ReturnType<typeof kept>[]) => verifyAuditChain(database.pool('auditor'), others)
const broken = (lane: number, brokenAt: bigint, keptBy: string | null = null) => ({
  ...{ holds: false, lane, brokenAt, keptBy },
})

test('an entry has what was said, and of what was not said an empty object', async () => {
  const { rows } = await database.pool('auditor').query('SELECT * FROM audit_entry WHERE lane = 1 AND n = 1')
  expect(rows).toEqual([
    {
      ...{ lane: 1, n: 1n, at: AT, actor: 'amel', action: 'ordered', subject: 'order 1', details: '{}' },
      ...{ previous_hash: Buffer.alloc(32), hash: expect.any(Buffer) },
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
  ].flatMap((change) => [0, 1].flatMap((lane) => [1n, 3n, 5n].map((n) => [change, lane, n] as const))),
)('%s in lane %i at entry %i shows there', async (change, lane, n) => {
  await owner(`UPDATE audit_entry SET ${change} WHERE lane = ${lane} AND n = ${n}`)
  expect(await verify()).toEqual(broken(lane, n))
})

/** An entry that is consistent by itself: somebody who can write knows how to hash. */
async function forge(lane: number, n: bigint): Promise<void> {
  const { rows } = await owner('SELECT * FROM audit_entry WHERE lane = $1 AND n = $2', [lane, n])
  const { at, actor, action, details, previous_hash } = rows[0]
  const content = [n, at.getTime(), actor, action, 'forged', details, Uint8Array.from(previous_hash)]
  await owner(`UPDATE audit_entry SET subject = 'forged', hash = $3 WHERE lane = $1 AND n = $2`, [
    ...[lane, n],
    createHash('sha256')
      .update(encode(lane === 0 ? content : [lane, ...content]))
      .digest(),
  ])
}

test('a forged entry that hashes well shows at the next one, by lane 0, or at the head', async () => {
  await forge(0, 5n)
  expect(await verify()).toEqual(broken(0, 5n))
  await forge(0, 3n)
  expect(await verify()).toEqual(broken(0, 4n))
  await forge(1, 2n)
  expect(await verify()).toEqual(broken(1, 2n))
})

test.each([0, 1])('an entry removed from lane %i shows at its place', async (lane) => {
  for (const [statement, at] of [
    ['DELETE FROM audit_entry WHERE n = 1', 1n],
    ['DELETE FROM audit_entry WHERE n = 5', 5n],
    ['UPDATE audit_entry SET n = 6 WHERE n = 2', 2n],
    ['DELETE FROM audit_entry WHERE true', 1n],
  ] as const) {
    const client = await database.pool('owner').connect()
    await client.query('BEGIN')
    await client.query(`${statement} AND lane = ${lane}`)
    expect(await verifyAuditChain(client)).toEqual(broken(lane, at))
    await client.query('ROLLBACK')
    client.release()
  }
})

test('another hash in a head shows at the last entry of its lane', async () => {
  await owner(`UPDATE audit_lane SET hash = sha256('other') WHERE lane = 1`)
  expect(await verify()).toEqual(broken(1, 5n))
  await owner(`UPDATE audit_head SET hash = sha256('other')`)
  expect(await verify()).toEqual(broken(0, 5n))
})

test('what was appended since the last tie is looked at, too', async () => {
  await inTransaction(database.pool('api'), (sql) =>
    appendAudit(sql, { at: AT, actor: 'amel', action: 'ordered', subject: 'order 6' }),
  )
  expect(await verify()).toEqual({ holds: true, head: headOf(heads[4]!), entries: 11n, kept: 0 })
  await owner(`UPDATE audit_entry SET actor = 'sami' WHERE lane = 1 AND n = 6`)
  expect(await verify()).toEqual(broken(1, 6n))
})

test('what stands behind a head is not looked at: it may be just being written', async () => {
  await owner(
    `INSERT INTO audit_entry SELECT 6, at, actor, action, subject, details, previous_hash, hash, lane FROM audit_entry WHERE n = 1`,
  )
  expect(await verify()).toEqual({ holds: true, head: headOf(heads[4]!), entries: 10n, kept: 0 })
})

test.each([
  ['less than before', [[1, '3', 'as it is']], broken(1, 3n)],
  ['another hash', [[1, '5', 'ab'.repeat(32)]], broken(1, 5n)],
  ['more than there is', [[1, '6', 'ab'.repeat(32)]], broken(1, 6n)],
  ['a lane that never was', [[2, '1', 'ab'.repeat(32)]], broken(2, 1n)],
  ['no lane', [], broken(0, 6n)],
  ['no number', [[1, '05', 'ab'.repeat(32)]], broken(0, 6n)],
])('a tie that says %s is a break', async (_what, lanes, verdict) => {
  const { rows } = await owner('SELECT hash FROM audit_entry WHERE lane = 1 AND n = 3')
  const said = lanes.map(([lane, n, hash]) => [
    lane,
    n,
    hash === 'as it is' ? rows[0].hash.toString('hex') : hash,
  ])
  await inTransaction(database.pool('api'), async (sql) => {
    const tie = entryAfter(await readHead(sql), 0, {
      ...{ at: AT, actor: 'system', action: LANES_TIED, subject: 'x', details: { lanes: said } },
    })
    await insertEntry(sql, tie)
    await moveHead(sql, tie)
  })
  expect(await verify()).toEqual(verdict)
})

test('a chain of several pages is read to its end, and broken at a page’s edge shows there', async () => {
  heads.push(...(await append(997)))
  expect(await verify(kept(1_001n, heads[1_000]!.hash))).toEqual({
    ...{ holds: true, head: headOf(heads[1_001]!), entries: 2_004n, kept: 1 },
  })
  for (const [lane, n] of [0, 1].flatMap((lane) => [1_000n, 1_001n, 1_002n].map((n) => [lane, n] as const))) {
    const { rows } = await owner('SELECT subject FROM audit_entry WHERE lane = $1 AND n = $2', [lane, n])
    await owner(`UPDATE audit_entry SET subject = 'other' WHERE lane = $1 AND n = $2`, [lane, n])
    expect(await verify()).toEqual(broken(lane, n))
    await owner('UPDATE audit_entry SET subject = $3 WHERE lane = $1 AND n = $2', [lane, n, rows[0].subject])
  }
})

test('an empty chain holds, also for who kept its beginning, and not for who kept another', async () => {
  await owner('DELETE FROM audit_entry')
  for (const table of ['audit_head', 'audit_lane'])
    await owner(`UPDATE ${table} SET n = 0, hash = decode(repeat('00', 32), 'hex')`)
  expect(await verify(kept(0n, Buffer.alloc(32)))).toMatchObject({ holds: true, kept: 1 })
  expect(await verify(kept(0n, Buffer.alloc(32, 1)))).toEqual(broken(0, 0n, 'atlas'))
})

test('an entry that was moved to another lane shows there, before anybody tied it', async () => {
  await owner('DELETE FROM audit_entry')
  for (const table of ['audit_head', 'audit_lane'])
    await owner(`UPDATE ${table} SET n = 0, hash = decode(repeat('00', 32), 'hex')`)
  await inTransaction(database.pool('api'), (sql) =>
    appendAudit(sql, { at: AT, actor: 'amel', action: 'ordered', subject: 'order' }),
  )
  await owner('UPDATE audit_entry SET lane = 2')
  await owner('UPDATE audit_lane SET n = 1, hash = (SELECT hash FROM audit_entry) WHERE lane = 2')
  await owner('UPDATE audit_lane SET n = 0 WHERE lane = 1')
  expect(await verify()).toEqual(broken(2, 1n))
})

test('heads that others kept are each looked for, and whose does not fit is named', async () => {
  const [first, , third, , last] = heads as [AuditHead, AuditHead, AuditHead, AuditHead, AuditHead]
  const good = [kept(1n, first.hash), kept(3n, third.hash), kept(5n, last.hash, 'sahel')]
  expect(await verify(...good)).toEqual({ holds: true, head: headOf(last), entries: 10n, kept: 3 })
  expect(await verify(...good, kept(3n, first.hash, 'T00001'))).toEqual(broken(0, 3n, 'T00001'))
  expect(await verify(...good, kept(5n, first.hash, 'T00001'))).toEqual(broken(0, 5n, 'T00001'))
  expect(await verify(...good, kept(6n, last.hash, 'T00001'))).toEqual(broken(0, 6n, 'T00001'))
})

test('the audit’s line says how long the chain is, or where it broke, and who shows it', async () => {
  const line = (...others: ReturnType<typeof kept>[]) => auditChainLine(database.pool('auditor'), others)
  expect(await line(kept(5n, heads[4]!.hash))).toEqual({
    ...{ invariant: 12, ok: true },
    detail: 'the audit chain is unbroken, 10 entries; heads that others kept of it: 1, all in place',
  })
  expect(await line(kept(2n, heads[4]!.hash))).toMatchObject({
    ...{ invariant: 12, ok: false },
    detail: 'the audit chain is broken at entry 2, as the head shows that atlas kept',
  })
  await owner(`UPDATE audit_entry SET actor = 'x' WHERE lane = 1 AND n = 4`)
  expect(await line()).toMatchObject({ ok: false, detail: 'the audit chain is broken at entry 4 of lane 1' })
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
