// The data folder of an earlier release, kept in the repository, is brought up to this one and audited.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { CENTRE_MIGRATIONS } from '@scratchless/centre/settings'
import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import { migrate, OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
import { startPostgres } from '@scratchless/office/postgres/start-postgres'
import { OPERATOR_MIGRATIONS } from '@scratchless/operator/settings'
import { systemRandom } from '@scratchless/voucher/random'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditMarket } from '../audit/audit-market.ts'
import { restoreRelease } from './restore-release.ts'

const MINUTE_MS = 60_000

let parent: string
let dataDir: string
beforeAll(async () => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), 'upgrade-'))
  fs.chmodSync(parent, 0o755)
  dataDir = path.join(parent, 'data')
  await restoreRelease('release-1', dataDir)
}, MINUTE_MS)
afterAll(() => fs.rmSync(parent, { recursive: true, force: true }))

test('the first release is brought up to this one, and its books hold', {
  timeout: 2 * MINUTE_MS,
}, async () => {
  const { passwords } = JSON.parse(fs.readFileSync(path.join(dataDir, 'database.json'), 'utf8'))
  const server = await startPostgres({ folder: path.join(dataDir, 'postgres'), random: systemRandom })
  try {
    for (const party of ['atlas', 'sahel', 'centre'] as const) {
      const owner = new URL(server.adminUrl)
      owner.username = `${party}_owner`
      owner.password = passwords[party].owner
      owner.pathname = `/${party}`
      const sources =
        party === 'centre' ? [OFFICE_MIGRATIONS, LEDGER_MIGRATIONS, CENTRE_MIGRATIONS] : OPERATOR_MIGRATIONS
      await migrate({ ownerUrl: owner.href, party: party as never, sources })
    }
  } finally {
    await server.stop()
  }
  const lines = await auditMarket(dataDir)
  expect(lines.filter(({ ok }) => !ok)).toEqual([])
  // Each party's books were there to be looked at.
  expect(new Set(lines.map(({ name }) => name))).toEqual(
    new Set(['terminal', 'centre', 'atlas', 'sahel', 'across']),
  )
})
