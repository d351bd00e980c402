import * as crypto from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as durable from '@scratchless/program/durable-file'
import { systemRandom } from '@scratchless/voucher/random'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  generatePair,
  KeyProblem,
  keepTokenPin,
  makePartyKeys,
  type PairPurpose,
  readCertificate,
  readPublicKey,
  unlockKeyFolder,
} from './party-keys.ts'
import * as boxes from './passphrase-box.ts'

vi.mock(import('node:crypto'), async (original) => {
  const real = await original()
  return {
    ...real,
    scrypt: vi.fn(real.scrypt) as unknown as typeof real.scrypt,
    createPrivateKey: vi.fn(real.createPrivateKey),
    createSecretKey: vi.fn(real.createSecretKey) as unknown as typeof real.createSecretKey,
  }
})
vi.mock(import('./passphrase-box.ts'), async (original) => {
  const real = await original()
  return { ...real, encryptBox: vi.fn(real.encryptBox) }
})
vi.mock(import('@scratchless/program/durable-file'), async (original) => {
  const real = await original()
  return { writeDurably: vi.fn(real.writeDurably) }
})

let folder: string
beforeEach(() => {
  vi.clearAllMocks()
  folder = join(mkdtempSync(join(tmpdir(), 'party-')), 'keys')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

const PASSPHRASE = Buffer.from('open sesame')
const open = { random: systemRandom }
const closed = { random: systemRandom, passphrase: PASSPHRASE }
const written = () =>
  vi.mocked(durable.writeDurably).mock.calls.map(([path]) => path.slice(folder.length + 1))
const derivations = () => vi.mocked(crypto.scrypt).mock.calls.length
const file = (name: string) => join(folder, name)
const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)

describe('a pair', () => {
  it.each([
    ['restock-sign', 'rsa'],
    ['restock-unwrap', 'rsa'],
    ['stock', 'rsa'],
    ['supply-sign', 'ec'],
    ['root', 'ec'],
    ['approval', 'ec'],
    ['tls-authority', 'ec'],
    ['tls', 'ec'],
  ] as [PairPurpose, string][])('for %s is of kind %s', (purpose, kind) => {
    const { privateKey, publicKey } = generatePair(purpose)
    expect([privateKey.asymmetricKeyType, publicKey.asymmetricKeyType]).toEqual([kind, kind])
    const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails!
    expect(kind === 'rsa' ? modulusLength : namedCurve).toBe(kind === 'rsa' ? 2_048 : 'prime256v1')
  })
})

describe('making keys', () => {
  it('writes the public half before the private one, durably, and secrets last', async () => {
    await makePartyKeys(folder, { pairs: ['root', 'tls'], secrets: ['lot-mac'] }, open)
    expect(written()).toEqual(['root.pub', 'root.key', 'tls.pub', 'tls.key', 'lot-mac.key'])
    expect(readdirSync(folder).sort()).toEqual([...written()].sort())
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const keys = unlockKeyFolder(folder)
    expect(keys.path).toBe(folder)
    const { privateKey, publicKey } = await keys.pair('root')
    expect(readPublicKey(folder, 'root').equals(publicKey)).toBe(true)
    expect(crypto.createPublicKey(privateKey).equals(publicKey)).toBe(true)
    expect(readFileSync(file('root.pub'), 'utf8')).toContain('BEGIN PUBLIC KEY')
  })

  it('makes secrets of 32 random bytes, each its own', async () => {
    await makePartyKeys(folder, { pairs: [], secrets: ['lot-mac', 'fingerprint-atlas'] }, open)
    const keys = unlockKeyFolder(folder)
    const [mac, fingerprint] = [await keys.secret('lot-mac'), await keys.secret('fingerprint-atlas')]
    expect([mac.symmetricKeySize, fingerprint.symmetricKeySize]).toEqual([32, 32])
    expect(mac.equals(fingerprint)).toBe(false)
  })

  it('leaves what is there, makes what is missing, and where nothing is missing pays for no derivation', async () => {
    await makePartyKeys(folder, { pairs: ['root'] }, closed)
    const root = readFileSync(file('root.key'), 'utf8')
    await makePartyKeys(folder, { pairs: ['root', 'tls'], secrets: ['lot-mac'] }, closed)
    expect(readFileSync(file('root.key'), 'utf8')).toBe(root)
    expect(written()).toEqual(['root.pub', 'root.key', 'tls.pub', 'tls.key', 'lot-mac.key'])
    expect(derivations()).toBe(2)
    await makePartyKeys(folder, { pairs: ['root', 'tls'], secrets: ['lot-mac'] }, closed)
    expect([derivations(), written().length]).toEqual([2, 5])
    await makePartyKeys(folder, { pairs: ['root'], secrets: ['lot-mac', 'fingerprint-a'] }, closed)
    expect([derivations(), written().length]).toEqual([3, 6])
  })

  it('closes them where there is a passphrase, and leaves none of their bytes behind', async () => {
    await makePartyKeys(folder, { pairs: ['root'], secrets: ['lot-mac'] }, closed)
    const handed = vi.mocked(boxes.encryptBox).mock.calls.map(([bytes]) => bytes)
    expect(handed.map((bytes) => bytes.length > 31 && isZero(bytes))).toEqual([true, true])
    for (const name of ['root.key', 'lot-mac.key'])
      expect(JSON.parse(readFileSync(file(name), 'utf8'))).toMatchObject({ kdf: 'scrypt' })
    expect(derivations()).toBe(1)
    expect(PASSPHRASE.toString()).toBe('open sesame')
  })
})

describe("a token's PIN", () => {
  it('is kept in place of an earlier one, and not by its giver', async () => {
    for (const text of ['1234', '4711-0815']) {
      const pin = Buffer.from(text)
      await keepTokenPin(folder, pin, closed)
      expect(isZero(pin)).toBe(true)
      const kept = await unlockKeyFolder(folder, PASSPHRASE).secret('token-pin')
      expect(kept.export().toString()).toBe(text)
    }
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(written()).toEqual(['token-pin.key', 'token-pin.key'])
  })

  it('is written down open where the keys lie open', async () => {
    await keepTokenPin(folder, Buffer.from('1234'), open)
    expect((await unlockKeyFolder(folder).secret('token-pin')).export().toString()).toBe('1234')
  })
})

describe('unlocking', () => {
  it('derives once for keys that were made together, even for those asked at once, and leaves no bytes', async () => {
    await makePartyKeys(folder, { pairs: ['root', 'tls'], secrets: ['lot-mac'] }, closed)
    await keepTokenPin(folder, Buffer.from('1234'), closed)
    vi.clearAllMocks()
    const keys = unlockKeyFolder(folder, PASSPHRASE)
    await Promise.all([keys.pair('root'), keys.pair('tls'), keys.secret('lot-mac')])
    expect(derivations()).toBe(1)
    await keys.secret('token-pin')
    expect(derivations()).toBe(2)
    await keys.pair('root')
    expect(derivations()).toBe(2)
    const ders = vi
      .mocked(crypto.createPrivateKey)
      .mock.calls.map(([given]) => (given as { key: Buffer }).key)
    expect(ders.map((der) => der.length > 100 && isZero(der))).toEqual([true, true, true])
    // The two derived keys are made of bytes too.
    const secrets = vi.mocked(crypto.createSecretKey).mock.calls.map(([bytes]) => bytes as unknown as Buffer)
    expect(secrets.map((bytes) => isZero(bytes))).toEqual([true, true, true, true])
  })

  it('takes its own passphrase only, and says which file it is about', async () => {
    await makePartyKeys(folder, { pairs: ['root'], secrets: ['lot-mac'] }, closed)
    const needs = new KeyProblem(`${file('root.key')}: this key needs its passphrase`)
    const wrong = `${file('lot-mac.key')}: wrong passphrase, or the file was altered`
    await expect(unlockKeyFolder(folder).pair('root')).rejects.toThrow(needs)
    await expect(unlockKeyFolder(folder, null).pair('root')).rejects.toThrow(needs)
    const other = unlockKeyFolder(folder, Buffer.from('close sesame'))
    await expect(other.secret('lot-mac')).rejects.toThrow(new KeyProblem(wrong))
    const box = JSON.parse(readFileSync(file('lot-mac.key'), 'utf8'))
    writeFileSync(file('lot-mac.key'), JSON.stringify({ ...box, cost: 2 ** 21 }))
    await expect(unlockKeyFolder(folder, PASSPHRASE).secret('lot-mac')).rejects.toThrow(new KeyProblem(wrong))
  })

  const REMEDY = 'restore it from a copy; a key that has none is lost, and its party is founded anew'
  it.each([
    ['nothing', '', 'key'],
    ['half of it', '{"kdf":"none","op', 'key'],
    ['null', 'null', 'key'],
    ['a number', '7', 'key'],
    ['an object of another kind', '{"party":"atlas"}', 'key'],
    ['an open key without the key', '{"kdf":"none"}', 'key'],
    ['a box without its content', '{"kdf":"scrypt","cost":32768,"salt":"","nonce":""}', 'key'],
    ['a box without its nonce', '{"kdf":"scrypt","cost":32768,"salt":"","closed":""}', 'key'],
    ['a box without its salt', '{"kdf":"scrypt","cost":32768,"nonce":"","closed":""}', 'key'],
    ['an open key that is none', '{"kdf":"none","open":"AAAA"}', 'private key'],
  ])('says of a file that holds %s what it is', async (_what, content, kind) => {
    mkdirSync(folder)
    writeFileSync(file('root.key'), content)
    await expect(unlockKeyFolder(folder, PASSPHRASE).pair('root')).rejects.toThrow(
      new KeyProblem(`${file('root.key')}: empty or damaged, it holds no ${kind}: ${REMEDY}`),
    )
  })

  it('says of a public key or a certificate that is damaged what it is', () => {
    mkdirSync(folder)
    const damaged = (name: string, what: string) =>
      new KeyProblem(
        `${file(name)}: empty or damaged, it holds no ${what}: restore it from a copy; a key that has none is lost, and its party is founded anew`,
      )
    for (const content of ['', 'nothing', '-----BEGIN PUBLIC KEY-----']) {
      writeFileSync(file('root.pub'), content)
      writeFileSync(file('tls.pem'), content)
      expect(() => readPublicKey(folder, 'root')).toThrow(damaged('root.pub', 'public key'))
      expect(() => readCertificate(folder, 'tls')).toThrow(damaged('tls.pem', 'certificate'))
    }
    expect(() => readCertificate(folder, 'tls-authority')).toThrow(
      new KeyProblem(`${file('tls-authority.pem')}: there is no such key; make this party's keys first`),
    )
  })

  it('says where there is no file, or one that cannot be read', async () => {
    mkdirSync(file('tls.key'), { recursive: true })
    const keys = unlockKeyFolder(folder)
    await expect(keys.pair('root')).rejects.toThrow(
      new KeyProblem(`${file('root.key')}: there is no such key; make this party's keys first`),
    )
    const unreadable = await keys.pair('tls').catch((problem: unknown) => problem)
    expect(unreadable).toEqual(new KeyProblem(`${file('tls.key')}: it cannot be read (EISDIR)`))
    expect(unreadable).toMatchObject({ name: 'KeyProblem', cause: { code: 'EISDIR' } })
  })
})
