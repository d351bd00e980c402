import * as crypto from 'node:crypto'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as durable from '@scratchless/program/durable-file'
import { cardId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createFileCard, insertFileCard, MIN_FILE_CARD_PIN_LENGTH } from './file-card.ts'
import { KeyProblem } from './party-keys.ts'
import { encryptWithPassphrase } from './passphrase-box.ts'

vi.mock(import('node:crypto'), async (original) => {
  const real = await original()
  return {
    ...real,
    scrypt: vi.fn(real.scrypt) as unknown as typeof real.scrypt,
    createPrivateKey: vi.fn(real.createPrivateKey),
    createSecretKey: vi.fn(real.createSecretKey) as unknown as typeof real.createSecretKey,
  }
})
vi.mock(import('node:fs'), async (original) => {
  const real = await original()
  return { ...real, fsyncSync: vi.fn(real.fsyncSync) }
})
vi.mock(import('./passphrase-box.ts'), async (original) => {
  const real = await original()
  return { ...real, encryptWithPassphrase: vi.fn(real.encryptWithPassphrase) }
})
vi.mock(import('@scratchless/program/durable-file'), async (original) => {
  const real = await original()
  return { writeDurably: vi.fn(real.writeDurably) }
})

const ID = cardId('C0000001')
const PIN = '12345678'
const pin = (text = PIN) => Buffer.from(text)
const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)

let made: string
let folder: string
beforeAll(async () => {
  made = fs.mkdtempSync(join(tmpdir(), 'card-'))
  await createFileCard(made, ID, pin(), systemRandom)
  return () => fs.rmSync(made, { recursive: true })
})
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'card-'))
  fs.cpSync(made, folder, { recursive: true })
  vi.clearAllMocks()
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

const counter = () => fs.readFileSync(join(folder, 'wrong-pins'), 'utf8')
/** The counter's values in the order in which they were made to last. */
const counted = () => vi.mocked(durable.writeDurably).mock.calls.map(([, content]) => content)
const wrap = (bytes: Uint8Array, oaepHash: 'sha256' | 'sha1' = 'sha256') =>
  crypto.publicEncrypt(
    { key: insertFileCard(folder).publicKey, oaepHash, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING },
    bytes,
  )

describe('making a card', () => {
  it('writes its counter before the card itself, in a folder of its own, and forgets PIN and key', async () => {
    const place = join(folder, 'deep', 'card')
    const given = pin()
    const publicKey = await createFileCard(place, ID, given, systemRandom)
    expect(vi.mocked(durable.writeDurably).mock.calls.map(([path]) => path)).toEqual([
      join(place, 'wrong-pins'),
      join(place, 'card.json'),
    ])
    expect(fs.statSync(place).mode & 0o777).toBe(0o700)
    expect(isZero(given)).toBe(true)
    const [der] = vi.mocked(encryptWithPassphrase).mock.lastCall!
    expect(der.length > 1_000 && isZero(der)).toBe(true)
    const card = JSON.parse(fs.readFileSync(join(place, 'card.json'), 'utf8'))
    expect(card).toMatchObject({ id: ID, privateKey: { kdf: 'scrypt', cost: 32_768 } })
    expect(crypto.createPublicKey(card.publicKey).equals(publicKey)).toBe(true)
    expect(publicKey.asymmetricKeyDetails?.modulusLength).toBe(2_048)
    expect(fs.readFileSync(join(place, 'wrong-pins'), 'utf8')).toBe('0\n')
  })

  it('takes a PIN of eight characters, and none of seven', async () => {
    expect(MIN_FILE_CARD_PIN_LENGTH).toBe(8)
    await expect(createFileCard(join(folder, 'new'), ID, pin('1234567'), systemRandom)).rejects.toThrow(
      new RangeError("a file card's PIN has at least 8 characters"),
    )
    expect(fs.existsSync(join(folder, 'new'))).toBe(false)
  })

  it('never replaces a card', async () => {
    const before = fs.readFileSync(join(folder, 'card.json'), 'utf8')
    await expect(createFileCard(folder, ID, pin(), systemRandom)).rejects.toThrow(
      `${folder} holds a card already`,
    )
    expect(fs.readFileSync(join(folder, 'card.json'), 'utf8')).toBe(before)
  })
})

