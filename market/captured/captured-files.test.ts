// What whoever has captured one process finds in files: as root, each process has an account of its own and opens its
// own only; in any case keys lie closed under a passphrase that stands in no argument and no environment.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { startedAsRoot } from '@scratchless/program/account'
import { readableByAll } from '@scratchless/program/readable-code'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimDataFolder } from '../demo/data-folder.ts'
import { passphraseOf } from '../demo/passphrases.ts'
import { type Market, startMarket } from '../demo/start-market.ts'
import { descendants } from '../hunt/haystacks.ts'

const MINUTE_MS = 60_000
const PARTIES = ['atlas', 'sahel', 'centre']

let folder: string
let market: Market

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'captured-files-'))
  const data = claimDataFolder(path.join(folder, 'data'))
  if ('problem' in data) throw new Error(data.problem)
  const quiet = { onPaper: () => {}, say: () => {} }
  market = await startMarket(data, { databaseUrl: null, terminals: 1, unpaced: true, ...quiet })
}, MINUTE_MS)

afterAll(async () => {
  await market?.stop()
  fs.rmSync(folder, { recursive: true, force: true })
}, MINUTE_MS)

function filesBelow(place: string): string[] {
  return fs
    .readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name))
}

test('every private key of the market lies closed, and no passphrase beside it', () => {
  const keyFiles = filesBelow(market.data.dir).filter((file) => file.endsWith('.key'))
  const closed = keyFiles.map((file) => JSON.parse(fs.readFileSync(file, 'utf8')).kdf)
  // 10 of the centre, 7 of each operator, 2 approvers', the terminal's.
  expect(closed).toEqual(Array.from({ length: 10 + 2 * 7 + 2 + 1 }, () => 'scrypt'))

  const secrets = [...PARTIES, 'terminal', 'approver-one'].map((who) => `${passphraseOf(market.data, who)}`)
  const told = descendants()
    .filter(({ command }) => !command.includes('postgres:'))
    .flatMap(({ pid }) => [
      fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
      fs.readFileSync(`/proc/${pid}/environ`, 'utf8'),
    ])
  const written = filesBelow(market.data.dir)
    .filter((file) => path.basename(file) !== 'passphrases.json' && !file.includes('/cluster/'))
    .map((file) => fs.readFileSync(file, 'latin1'))
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThanOrEqual(32)
    expect([...told, ...written].filter((text) => text.includes(secret))).toEqual([])
  }
})

test.runIf(startedAsRoot())('as root, every process that works has an account of its own', () => {
  const uids = new Map<string, number>()
  for (const { pid, command } of descendants()) {
    const script = /\/([\w-]+\/src\/(?:api|vault|card)|market\/printer\/main)\.ts (.*)$/.exec(command)
    if (script === null) continue
    const uid = Number(/^Uid:\s+\d+\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))![1])
    uids.set(`${script[1]} ${script[2]}`, uid)
  }
  // Api and vault of three offices; api, card and printer of a terminal.
  expect(uids.size).toBe(9)
  expect(new Set([0, ...uids.values()]).size).toBe(10)
})

/** Tries, as a process's account and from its working folder, to open each file, and says which it could. */
function readableAs(account: number, cwd: string, files: readonly string[]): string[] {
  const attempt = `
    const fs = require('node:fs')
    const opened = JSON.parse(process.argv[1]).filter((file) => {
      try { fs.closeSync(fs.openSync(file, 'r')); return true } catch { return false }
    })
    process.stdout.write(JSON.stringify(opened))`
  const { execPath } = readableByAll(import.meta.filename)
  const { stdout } = spawnSync(execPath, ['-e', attempt, JSON.stringify(files)], {
    ...{ cwd, uid: account, gid: account, encoding: 'utf8' },
  })
  return JSON.parse(stdout) as string[]
}

test.runIf(startedAsRoot())('as root, a captured process opens its own files and no other', () => {
  // What a person may read, from where every process starts: the folders above are closed to most.
  const everything = filesBelow(market.data.dir).filter((file) => !file.includes('/cluster/'))
  const processes = [
    ...PARTIES.flatMap((party) => [
      { party, name: 'api', own: ['keys/api'] },
      { party, name: 'vault', own: ['keys/vault'] },
    ]),
    { party: 'terminal', name: 'api', own: ['keys', 'store'] },
    { party: 'terminal', name: 'card', own: ['card'] },
  ]
  for (const { party, name, own } of processes) {
    const cwd = market.data.path(party)
    const { accounts } = JSON.parse(fs.readFileSync(path.join(cwd, 'config.json'), 'utf8'))
    const relative = everything.map((file) => path.relative(cwd, file))
    const opened = readableAs(accounts[name], cwd, [...everything, ...relative])
    // Logs and numbers of ports and accounts are no secret.
    const harmless = /(\.log|^ports\.json|^accounts\.json|^market\.lock)$/
    const others = opened
      .map((file) => path.relative(cwd, path.resolve(cwd, file)))
      .filter((file) => ![...own, `cache/${name}`].some((place) => file.startsWith(`${place}/`)))
      .filter((file) => !harmless.test(path.basename(file)))
    expect({ party, name, others }).toEqual({ party, name, others: [] })
    if (name !== 'card') expect(opened.some((file) => file.endsWith('.key'))).toBe(true)
  }
})
