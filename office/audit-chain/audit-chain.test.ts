import { afterEach, beforeEach, expect, test } from 'vitest'
import { inTransaction } from '../database/database.ts'
import { OFFICE_MIGRATIONS, OFFICE_VAULT_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase, testVaultDatabase } from '../testing/test-database.ts'
import { type AuditHead, appendAudit } from './audit-chain.ts'
import { keepHead } from './keep-head.ts'
import { readKeptHeads } from './kept-head.sql.ts'
import { startTying, tieLanes } from './tie-lanes.ts'
import { auditChainLine, verifyAuditChain } from './verify-chain.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
})
afterEach(() => database.drop())

const AT = new Date(1_790_000_000_123)
const action = (subject: string) => ({
  ...{ at: AT, actor: 'amel', action: 'restock-ordered', subject, details: { quantity: 100 } },
})
const tie = () => inTransaction(database.pool('api'), (sql) => tieLanes(sql, AT))
/** An entry, tied at once. */
async function append(subject: string): Promise<AuditHead> {
  await inTransaction(database.pool('api'), (sql) => appendAudit(sql, action(subject)))
  return (await tie())!
}
const verify = (kept: AuditHead[] = [], keptBy = 'atlas') =>
  verifyAuditChain(
    database.pool('auditor'),
    kept.map((head) => ({ ...head, keptBy })),
  )

test('whoever appends takes a lane that nobody holds, and waits for none', async () => {
  const pool = database.pool('api')
  const clients = await Promise.all(Array.from({ length: 3 }, () => pool.connect()))
  for (const [n, client] of clients.entries()) {
    await client.query('BEGIN')
    await appendAudit(client, action(`order ${n}`))
  }
  // Those who went first are still under way; the last one commits first.
  for (const client of clients.toReversed()) await client.query('COMMIT')
  for (const client of clients) client.release()
  const { rows } = await pool.query('SELECT lane, n, subject FROM audit_entry ORDER BY lane')
  expect(rows).toEqual([
    { lane: 1, n: 1n, subject: 'order 0' },
    { lane: 2, n: 1n, subject: 'order 1' },
    { lane: 3, n: 1n, subject: 'order 2' },
  ])
  const head = (await tie())!
  expect(await verify([head])).toMatchObject({ holds: true, entries: 4n, kept: 1 })
  expect(await tie()).toBeNull()
})

test('with every lane held, whoever appends waits for one', async () => {
  const [holder, other] = [await database.pool('owner').connect(), database.pool('api')]
  await holder.query('BEGIN')
  await holder.query('SELECT FROM audit_lane FOR UPDATE')
  const waiting = inTransaction(other, (sql) => appendAudit(sql, action('order')))
  const waits = async () =>
    (await holder.query(`SELECT FROM pg_locks WHERE NOT granted`)).rowCount === 1 ? true : null
  await expect.poll(waits).toBe(true)
  await holder.query('COMMIT')
  holder.release()
  await waiting
  await tie()
  expect(await verify()).toMatchObject({ holds: true, entries: 2n })
})

test('entries written at once hold together, and so do two who tie at once', async () => {
  await Promise.all(
    Array.from({ length: 30 }, async (_, n) => {
      await inTransaction(database.pool('api'), (sql) => appendAudit(sql, action(`order ${n}`)))
      await tie()
    }),
  )
  await tie()
  const { rows } = await database
    .pool('auditor')
    .query('SELECT count(*) AS entries FROM audit_entry WHERE lane > 0')
  expect(rows).toEqual([{ entries: 30n }])
  expect(await verify()).toMatchObject({ holds: true })
})

test('a program ties what was appended within a second, and what is left when it stops', async () => {
  const pool = database.pool('api')
  const log = { warn: () => undefined } as unknown as Parameters<typeof startTying>[0]['log']
  const tying = startTying({ pool, clock: { nowMs: () => AT.getTime() }, log })
  const tied = async () => Number((await pool.query('SELECT n FROM audit_head')).rows[0]!.n)
  await inTransaction(pool, (sql) => appendAudit(sql, action('one')))
  await expect.poll(tied, { timeout: 5_000 }).toBe(1)
  await inTransaction(pool, (sql) => appendAudit(sql, action('two')))
  await tying.stop()
  expect(await tied()).toBe(2)
  expect(await verify()).toMatchObject({ holds: true, entries: 4n })
})

test.each([
  ['an altered entry', "UPDATE audit_entry SET details = '{}' WHERE n = 3 AND lane = 1", 3n],
  ['a removed entry', 'DELETE FROM audit_entry WHERE n = 3 AND lane = 1', 3n],
  ['a cut end', 'DELETE FROM audit_entry WHERE n > 3 AND lane = 1', 4n],
])('%s shows at its place', async (_what, statement, brokenAt) => {
  for (let n = 1; n <= 5; n++) await append(`order ${n}`)
  await database.pool('owner').query(statement)
  expect(await verify()).toEqual({ holds: false, lane: 1, brokenAt, keptBy: null })
})

/** As by the owner of the database: everything from entry `n` on is gone from both lanes, and the heads say so. */
async function cutFrom(n: number): Promise<void> {
  const owner = database.pool('owner')
  await owner.query('DELETE FROM audit_entry WHERE n >= $1', [n])
  const last = `SELECT n, hash FROM audit_entry WHERE n = ${n - 1} AND lane`
  const none = `SELECT 0, decode(repeat('00', 32), 'hex')`
  await owner.query(`UPDATE audit_head SET (n, hash) = (${n > 1 ? `${last} = 0` : none})`)
  await owner.query(`UPDATE audit_lane SET (n, hash) = (${n > 1 ? `${last} = 1` : none}) WHERE lane = 1`)
  await owner.query('UPDATE audit_tied SET n = $1 WHERE lane = 1', [n - 1])
}

test('a chain cut together with its head shows where another party kept a later head', async () => {
  const heads = [await append('one'), await append('two'), await append('three')]
  await cutFrom(2)
  expect(await verify()).toMatchObject({ holds: true })
  expect(await verify(heads)).toEqual({ holds: false, lane: 0, brokenAt: 2n, keptBy: 'atlas' })
})

test('a chain written anew from the first entry on shows by whoever kept a head of the old one', async () => {
  const kept = [await append('one'), await append('two')]
  await cutFrom(1)
  for (const subject of ['one', 'other', 'three']) await append(subject)
  expect(await verify()).toMatchObject({ holds: true })
  expect(await verify(kept, 'T00001')).toEqual({ holds: false, lane: 0, brokenAt: 2n, keptBy: 'T00001' })
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
