// The command itself, over key folders as a ceremony makes them: who pinned the key goes on talking.

import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createAuthority, issueTlsCertificate } from './certificates.ts'
import { fingerprintOf } from './fingerprint.ts'
import { generatePair, makePartyKeys, readPublicKey, unlockKeyFolder } from './party-keys.ts'
import { passphraseFor } from './passphrase-box.ts'
import { createPinnedClient } from './pinned-client.ts'

const COMMAND = fileURLToPath(new URL('renew-tls.ts', import.meta.url))
const YEAR_MS = 365 * 86_400_000
let keys: string
let authorityPem: string

beforeEach(async () => {
  keys = mkdtempSync(join(tmpdir(), 'renew-'))
  const needs = { random: systemRandom, clock: systemClock }
  const closed = (name: string) => ({
    ...needs,
    passphrase: passphraseFor(Buffer.from('a passphrase'), name),
  })
  await makePartyKeys(join(keys, 'api'), { pairs: ['tls'] }, closed('api'))
  await makePartyKeys(join(keys, 'authority'), { pairs: ['tls-authority'] }, closed('authority'))
  const opened = unlockKeyFolder(
    join(keys, 'authority'),
    passphraseFor(Buffer.from('a passphrase'), 'authority'),
  )
  const authority = await opened.pair('tls-authority')
  const yearAgo = { random: systemRandom, clock: { nowMs: () => systemClock.nowMs() - YEAR_MS } }
  authorityPem = await createAuthority('atlas', authority, yearAgo)
  writeFileSync(join(keys, 'authority', 'tls-authority.pem'), authorityPem)
  const request = {
    ...{ party: 'atlas', publicKey: readPublicKey(join(keys, 'api'), 'tls'), authorityPem },
    ...{ authorityKey: authority.privateKey, dnsNames: ['atlas.example', 'localhost'] },
    addresses: ['127.0.0.1', '10.0.0.7'],
  }
  writeFileSync(join(keys, 'api', 'tls.pem'), await issueTlsCertificate(request, yearAgo))
})
afterEach(() => rmSync(keys, { recursive: true }))

function renew(passphrase = 'a passphrase', ...more: string[]) {
  writeFileSync(join(keys, 'passphrase'), passphrase)
  const descriptor = openSync(join(keys, 'passphrase'), 'r')
  return spawnSync(process.execPath, [COMMAND, '--keys', keys, '--passphrase-fd', '3', ...more], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', descriptor],
  })
}
const certificate = () => new X509Certificate(readFileSync(join(keys, 'api', 'tls.pem')))

test('the same key, party and names, another year', () => {
  const before = certificate()
  const done = renew()
  expect([done.stderr, done.status]).toEqual(['', 0])
  const after = certificate()
  expect(done.stdout).toContain(fingerprintOf(before.publicKey))
  expect(after.publicKey.equals(before.publicKey)).toBe(true)
  expect([after.subject, after.subjectAltName]).toEqual([before.subject, before.subjectAltName])
  expect(after.serialNumber).not.toBe(before.serialNumber)
  const longer = after.validToDate.getTime() - before.validToDate.getTime()
  expect(Math.round(longer / 86_400_000)).toBe(365)
  expect(after.verify(new X509Certificate(authorityPem).publicKey)).toBe(true)
})

test('who pinned the key is served under the new certificate', async () => {
  expect(renew().status).toBe(0)
  const { privateKey, publicKey } = await unlockKeyFolder(
    join(keys, 'api'),
    passphraseFor(Buffer.from('a passphrase'), 'api'),
  ).pair('tls')
  const identity = {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    certificatePem: readFileSync(join(keys, 'api', 'tls.pem'), 'utf8'),
  }
  const server = createServer({ key: identity.keyPem, cert: identity.certificatePem }, (_, answer) =>
    answer.end('served'),
  )
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const pinned = { authorityPem, spkiSha256: fingerprintOf(publicKey) }
  const client = createPinnedClient(pinned, identity)
  const { port } = server.address() as AddressInfo
  const answer = await client.post({
    url: `https://127.0.0.1:${port}/`,
    body: Buffer.from('x'),
    contentType: 'text/plain',
  })
  expect(Buffer.from(answer.body).toString()).toBe('served')
  client.close()
  server.close()
})

test('a wrong passphrase, another key or a strange folder leaves everything as it was', () => {
  const before = readFileSync(join(keys, 'api', 'tls.pem'))
  const refused = (done: ReturnType<typeof renew>, why: RegExp) => {
    expect(done.status).toBe(2)
    expect(done.stderr).toMatch(why)
    expect(readFileSync(join(keys, 'api', 'tls.pem'))).toEqual(before)
  }
  refused(renew('another one'), /passphrase/)
  refused(renew('a passphrase', '--authority', join(keys, 'nowhere')), /nowhere/)
  const other = generatePair('tls').publicKey.export({ type: 'spki', format: 'pem' })
  writeFileSync(join(keys, 'api', 'tls.pub'), other)
  refused(renew(), /another key/)
})