describe('a card', () => {
  it('says who it is without its PIN, and is none where there is no file', () => {
    const card = insertFileCard(folder)
    expect([card.id, card.class, card.publicKey.type]).toEqual([ID, 'file', 'public'])
    expect(() => insertFileCard(join(folder, 'nowhere'))).toThrow('ENOENT')
  })

  it.each(['', 'no JSON', '{}', '{"id":"C0000001","publicKey":"none"}'])(
    'is damaged where its file holds %j, and what to do is said',
    (content) => {
      const path = join(folder, 'card.json')
      fs.writeFileSync(path, content)
      const damaged = `${path}: empty or damaged, it holds no card: restore it from a copy, or have the centre revoke this card and issue another`
      expect(() => insertFileCard(folder)).toThrow(new KeyProblem(damaged))
    },
  )

  it('opens safe keys of 32 bytes by either hash of OAEP, and by the one that closed them only', async () => {
    const card = insertFileCard(folder)
    const safeKey = crypto.randomBytes(32)
    expect(card.unwrapSafeKey(wrap(safeKey), 'sha256')).toBe('locked')
    expect(await card.verifyPin(pin())).toBe('right')
    for (const [hash, other] of [
      ['sha256', 'sha1'],
      ['sha1', 'sha256'],
    ] as const) {
      expect(typeof card.unwrapSafeKey(wrap(safeKey, hash), hash)).toBe('object')
      expect(card.unwrapSafeKey(wrap(safeKey, hash), other)).toBe('not-for-this-card')
    }
    for (const size of [31, 33, 0])
      expect(card.unwrapSafeKey(wrap(Buffer.alloc(size, 1)), 'sha256')).toBe('not-for-this-card')
    expect(card.unwrapSafeKey(Buffer.alloc(256), 'sha256')).toBe('not-for-this-card')
    expect(card.unwrapSafeKey(Buffer.alloc(3), 'sha256')).toBe('not-for-this-card')
    card.lock()
    expect(card.unwrapSafeKey(wrap(safeKey), 'sha256')).toBe('locked')
  })

  it('derives the key of one code, and nothing of the safe key is left once it forgot it', async () => {
    const card = insertFileCard(folder)
    await card.verifyPin(pin())
    const safeKey = crypto.randomBytes(32)
    const context = Buffer.from('one code')
    const open = card.unwrapSafeKey(wrap(safeKey), 'sha256')
    if (typeof open === 'string') throw new Error(open)
    vi.mocked(crypto.createSecretKey).mockClear()
    const hmac = (key: Uint8Array) => crypto.createHmac('sha256', key).update(context).digest()
    expect(open.deriveKey(context).export()).toEqual(hmac(safeKey))
    const [raw] = vi.mocked(crypto.createSecretKey).mock.lastCall as unknown as [Buffer]
    expect(raw).toEqual(Buffer.alloc(32))
    open.forget()
    expect(open.deriveKey(context).export()).toEqual(hmac(Buffer.alloc(32)))
  })
})

