import * as crypto from 'node:crypto'
import { systemRandom } from '@scratchless/voucher/random'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  decryptBox,
  decryptWithPassphrase,
  encryptBox,
  encryptWithPassphrase,
  newPassphraseKey,
  type PassphraseBox,
  type PassphraseKey,
  passphraseFor,
  passphraseKeyOf,
} from './passphrase-box.ts'

vi.mock(import('node:crypto'), async (original) => {
  const real = await original()
  return {
    ...real,
    scrypt: vi.fn(real.scrypt) as unknown as typeof real.scrypt,
    createSecretKey: vi.fn(real.createSecretKey) as unknown as typeof real.createSecretKey,
    createDecipheriv: vi.fn(real.createDecipheriv) as unknown as typeof real.createDecipheriv,
    createCipheriv: vi.fn(real.createCipheriv) as unknown as typeof real.createCipheriv,
  }
})
beforeEach(() => {
  vi.clearAllMocks()
})

const CONTENT = Buffer.from('a private key')
const PASSPHRASE = Buffer.from('open sesame')
/** A key without the price of scrypt. */
const KEY: PassphraseKey = {
  cost: 2 ** 15,
  salt: Buffer.alloc(16, 5).toString('base64'),
  key: crypto.createSecretKey(Buffer.alloc(32, 7)),
}
const changed = (base64: string, change: (bytes: Buffer) => Buffer) =>
  change(Buffer.from(base64, 'base64')).toString('base64')

describe('a box', () => {
  it('opens with its passphrase, and with no other', async () => {
    const box = await encryptWithPassphrase(CONTENT, PASSPHRASE, systemRandom)
    expect(await decryptWithPassphrase(box, PASSPHRASE)).toEqual(CONTENT)
    expect(await decryptWithPassphrase(box, Buffer.from('open sesamf'))).toBeNull()
    expect(box).toMatchObject({ kdf: 'scrypt', cost: 32_768 })
    expect(JSON.stringify(box)).not.toContain(CONTENT.toString('base64'))
  })

  it('is scrypt with N = 2^15, r = 8, p = 1 and AES-256-GCM, by other hands too', async () => {
    const box = await encryptWithPassphrase(CONTENT, PASSPHRASE, systemRandom)
    const salt = Buffer.from(box.salt, 'base64')
    const nonce = Buffer.from(box.nonce, 'base64')
    const closed = Buffer.from(box.closed, 'base64')
    expect([salt.length, nonce.length, closed.length]).toEqual([16, 12, CONTENT.length + 16])
    const key = crypto.scryptSync(PASSPHRASE, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 27 })
    const decipher = crypto.createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
    decipher.setAuthTag(closed.subarray(-16))
    expect(Buffer.concat([decipher.update(closed.subarray(0, -16)), decipher.final()])).toEqual(CONTENT)
  })

  it('never has salt or nonce of another', async () => {
    const [one, other] = [
      await newPassphraseKey(PASSPHRASE, systemRandom),
      await newPassphraseKey(PASSPHRASE, systemRandom),
    ]
    expect(one.salt).not.toBe(other.salt)
    expect(one.key.equals(other.key)).toBe(false)
    const nonces = [1, 2].map(() => encryptBox(CONTENT, KEY, systemRandom).nonce)
    expect(nonces[0]).not.toBe(nonces[1])
  })

  it('does not open with any bit changed, and what came out of it is wiped', () => {
    const box = encryptBox(CONTENT, KEY, systemRandom)
    expect(decryptBox(box, KEY)).toEqual(CONTENT)
    const update = vi.spyOn(crypto.Decipheriv.prototype, 'update')
    for (const part of ['closed', 'nonce'] as const) {
      const { length } = Buffer.from(box[part], 'base64')
      for (let bit = 0; bit < length * 8; bit++) {
        const flip = (bytes: Buffer) => {
          bytes[bit >> 3]! ^= 1 << (bit & 7)
          return bytes
        }
        expect(decryptBox({ ...box, [part]: changed(box[part], flip) }, KEY)).toBeNull()
      }
    }
    const cameOut = update.mock.results.map(({ value }) => Buffer.from(value as unknown as Buffer))
    update.mockRestore()
    expect(cameOut.length).toBeGreaterThan(200)
    expect(cameOut.every((bytes) => bytes.equals(Buffer.alloc(CONTENT.length)))).toBe(true)
  })

  it('does not open cut anywhere, nor with a nonce of another length', () => {
    const box = encryptBox(CONTENT, KEY, systemRandom)
    for (let length = 0; length < CONTENT.length + 16; length++)
      expect(
        decryptBox({ ...box, closed: changed(box.closed, (bytes) => bytes.subarray(0, length)) }, KEY),
      ).toBeNull()
    for (const nonce of ['', changed(box.nonce, (bytes) => bytes.subarray(1)), `${box.nonce}AAAA`])
      expect(decryptBox({ ...box, nonce }, KEY)).toBeNull()
  })

  it('may hold nothing, and then is its tag alone', () => {
    const box = encryptBox(Buffer.alloc(0), KEY, systemRandom)
    expect(Buffer.from(box.closed, 'base64')).toHaveLength(16)
    expect(decryptBox(box, KEY)).toEqual(Buffer.alloc(0))
  })

  it('has a tag of 16 bytes, whatever a file says', () => {
    decryptBox(encryptBox(CONTENT, KEY, systemRandom), KEY)
    for (const made of [crypto.createCipheriv, crypto.createDecipheriv])
      expect(vi.mocked(made).mock.calls.map((call) => call[3])).toEqual([{ authTagLength: 16 }])
  })
})

