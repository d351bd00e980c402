// The data folder of an earlier release, kept in the repository, is brought up to this one, audited, and goes on.

import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { RestockOrderView } from '@scratchless/centre/staff-api'
import { issueTlsCertificate } from '@scratchless/keys/certificates'
import { readCertificate, readPublicKey, unlockKeyFolder } from '@scratchless/keys/party-keys'
import { passphraseFor } from '@scratchless/keys/passphrase-box'
import type { TillState } from '@scratchless/terminal/till/till-contract'
import { systemClock } from '@scratchless/voucher/clock'
import { centreId, operatorId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditMarket } from '../audit/audit-market.ts'
import { holdCeremony } from '../demo/ceremony.ts'
import { claimDataFolder, type DataFolder } from '../demo/data-folder.ts'
import { startMarketDatabase } from '../demo/database.ts'
import { loadTills } from '../demo/fill-till.ts'
import { mainOf } from '../demo/migrate-market.ts'
import { passphraseOf } from '../demo/passphrases.ts'
import { sellOne } from '../demo/sell.ts'
import { type Market, startMarket } from '../demo/start-market.ts'
import { waitUntil } from '../demo/wait-until.ts'
import { runMarket } from '../scenarios/run-market.ts'
import { restoreRelease } from './restore-release.ts'

const MINUTE_MS = 60_000
const PARTIES = ['atlas', 'sahel', 'centre'] as const

let parent: string
let dataDir: string
beforeAll(async () => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), 'upgrade-'))
  fs.chmodSync(parent, 0o755)
  dataDir = path.join(parent, 'data')
  await restoreRelease('release-1', dataDir)
}, MINUTE_MS)
afterAll(() => fs.rmSync(parent, { recursive: true, force: true }))

async function start(...options: string[]) {
  const run = runMarket('--data', dataDir, ...options)
  return { code: await run.ended, ...run.output }
}

function claim(): DataFolder {
  const data = claimDataFolder(dataDir)
  if ('problem' in data) throw new Error(data.problem)
  return data
}

test(
  'a start says in one sentence what to run first, and so does the audit',
  async () => {
    const said = `${dataDir} is of the first release: npm start -- --migrate-only --data ${dataDir} brings it up to date.`
    const started = await start('--once')
    expect(started.code).toBe(1)
    expect(started.stderr.trim()).toBe(said)
    await expect(auditMarket(dataDir)).rejects.toThrow(said)
  },
  MINUTE_MS,
)

test(
  'killed between the copy and the drop, an office has lost nothing and begins again',
  async () => {
    const data = claim()
    const database = await startMarketDatabase(data, null)
    const { offices } = await holdCeremony(data, database.offices, 1)
    const { config } = offices.find(({ party }) => party === 'atlas')!
    const main = ['--disable-warning=ExperimentalWarning', mainOf('atlas'), '--config', config]
    const migrate = (end: AbortSignal) =>
      promisify(execFile)(process.execPath, [...main, '--migrate-only'], {
        signal: end,
        killSignal: 'SIGKILL',
      })
    const { books, vault } = database.offices.get('atlas')!
    const [holder, seen] = [books, vault].map(({ owner }) => new pg.Client({ connectionString: owner })) as [
      pg.Client,
      pg.Client,
    ]
    await holder.connect()
    await seen.connect()
    const nextSerial = async (sql: pg.Client) =>
      (await sql.query('SELECT next_serial::text AS next FROM serial_counter')).rows[0].next
    try {
      await expect(promisify(execFile)(process.execPath, main)).rejects.toMatchObject({
        code: 1,
        stderr: `The database of atlas is of the first release: with all programs stopped, run it once as --config ${config} --migrate-only (the whole market: npm start -- --migrate-only --data DIR)\n`,
      })
      // Whoever reads a table keeps it from being dropped, and from nothing else.
      await holder.query('BEGIN; LOCK TABLE sealed_pack IN ACCESS SHARE MODE')
      const killer = new AbortController()
      const killed = migrate(killer.signal)
      await waitUntil('The copy', async () => {
        const { rows } = await seen.query(`SELECT to_regclass('sealed_pack') IS NOT NULL AS there`)
        if (!rows[0].there) return null
        return (await seen.query('SELECT FROM sealed_pack')).rowCount || null
      })
      killer.abort()
      await expect(killed).rejects.toThrow('aborted')
      await holder.query('ROLLBACK')
      // Both have them now, and the first release could still be started, and would go on with its own.
      await holder.query('UPDATE serial_counter SET next_serial = next_serial + 1')
      const next = await nextSerial(holder)
      expect(await nextSerial(seen)).not.toBe(next)
      await migrate(new AbortController().signal)
      expect(await nextSerial(seen)).toBe(next)
      await expect(nextSerial(holder)).rejects.toThrow('does not exist')
      expect((await seen.query('SELECT FROM in_use')).rowCount).toBe(1)
      // Once more: there is nothing left to do.
      await migrate(new AbortController().signal)
      expect(await nextSerial(seen)).toBe(next)
    } finally {
      await holder.end()
      await seen.end()
      await database.stop()
      data.release()
    }
  },
  MINUTE_MS,
)