describe('a PIN', () => {
  it('is counted before it is tried, and made to last by two syncs', async () => {
    const card = insertFileCard(folder)
    vi.mocked(crypto.scrypt).mockImplementationOnce(((...given: unknown[]) => {
      // At this moment the power goes.
      expect(counter()).toBe('1\n')
      expect(fs.fsyncSync).toHaveBeenCalledTimes(2)
      ;(given[4] as (error: Error) => void)(new Error('no power'))
    }) as never)
    await expect(card.verifyPin(pin())).rejects.toThrow('no power')
    expect(counter()).toBe('1\n')
    expect(crypto.scrypt).toHaveBeenCalledTimes(1)
    // The power came back: two tries are left.
    expect(await insertFileCard(folder).verifyPin(pin('87654321'))).toBe('wrong-pin')
    expect(await insertFileCard(folder).verifyPin(pin('87654321'))).toBe('blocked')
  })

  it('that is right sets the counter back once it has been found right', async () => {
    const card = insertFileCard(folder)
    expect(await card.verifyPin(pin('87654321'))).toBe('wrong-pin')
    expect(await card.verifyPin(pin())).toBe('right')
    expect(counted()).toEqual(['1\n', '2\n', '0\n'])
    expect(fs.fsyncSync).toHaveBeenCalledTimes(6)
    expect(counter()).toBe('0\n')
  })

  it('that is wrong three times blocks, and then the right one is not even tried', async () => {
    expect(insertFileCard(folder).triesLeft()).toBe(3)
    const card = insertFileCard(folder)
    const wrong = [pin('00000000'), pin('1234567'), pin('')]
    expect([
      await card.verifyPin(wrong[0]!),
      await card.verifyPin(wrong[1]!),
      await card.verifyPin(wrong[2]!),
    ]).toEqual(['wrong-pin', 'wrong-pin', 'blocked'])
    expect(wrong.every(isZero)).toBe(true)
    expect(counted()).toEqual(['1\n', '2\n', '3\n'])
    vi.clearAllMocks()
    const right = pin()
    expect(await card.verifyPin(right)).toBe('blocked')
    expect(isZero(right)).toBe(true)
    expect(crypto.scrypt).not.toHaveBeenCalled()
    expect(card.unwrapSafeKey(wrap(Buffer.alloc(32)), 'sha256')).toBe('locked')
  })

  it('may be right at the third try', async () => {
    fs.writeFileSync(join(folder, 'wrong-pins'), '2\n')
    expect(await insertFileCard(folder).verifyPin(pin())).toBe('right')
    expect(counter()).toBe('0\n')
  })

  it('waits for the one before it, even where that one failed', async () => {
    const card = insertFileCard(folder)
    vi.mocked(crypto.scrypt).mockImplementationOnce(((...given: unknown[]) =>
      (given[4] as (error: Error) => void)(new Error('no memory'))) as never)
    const all = await Promise.allSettled([card.verifyPin(pin()), card.verifyPin(pin('00000000'))])
    expect(all).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: 'wrong-pin' }])
    expect(counted()).toEqual(['1\n', '2\n'])
  })

  it('that is wrong stays counted, though a right one was on its way at the same time', async () => {
    const card = insertFileCard(folder)
    expect(await Promise.all([card.verifyPin(pin()), card.verifyPin(pin('00000000'))])).toEqual([
      'right',
      'wrong-pin',
    ])
    expect(counter()).toBe('1\n')
    expect(counted()).toEqual(['1\n', '0\n', '1\n'])
  })

  it.each(['', '-1', '10', '3', '9', 'x', '1 1', '1x', 'x1'])(
    'is not tried where the counter says %j: what cannot be read counts as full',
    async (text) => {
      fs.writeFileSync(join(folder, 'wrong-pins'), text)
      expect(await insertFileCard(folder).verifyPin(pin())).toBe('blocked')
    },
  )

  it('is not tried where the counter was taken away', async () => {
    fs.rmSync(join(folder, 'wrong-pins'))
    expect(await insertFileCard(folder).verifyPin(pin())).toBe('blocked')
  })

  it('leaves nothing of the key that it opened', async () => {
    const card = insertFileCard(folder)
    vi.mocked(crypto.createPrivateKey).mockClear()
    await card.verifyPin(pin())
    const [{ key }] = vi.mocked(crypto.createPrivateKey).mock.lastCall as unknown as [{ key: Buffer }]
    expect(key.length).toBeGreaterThan(1_000)
    expect(isZero(key)).toBe(true)
  })
})