describe('the price of a guess', () => {
  const box = (cost: number, kdf = 'scrypt') => ({ kdf, cost, salt: KEY.salt }) as PassphraseBox

  it('is what the box says, within bounds', async () => {
    const salt = Buffer.from(KEY.salt, 'base64')
    const least = await passphraseKeyOf(box(2 ** 15), PASSPHRASE)
    expect(least).toMatchObject({ cost: 2 ** 15, salt: KEY.salt })
    const known = crypto.scryptSync(PASSPHRASE, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 27 })
    expect(least?.key.export()).toEqual(known)
    // A gigabyte of memory is not spent here: what scrypt is asked for is enough.
    vi.mocked(crypto.scrypt).mockImplementationOnce(((...given: unknown[]) =>
      (given[4] as (error: null, bytes: Buffer) => void)(null, Buffer.alloc(32, 3))) as never)
    expect((await passphraseKeyOf(box(2 ** 20), PASSPHRASE))?.cost).toBe(2 ** 20)
    expect(vi.mocked(crypto.scrypt).mock.lastCall?.slice(1, 4)).toEqual([
      salt,
      32,
      { N: 2 ** 20, r: 8, p: 1, maxmem: 2 ** 31 },
    ])
  })

  it.each([
    ['too much for any machine', 2 ** 21],
    ['no power of two', 2 ** 15 + 1],
    ['less than we ever asked for', 2 ** 14],
    ['none', 0],
    ['below zero', -(2 ** 15)],
    ['not there', undefined as unknown as number],
  ])('is not paid where it is %s: the box is none of ours', async (_what, cost) => {
    expect(await passphraseKeyOf(box(cost), PASSPHRASE)).toBeNull()
    expect(await decryptWithPassphrase({ ...box(cost), nonce: '', closed: '' }, PASSPHRASE)).toBeNull()
    expect(crypto.scrypt).not.toHaveBeenCalled()
  })

  it('is not paid for another function than scrypt', async () => {
    expect(await passphraseKeyOf(box(2 ** 15, 'pbkdf2'), PASSPHRASE)).toBeNull()
    expect(crypto.scrypt).not.toHaveBeenCalled()
  })

  it('leaves nothing of the key behind but the key', async () => {
    const key = await newPassphraseKey(PASSPHRASE, systemRandom)
    const [handed] = vi.mocked(crypto.createSecretKey).mock.lastCall as unknown as [Buffer]
    expect(handed).toEqual(Buffer.alloc(32))
    expect(key.key.export().equals(Buffer.alloc(32))).toBe(false)
    expect(PASSPHRASE.toString()).toBe('open sesame')
  })

  it('is not forgotten where scrypt itself fails', async () => {
    vi.mocked(crypto.scrypt).mockImplementationOnce(((...given: unknown[]) =>
      (given[4] as (error: Error) => void)(new Error('no memory'))) as never)
    await expect(newPassphraseKey(PASSPHRASE, systemRandom)).rejects.toThrow('no memory')
  })
})

describe("a process's passphrase", () => {
  it("is made of the program's and the process's name, and of nothing else", () => {
    const expected = crypto
      .createHmac('sha256', 'open sesame')
      .update('scratchless passphrase 1 vault')
      .digest()
    expect(passphraseFor(PASSPHRASE, 'vault')).toEqual(expected)
    expect(passphraseFor(PASSPHRASE, 'vault')).toHaveLength(32)
    expect(passphraseFor(PASSPHRASE, 'api')).not.toEqual(expected)
    expect(passphraseFor(Buffer.from('open sesamf'), 'vault')).not.toEqual(expected)
  })
})