test(
  'the market is brought up to date, and its books hold',
  async () => {
    const migrated = await start('--migrate-only')
    expect(migrated).toMatchObject({ code: 0, stderr: '' })
    for (const party of PARTIES) expect(migrated.stdout).toContain(`${party}: its databases are up to date`)
    const lines = await auditMarket(dataDir)
    expect(lines.filter(({ ok }) => !ok)).toEqual([])
    // Each party's books were there to be looked at.
    expect(new Set(lines.map(({ name }) => name))).toEqual(new Set(['terminal', 'across', ...PARTIES]))
  },
  MINUTE_MS,
)

/** What certifies the offices' listeners to each other ends after a year: with the same keys they are certified anew. */
async function renewTls(data: DataFolder): Promise<void> {
  for (const name of PARTIES) {
    const folder = (keeper: string) => data.path(name, 'keys', keeper)
    const authority = unlockKeyFolder(
      folder('authority'),
      passphraseFor(passphraseOf(data, name), 'authority'),
    )
    const certificate = await issueTlsCertificate(
      {
        party: name === 'centre' ? centreId(name) : operatorId(name),
        publicKey: readPublicKey(folder('api'), 'tls'),
        authorityPem: readCertificate(folder('authority'), 'tls-authority'),
        authorityKey: (await authority.pair('tls-authority')).privateKey,
      },
      { clock: systemClock, random: systemRandom },
    )
    fs.writeFileSync(path.join(folder('api'), 'tls.pem'), certificate)
  }
}

/** Orders of Atlas what it has left of the product in stock, and waits for it. */
async function restock(market: Market, quantity: number): Promise<RestockOrderView> {
  const { staff } = market.offices.get('centre')!
  const lines = [{ product: 'ATLAS-1', quantity }]
  const { id } = await staff.post<{ id: string }>('/api/restock/orders', { operator: 'atlas', lines })
  return waitUntil('The restock', async () => {
    const { orders } = await staff.get<{ orders: RestockOrderView[] }>('/api/restock/orders')
    return orders.find((order) => order.id === id && ['received', 'refused'].includes(order.state)) ?? null
  })
}

test('it goes on: both vaults open what the first release closed, and a new terminal sells of it', {
  timeout: 3 * MINUTE_MS,
}, async () => {
  const data = claim()
  await renewTls(data)
  const market = await startMarket(data, {
    ...{ databaseUrl: null, terminals: 2, unpaced: true },
    onPaper: () => {},
    say: () => {},
  })
  try {
    expect(await restock(market, 12)).toMatchObject({ state: 'received' })
    // Numbers go on behind those that came over: of lots, of packs, of serials.
    const { staff } = market.offices.get('atlas')!
    const made = { product: 'ATLAS-10', count: 5, activated: true }
    const { lot } = await staff.post<{ lot: string }>('/api/stock/generations', made)
    const { lots } = await staff.get<{ lots: { lot: string; inStock: number }[] }>('/api/stock')
    expect(lots.at(-1)).toMatchObject({ lot, inStock: 5 })
    // The first terminal's own certificate and lease may be over by now: that it is there is what holds for ever.
    const state = await market.terminals[0]!.visit().get<TillState>('/api/state')
    expect(state).toMatchObject({ enrolment: 'enrolled', terminal: 'T00001' })
    const [till] = await loadTills(market, () => {}, undefined, ['terminal-2'])
    const first = await sellOne(till!.vendor, 'SAHEL-5')
    expect(first).toMatchObject({ state: 'printed', number: 1 })
    await waitUntil('The report', async () => {
      const status = await till!.vendor.get<{ outboxEmpty: boolean }>('/api/status')
      return status.outboxEmpty ? true : null
    })
  } finally {
    await market.stop()
    data.release()
  }
  const lines = await auditMarket(dataDir)
  expect(lines.filter(({ ok }) => !ok)).toEqual([])
})
