// Encrypting and decrypting, clause by clause.

import * as crypto from 'node:crypto'
import { type Random, systemRandom } from '@scratchless/voucher/random'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { privateKey, publicKey } from '../testing/restock-examples.ts'
import { decryptData } from './decrypt.ts'
import { encryptData, encryptedDataParts, type PlaintextKind } from './encrypt.ts'
import {
  signatureHolds,
  signingKeyOf,
  tokenSigningKey,
  tokenUnwrappingKey,
  type UnwrappingKey,
  unwrappingKeyOf,
  wrapContentKey,
} from './rsa-keys.ts'
import { isSuite, SUITES, type Suite } from './suites.ts'

vi.mock(import('node:crypto'), async (original) => {
  const real = await original()
  return {
    ...real,
    createSecretKey: vi.fn(real.createSecretKey) as unknown as typeof real.createSecretKey,
    createCipheriv: vi.fn(real.createCipheriv) as unknown as typeof real.createCipheriv,
    createDecipheriv: vi.fn(real.createDecipheriv) as unknown as typeof real.createDecipheriv,
  }
})
beforeEach(() => {
  vi.clearAllMocks()
})

const rsa = { privateKey: privateKey('atlas', 'open'), publicKey: publicKey('atlas', 'open') }
const key = unwrappingKeyOf(rsa.privateKey)
const PLAINTEXT = Buffer.from('<Codes>12345</Codes>')
const suites: Suite[] = ['interop', 'modern']
const kinds: PlaintextKind[] = ['element', 'octets']
const both = suites.flatMap((suite) => kinds.map((kind) => ({ suite, kind })))

function encrypt(suite: Suite, kind: PlaintextKind, plaintext = PLAINTEXT, random: Random = systemRandom) {
  return encryptData(plaintext, kind, { suite, receiverKey: rsa.publicKey, random })
}
/** The two base64 texts of an EncryptedData: the wrapped key and the body. */
function holesOf(text: string): [string, string] {
  const [wrapped, body] = [...text.matchAll(/<xenc:CipherValue>([^<]*)</g)].map(([, hole]) => hole!)
  return [wrapped!, body!]
}
const withBody = (text: string, change: (body: Buffer) => Buffer) => {
  const [, body] = holesOf(text)
  return text.replace(body, change(Buffer.from(body, 'base64')).toString('base64'))
}

