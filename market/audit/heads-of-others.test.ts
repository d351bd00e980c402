import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CENTRE_MIGRATIONS, CENTRE_VAULT_MIGRATIONS } from '@scratchless/centre/settings'
import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import { type AuditHead, appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { keepHead } from '@scratchless/office/audit-chain/keep-head'
import { tieLanes } from '@scratchless/office/audit-chain/tie-lanes'
import { inTransaction } from '@scratchless/office/database/database'
import { OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
import { OPERATOR_MIGRATIONS, OPERATOR_VAULT_MIGRATIONS } from '@scratchless/operator/settings'
import { STORE_FILE } from '@scratchless/terminal/config'
import { connectStore } from '@scratchless/terminal/store/connect-store'
import { keepHead as keepAtTerminal } from '@scratchless/terminal/supply/kept-head.sql'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase, testVaultDatabase } from '../../office/testing/test-database.ts'
import { auditMarket } from './audit-market.ts'

const AT = new Date(1_790_000_000_123)
let data: string
let centre: TestDatabase
let atlas: TestDatabase
let centreVault: TestDatabase
let atlasVault: TestDatabase

/** A market of one operator and one terminal whose books hold nothing but chains of ten entries. */
beforeEach(async () => {
  data = fs.mkdtempSync(path.join(tmpdir(), 'heads-'))
  centre = await testDatabase([OFFICE_MIGRATIONS, LEDGER_MIGRATIONS, CENTRE_MIGRATIONS])
  atlas = await testDatabase(OPERATOR_MIGRATIONS)
  centreVault = await testVaultDatabase(CENTRE_VAULT_MIGRATIONS)
  atlasVault = await testVaultDatabase(OPERATOR_VAULT_MIGRATIONS)
  const auditors = (books: TestDatabase, vault: TestDatabase) => ({
    database: { auditor: books.urls.auditor },
    vaultDatabase: { auditor: vault.urls.auditor },
  })
  const settings = {
    centre: { dataFolder: data, ...auditors(centre, centreVault), supplyHttps: { port: 1 } },
    atlas: { dataFolder: data, ...auditors(atlas, atlasVault) },
    'terminal-1': { dataFolder: path.join(data, 'terminal-1') },
  }
  for (const [name, config] of Object.entries(settings)) {
    fs.mkdirSync(path.join(data, name))
    fs.writeFileSync(path.join(data, name, 'config.json'), JSON.stringify(config))
  }
  const store = path.join(data, 'terminal-1', STORE_FILE)
  fs.mkdirSync(path.dirname(store), { recursive: true })
  connectStore(store).close()
  for (const office of [centre, atlas])
    for (let n = 1; n <= 10; n++) heads.set(`${n} ${office.urls.owner}`, await append(office, `order ${n}`))
})
afterEach(async () => {
  await Promise.all([centre, atlas, centreVault, atlasVault].map((database) => database.drop()))
  fs.rmSync(data, { recursive: true })
})

const heads = new Map<string, AuditHead>()
const headAt = (office: TestDatabase, n: number) => heads.get(`${n} ${office.urls.owner}`)!

function append(office: TestDatabase, subject: string): Promise<AuditHead> {
  return inTransaction(office.pool('api'), async (sql) => {
    await appendAudit(sql, { at: AT, actor: 'amel', action: 'restock-ordered', subject })
    return (await tieLanes(sql, AT))!
  })
}

/** As by the owner of the database: everything after entry `n` is gone, and the head says so. */
async function cut(office: TestDatabase, n: number): Promise<void> {
  const owner = office.pool('owner')
  await owner.query('DELETE FROM audit_entry WHERE n > $1', [n])
  for (const [head, lane] of [
    ['audit_head', 0],
    ['audit_lane', 1],
  ])
    await owner.query(
      `UPDATE ${head} SET (n, hash) = (SELECT n, hash FROM audit_entry WHERE n = $1 AND lane = ${lane})
        ${lane === 1 ? 'WHERE lane = 1' : ''}`,
      [n],
    )
  await owner.query('UPDATE audit_tied SET n = $1 WHERE lane = 1', [n])
}

/** The same, and then as many entries again, with hashes that fit: only entry `n` says something else. */
async function rewrite(office: TestDatabase, n: number): Promise<void> {
  await cut(office, n - 1)
  for (let at = n; at <= 10; at++) await append(office, at === n ? 'something else' : `order ${at}`)
}

const atAtlas = (head: AuditHead) =>
  keepHead(atlasVault.pool('vault'), { party: 'centre', ...head, keptAt: AT })
const atCentre = (head: AuditHead) =>
  keepHead(centreVault.pool('vault'), { party: 'atlas', ...head, keptAt: AT })
async function atTerminal(head: AuditHead) {
  const store = connectStore(path.join(data, 'terminal-1', STORE_FILE))
  keepAtTerminal(store, head, AT.getTime())
  store.close()
}

const broken = async () =>
  (await auditMarket(data)).filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`)

const by = (who: string, n: number) =>
  `the audit chain is broken at entry ${n}, as the head shows that ${who} kept`

test('heads that are in place are counted', async () => {
  await atAtlas(headAt(centre, 3))
  await atTerminal(headAt(centre, 10))
  await atCentre(headAt(atlas, 10))
  const chains = (await auditMarket(data)).filter(({ invariant }) => invariant === 12)
  expect(chains.map(({ name, ok, detail }) => [name, ok, detail])).toEqual([
    [
      'centre',
      true,
      'the audit chain is unbroken, 20 entries; heads that others kept of it: 2, all in place',
    ],
    ['atlas', true, 'the audit chain is unbroken, 20 entries; heads that others kept of it: 1, all in place'],
  ])
})

test.each([
  ['the centre’s chain, as an operator kept it', () => centre, atAtlas, 'centre', 'atlas'],
  ['the centre’s chain, as a terminal kept it', () => centre, atTerminal, 'centre', 'terminal-1'],
  ['an operator’s chain, as the centre kept it', () => atlas, atCentre, 'atlas', 'centre'],
] as const)(
  '%s: cut off with its head, or written anew with all hashes',
  async (_what, office, keep, name, keeper) => {
    await keep(headAt(office(), 2))
    await keep(headAt(office(), 8))
    await rewrite(office(), 9)
    // Nobody has kept a head since: this is the tail that nothing protects.
    expect(await broken()).toEqual([])
    fs.rmSync(path.join(data, 'audit-heads.json'))

    await rewrite(office(), 5)
    expect(await broken()).toEqual([`${name}: ${by(keeper, 8)}`])
    await cut(office(), 7)
    expect(await broken()).toEqual([`${name}: ${by(keeper, 8)}`])
    await cut(office(), 2)
    expect(await broken()).toEqual([`${name}: ${by(keeper, 3)}`])
  },
)

test('a head that contradicts another one breaks the chain, whichever of them is in place', async () => {
  await atAtlas(headAt(centre, 4))
  await atAtlas({ n: 4n, hash: Buffer.alloc(32, 7) })
  expect(await broken()).toEqual([`centre: ${by('atlas', 4)}`])
})
