// The story of killed-at-any-moment.ts by its own command, one moment of each kind; `npm run scenario --
// killed-at-any-moment` strikes at all of them. Then the audit is seen to fail on a store that was tampered with.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { storeFileOf } from './moments.ts'

const MINUTE_MS = 60_000
let folder: string
const data = () => path.join(folder, 'data')

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'killed-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

function run(command: URL, ...options: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', fileURLToPath(command), ...options],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  )
  const lines = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, never>)
  return { status, lines, stderr }
}

test('killed while it opens, imports, restocks, supplies, receipts and sells, the market completes and its books hold', {
  timeout: 6 * MINUTE_MS,
}, () => {
  const { status, lines, stderr } = run(
    new URL('../scenario.ts', import.meta.url),
    'killed-at-any-moment',
    '--moments',
    '6',
    '--data',
    data(),
  )
  expect(lines.flatMap(({ problems }) => (Array.isArray(problems) ? problems : []))).toEqual([])
  expect(lines.at(-1)).toMatchObject({ ok: true, moments: 6, left: [] })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

const audit = () => run(new URL('../audit.ts', import.meta.url), '--json', '--data', data())

test('a chain that does not have the head that was kept of it is broken at its place', {
  timeout: MINUTE_MS,
}, () => {
  const file = path.join(data(), 'audit-heads.json')
  const kept = fs.readFileSync(file, 'utf8')
  const heads = JSON.parse(kept) as Record<string, { n: string; hash: string }[]>
  const [{ n }] = heads.atlas as [{ n: string; hash: string }]
  heads.atlas![0]!.hash = '00'.repeat(32)
  fs.writeFileSync(file, JSON.stringify(heads))
  expect(audit().lines.filter(({ ok }) => !ok)).toEqual([
    {
      invariant: 12,
      name: 'atlas',
      ok: false,
      detail: `the audit chain is broken at entry ${n}, as the head shows that an earlier audit kept`,
    },
  ])
  fs.writeFileSync(file, kept)
})

test('the audit of a stopped market passes, and fails once a sale is taken out of a store', {
  timeout: MINUTE_MS,
}, () => {
  const before = audit()
  expect(before.lines.filter(({ ok }) => !ok)).toEqual([])
  expect(before.status).toBe(0)
  const store = new DatabaseSync(storeFileOf(data()))
  store.exec(
    'PRAGMA foreign_keys = OFF; DELETE FROM sale WHERE number = (SELECT min(number) FROM sale WHERE acknowledged = 1)',
  )
  store.close()
  // Whoever changes a store covers his traces: its own program left its journal, and a note that there is one.
  fs.rmSync(`${storeFileOf(data())}-open`, { force: true })
  const after = audit()
  expect(after.lines.filter(({ ok }) => !ok).map(({ invariant, name }) => [invariant, name])).toEqual([
    [1, 'terminal'],
    [3, 'across'],
  ])
  expect(after.status).toBe(1)
})