describe.each(both)('in suite $suite, $kind', ({ suite, kind }) => {
  const text = encrypt(suite, kind)

  it('comes back for its receiver only, in its own suite and kind only', async () => {
    expect(await decryptData(text, kind, suite, key)).toEqual(PLAINTEXT)
    const other = unwrappingKeyOf(privateKey('sahel', 'open'))
    expect(await decryptData(text, kind, suite, other)).toBeNull()
    expect(await decryptData(text, kind === 'element' ? 'octets' : 'element', suite, key)).toBeNull()
    expect(await decryptData(text, kind, suite === 'modern' ? 'interop' : 'modern', key)).toBeNull()
  })

  it('is key and initial vector made for it, ciphertext and tag of 16 bytes', async () => {
    const targets: Uint8Array[] = []
    const random: Random = {
      fill(target) {
        targets.push(target)
        target.fill(targets.length)
      },
    }
    const made = encrypt(suite, kind, PLAINTEXT, random)
    // The key was 32 bytes of 1 and is gone; the vector is 12 bytes of 2 and stands in front.
    expect(targets).toEqual([Buffer.alloc(32), Buffer.alloc(12, 2)])
    const [wrapped, body] = holesOf(made).map((hole) => Buffer.from(hole, 'base64')) as [Buffer, Buffer]
    expect(body.subarray(0, 12)).toEqual(Buffer.alloc(12, 2))
    expect(body).toHaveLength(12 + PLAINTEXT.length + 16)
    const cipher = crypto.createCipheriv('aes-256-gcm', Buffer.alloc(32, 1), Buffer.alloc(12, 2), {
      authTagLength: 16,
    })
    const expected = [cipher.update(PLAINTEXT), cipher.final(), cipher.getAuthTag()]
    expect(body.subarray(12)).toEqual(Buffer.concat(expected))
    const oaepHash = suite === 'modern' ? 'sha256' : 'sha1'
    const padding = crypto.constants.RSA_PKCS1_OAEP_PADDING
    expect(crypto.privateDecrypt({ key: rsa.privateKey, padding, oaepHash }, wrapped)).toEqual(
      Buffer.alloc(32, 1),
    )
    expect(PLAINTEXT.toString()).toBe('<Codes>12345</Codes>')
  })

  it('does not open altered, and what came out of it is wiped', async () => {
    const update = vi.spyOn(crypto.Decipheriv.prototype, 'update')
    for (const at of [0, 11, 12, 20, -16, -1]) {
      const changed = withBody(text, (body) => {
        body[at < 0 ? body.length + at : at]! ^= 1
        return body
      })
      expect(await decryptData(changed, kind, suite, key)).toBeNull()
    }
    const cameOut = update.mock.results.map(({ value }) => value as unknown)
    update.mockRestore()
    expect(cameOut).toEqual(Array.from({ length: 6 }, () => Buffer.alloc(PLAINTEXT.length)))
  })

  it('does not open cut, and nobody is asked for a key that could only be wasted', async () => {
    const asked = vi.fn<UnwrappingKey['unwrap']>(key.unwrap)
    const refuses = async (changed: string) => {
      expect(changed).not.toBe(text)
      expect(await decryptData(changed, kind, suite, { unwrap: asked })).toBeNull()
    }
    const [wrapped, body] = holesOf(text)
    await refuses(text.replace('<xenc:EncryptedData ', '<xenc:EncryptedData Id="a" '))
    // As long as ours, so that nothing moves: another algorithm, another type, another end.
    await refuses(text.replace('aes256-gcm', 'aes128-gcm'))
    await refuses(text.replace('/xmlenc#"', '/xmlenc%"'))
    await refuses(
      text.replace('</xenc:CipherData></xenc:EncryptedData>', '</xenc:CipherDatb></xenc:EncryptedData>'),
    )
    await refuses(` ${text}`)
    await refuses(`${text} `)
    await refuses(text.replace('</xenc:EncryptedKey>', '<a></a></xenc:EncryptedKey>'))
    await refuses(
      text.replace(
        '</xenc:CipherData></xenc:EncryptedData>',
        '</xenc:CipherData><a></a></xenc:EncryptedData>',
      ),
    )
    await refuses(text.replace(wrapped, `*${wrapped}`))
    await refuses(text.replace(body, `*${body}`))
    await refuses(withBody(text, (bytes) => bytes.subarray(0, 27)))
    await refuses(text.replace(body, ''))
    expect(asked).not.toHaveBeenCalled()
    // A vector and a tag around nothing are whole; they only do not fit.
    await refuses(withBody(text, (bytes) => bytes.subarray(0, 28)))
    expect(asked).toHaveBeenCalledTimes(1)
    await refuses(text.replace(wrapped, ''))
  })

  it('may hold nothing', async () => {
    expect(await decryptData(encrypt(suite, kind, Buffer.alloc(0)), kind, suite, key)).toEqual(
      Buffer.alloc(0),
    )
  })

  it('has a tag of 16 bytes, whatever a message says, and its base64 may be broken into lines', async () => {
    const [, body] = holesOf(encrypt(suite, kind))
    const broken = text.replace(holesOf(text)[1], (hole) => hole.replace(/(.{20})/g, '$1\n'))
    expect(body.length).toBeGreaterThan(20)
    expect(await decryptData(broken, kind, suite, key)).toEqual(PLAINTEXT)
    for (const made of [crypto.createCipheriv, crypto.createDecipheriv])
      expect(vi.mocked(made).mock.calls.map(([name, , , options]) => [name, options])).toEqual([
        ['aes-256-gcm', { authTagLength: 16 }],
      ])
  })
})

it('says what it is in the words of XML Encryption 1.1', () => {
  const around = (suite: Suite, kind: PlaintextKind) => encryptedDataParts(suite, kind).join('…')
  const rest =
    '<xenc:CipherData><xenc:CipherValue>…</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>' +
    '<xenc:CipherData><xenc:CipherValue>…</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>'
  const content =
    '<xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"></xenc:EncryptionMethod>'
  const keyInfo = '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey>'
  expect(around('interop', 'element')).toBe(
    '<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element">' +
      content +
      keyInfo +
      '<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p">' +
      '<ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"></ds:DigestMethod></xenc:EncryptionMethod>' +
      rest,
  )
  expect(around('modern', 'octets')).toBe(
    '<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" MimeType="application/octet-stream">' +
      content +
      keyInfo +
      '<xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#rsa-oaep">' +
      '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>' +
      '<xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"></xenc11:MGF>' +
      '</xenc:EncryptionMethod>' +
      rest,
  )
})

