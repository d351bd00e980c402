import { constants, createHmac, publicEncrypt, randomFillSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@scratchless/voucher/clock'
import { cardId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createAuthority, issueTlsCertificate } from './certificates.ts'
import { createFileCard, insertFileCard } from './file-card.ts'
import { fingerprintOf } from './fingerprint.ts'
import { generatePair, makePartyKeys, readPublicKey, unlockKeyFolder } from './party-keys.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const pin = () => Buffer.from('12345678')

test('keys made once are found again, with and without a passphrase', async () => {
  const purposes = { pairs: ['restock-sign', 'root'], secrets: ['lot-mac', 'fingerprint-atlas'] } as const
  for (const passphrase of [undefined, Buffer.from('open sesame')]) {
    const where = join(folder, String(passphrase))
    const needs = { random: systemRandom, ...(passphrase && { passphrase }) }
    await makePartyKeys(where, purposes, needs)
    const before = await unlockKeyFolder(where, passphrase).pair('restock-sign')
    await makePartyKeys(where, purposes, needs)
    const after = await unlockKeyFolder(where, passphrase).pair('restock-sign')
    expect(fingerprintOf(after.publicKey)).toBe(fingerprintOf(before.publicKey))
    expect(fingerprintOf(readPublicKey(where, 'restock-sign'))).toBe(fingerprintOf(before.publicKey))
    expect((await unlockKeyFolder(where, passphrase).secret('lot-mac')).symmetricKeySize).toBe(32)
    expect(statSync(join(where, 'root.key')).mode & 0o777).toBe(0o600)
  }
  const closed = join(folder, 'open sesame')
  await expect(unlockKeyFolder(closed).pair('root')).rejects.toThrow('needs its passphrase')
  await expect(unlockKeyFolder(closed, Buffer.from('close sesame')).pair('root')).rejects.toThrow(
    'wrong passphrase',
  )
  await expect(unlockKeyFolder(closed).pair('tls')).rejects.toThrow('there is no such key')
})

test('a card opens what was closed for it, after its PIN and until it is locked', async () => {
  const publicKey = await createFileCard(folder, cardId('C0000001'), pin(), systemRandom)
  const safeKey = randomFillSync(Buffer.alloc(32))
  const context = Buffer.from('one code')
  const wrap = (bytes: Buffer, key = publicKey) =>
    publicEncrypt({ key, oaepHash: 'sha256', padding: constants.RSA_PKCS1_OAEP_PADDING }, bytes)
  const card = insertFileCard(folder)
  expect(card.unwrapSafeKey(wrap(safeKey), 'sha256')).toBe('locked')
  const given = pin()
  expect(await card.verifyPin(given)).toBe('right')
  expect(given).toEqual(Buffer.alloc(8))
  const opened = card.unwrapSafeKey(wrap(safeKey), 'sha256')
  expect(
    typeof opened === 'object' &&
      opened.deriveKey(context).export().equals(createHmac('sha256', safeKey).update(context).digest()),
  ).toBe(true)
  const other = generatePair('stock').publicKey
  expect(card.unwrapSafeKey(wrap(safeKey, other), 'sha256')).toBe('not-for-this-card')
  expect(card.unwrapSafeKey(wrap(Buffer.alloc(16)), 'sha256')).toBe('not-for-this-card')
  card.lock()
  expect(card.unwrapSafeKey(wrap(safeKey), 'sha256')).toBe('locked')
})

test('three wrong PINs block, whether in one life or three, and a lost counter too', async () => {
  await createFileCard(folder, cardId('C0000001'), pin(), systemRandom)
  const guess = () => insertFileCard(folder).verifyPin(Buffer.from('wrong pin'))
  expect([await guess(), await guess()]).toEqual(['wrong-pin', 'wrong-pin'])
  expect(await insertFileCard(folder).verifyPin(pin())).toBe('right')
  const card = insertFileCard(folder)
  const at = await Promise.all([1, 2, 3].map(() => card.verifyPin(Buffer.from('wrong pin'))))
  expect(at).toEqual(['wrong-pin', 'wrong-pin', 'blocked'])
  expect(await insertFileCard(folder).verifyPin(pin())).toBe('blocked')
  writeFileSync(join(folder, 'wrong-pins'), '')
  expect(await insertFileCard(folder).verifyPin(pin())).toBe('blocked')
  expect(readFileSync(join(folder, 'card.json'), 'utf8')).not.toContain('12345678')
})

test('a TLS certificate of our authority serves this machine', async () => {
  const needs = { clock: systemClock, random: systemRandom }
  const authority = generatePair('tls-authority')
  const tls = generatePair('tls')
  const ca = await createAuthority('atlas', authority, needs)
  const cert = await issueTlsCertificate(
    { party: 'atlas', publicKey: tls.publicKey, authorityPem: ca, authorityKey: authority.privateKey },
    needs,
  )
  const key = tls.privateKey.export({ type: 'pkcs8', format: 'pem' })
  const server = createServer({ key, cert, ca, requestCert: true, minVersion: 'TLSv1.3' }, (_, answer) =>
    answer.end('hello'),
  )
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const status = await new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, ca, key, cert, agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
      .on('error', reject)
      .end()
  })
  expect(status).toBe(200)
  server.close()
})

test.each(['', '{"id":"C0000001"', '{}', 'null'])(
  'a card whose file holds %j is named, with what to do',
  async (content) => {
    await createFileCard(folder, cardId('C0000001'), pin(), systemRandom)
    const file = join(folder, 'card.json')
    writeFileSync(file, content)
    expect(() => insertFileCard(folder)).toThrow(
      `${file}: empty or damaged, it holds no card: restore it from a copy`,
    )
  },
)
