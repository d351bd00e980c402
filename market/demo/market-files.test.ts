// What a power cut can do to each file that the ceremony leaves: whichever it is, the next start names it.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { readCertificate, readPublicKey, unlockKeyFolder } from '@scratchless/keys/party-keys'
import { passphraseFor } from '@scratchless/keys/passphrase-box'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { holdCeremony } from './ceremony.ts'
import { claimDataFolder, type DataFolder } from './data-folder.ts'
import { startMarketDatabase } from './database.ts'
import { wayToCentre } from './listeners.ts'
import { passphraseOf } from './passphrases.ts'

const url = 'postgres://nobody@127.0.0.1:1/none'
const urls = { owner: url, api: url, vault: url, auditor: url }
const databases = new Map(['atlas', 'sahel', 'centre'].map((party) => [party, { books: urls, vault: urls }]))

let folder: string
let data: DataFolder
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'files-'))
  const opened = claimDataFolder(folder)
  if ('problem' in opened) throw new Error(opened.problem)
  data = opened
  await expect(startMarketDatabase(data, url)).rejects.toThrow('does not answer')
  await holdCeremony(data, databases, 1)
})
afterAll(() => {
  data.release()
  fs.rmSync(folder, { recursive: true })
})

/** What a start reads: the market's own files and the settings, and this one where it is a key's. */
async function readAll(file: string): Promise<void> {
  await startMarketDatabase(data, url).catch((error: Error) => {
    if (!error.message.includes('does not answer')) throw error
  })
  await holdCeremony(data, databases, 1)
  const keys = path.dirname(file)
  const name = path.parse(file).name as 'tls'
  if (file.endsWith('.pub')) readPublicKey(keys, name)
  if (file.endsWith('.pem')) readCertificate(keys, name)
  if (!file.endsWith('.key')) return
  const [party, , keeper] = path.relative(data.dir, keys).split(path.sep)
  const passphrase = passphraseOf(data, party === 'staff' ? path.basename(keys) : party!)
  const opened = unlockKeyFolder(keys, party === 'staff' ? passphrase : passphraseFor(passphrase, keeper!))
  const isSecret = /^(lot-mac|fingerprint-)/.test(name)
  await (isSecret ? opened.secret(name as never) : opened.pair(name))
}

test('each file that is emptied or cut off is named, with what to do', { timeout: 120_000 }, async () => {
  const files = fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'in-use')
    .map((entry) => path.join(entry.parentPath, entry.name))
  const beside = (name: string) => path.join(folder, name)
  expect(files).toEqual(
    expect.arrayContaining([
      ...['accounts.json', 'ports.json', 'passphrases.json', 'database.json'].map(beside),
      ...['atlas/config.json', 'centre/config.json', 'terminal/config.json'].map(beside),
      ...['centre/keys/api/tls.pem', 'atlas/keys/vault/stock.key', 'staff/approver-one/approval.pub'].map(
        beside,
      ),
    ]),
  )
  expect(files.length).toBeGreaterThan(40)
  for (const [at, file] of files.entries()) {
    const whole = fs.readFileSync(file)
    const damaged = at % 2 === 0 ? Buffer.alloc(0) : whole.subarray(0, whole.length / 2)
    fs.writeFileSync(file, damaged)
    await expect(readAll(file), file).rejects.toThrow(
      expect.objectContaining({
        name: expect.stringMatching(/Problem$/),
        message: expect.stringMatching(new RegExp(`^${file}: .*(restore it from a copy)`)),
      }),
    )
    // Nothing was written over it: whoever restores it finds the rest as it was.
    expect(fs.readFileSync(file).equals(damaged)).toBe(true)
    fs.writeFileSync(file, whole)
  }
  for (const name of ['centre/keys/vault/root.key', 'staff/approver-two/approval.key'])
    await readAll(beside(name))
})

test('settings keep what a person changed, and follow the folder when it moves', async () => {
  const config = data.path('atlas', 'config.json')
  const changed = {
    ...JSON.parse(fs.readFileSync(config, 'utf8')),
    name: 'Another',
    dataFolder: '/elsewhere',
  }
  fs.writeFileSync(config, JSON.stringify(changed))
  await holdCeremony(data, databases, 1)
  expect(JSON.parse(fs.readFileSync(config, 'utf8'))).toEqual({ ...changed, dataFolder: data.path('atlas') })
  const { mtimeMs } = fs.statSync(config)
  await holdCeremony(data, databases, 1)
  expect(fs.statSync(config).mtimeMs).toBe(mtimeMs)
})

test('a maker is told where the centre is reached, by which authority and under which pin', async () => {
  const { offices, terminals } = await holdCeremony(data, databases, 1)
  const way = wayToCentre(offices.find(({ party }) => party === 'centre')!.config)
  // What the market's own terminal has of the same centre.
  const { centre } = JSON.parse(fs.readFileSync(terminals[0]!.config, 'utf8'))
  expect(way.https).toBe(centre.url)
  expect(way.frames).toBe(`${centre.frames.host}:${centre.frames.port}`)
  expect(fs.readFileSync(way.authority, 'utf8')).toBe(centre.tlsAuthority)
  expect(way.pin).toBe(centre.tlsPin)
})