describe('keys', () => {
  /** A public key of as many bits; nobody knows its primes, because it has none. */
  function publicKeyOf(bits: number): crypto.KeyObject {
    const n = Buffer.alloc(Math.ceil(bits / 8), 0xff)
    n[0] = 0xff >> ((8 - (bits % 8)) % 8)
    return crypto.createPublicKey({
      key: { kty: 'RSA', n: n.toString('base64url'), e: 'AQAB' },
      format: 'jwk',
    })
  }
  const contentKey = Buffer.alloc(32, 1)

  it.each([2048, 3072, 4096])('of %i bits close a content key', (bits) => {
    for (const suite of suites)
      expect(wrapContentKey(suite, publicKeyOf(bits), contentKey)).toHaveLength(bits / 8)
  })

  it.each([1024, 2047, 4097])('of %i bits do not', (bits) => {
    const problem = new TypeError('an RSA public key of 2048 to 4096 bits is needed')
    expect(() => wrapContentKey('modern', publicKeyOf(bits), contentKey)).toThrow(problem)
    expect(() => signatureHolds('modern', publicKeyOf(bits), contentKey, contentKey)).toThrow(problem)
  })

  it('of another kind, or the wrong half, are of no use', () => {
    const ec = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pss = crypto.generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
    const problem = (type: string) => new TypeError(`an RSA ${type} key of 2048 to 4096 bits is needed`)
    for (const wrong of [rsa.publicKey, ec.privateKey, pss.privateKey, crypto.createSecretKey(contentKey)]) {
      expect(() => signingKeyOf(wrong)).toThrow(problem('private'))
      expect(() => unwrappingKeyOf(wrong)).toThrow(problem('private'))
    }
    for (const wrong of [rsa.privateKey, ec.publicKey, pss.publicKey]) {
      expect(() => wrapContentKey('interop', wrong, contentKey)).toThrow(problem('public'))
      expect(() => signatureHolds('interop', wrong, contentKey, contentKey)).toThrow(problem('public'))
    }
  })

  it.each(suites)(
    'open content keys of 32 bytes only, in suite %s, and leave none of their bytes',
    (suite) => {
      const opened = key.unwrap(suite, wrapContentKey(suite, rsa.publicKey, contentKey)) as crypto.KeyObject
      expect(opened.export()).toEqual(contentKey)
      expect(vi.mocked(crypto.createSecretKey).mock.calls).toEqual([[Buffer.alloc(32)]])
      for (const size of [0, 16, 31, 33])
        expect(key.unwrap(suite, wrapContentKey(suite, rsa.publicKey, Buffer.alloc(size, 1)))).toBeNull()
      expect(key.unwrap(suite, Buffer.alloc(256, 1))).toBeNull()
      expect(key.unwrap(suite, Buffer.alloc(3))).toBeNull()
    },
  )

  it('in a token speak suite interop and no other', () => {
    const sign = vi.fn(() => Buffer.from('signed'))
    const signing = tokenSigningKey({ sign })
    expect(signing.sign('interop', Buffer.from('info'))).toEqual(Buffer.from('signed'))
    expect(sign).toHaveBeenCalledExactlyOnceWith(Buffer.from('info'))
    const secret = (size: number) => crypto.createSecretKey(Buffer.alloc(size, 1))
    const opening = (answer: crypto.KeyObject | null) => tokenUnwrappingKey({ open: () => answer })
    expect(opening(secret(32)).unwrap('interop', Buffer.alloc(1))).toMatchObject({ symmetricKeySize: 32 })
    for (const answer of [null, secret(16), secret(33)])
      expect(opening(answer).unwrap('interop', Buffer.alloc(1))).toBeNull()
    const problem = new TypeError('a key in a token does not speak suite modern')
    expect(() => signing.sign('modern', Buffer.alloc(1))).toThrow(problem)
    expect(() => opening(secret(32)).unwrap('modern', Buffer.alloc(1))).toThrow(problem)
    expect(sign).toHaveBeenCalledTimes(1)
  })
})

it('suites are agreed by name, and two of them are known', () => {
  expect(Object.keys(SUITES).sort()).toEqual(['interop', 'modern'])
  expect([isSuite('modern'), isSuite('interop'), isSuite('md5-bridge'), isSuite('toString')]).toEqual([
    true,
    true,
    false,
    false,
  ])
  expect(SUITES.modern.signature).toBe('http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1')
})
