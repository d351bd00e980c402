import { createPublicKey, createSecretKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { unwrapAsRecipient } from '../testing/as-card.ts'
import { type CborValue, decodeCbor, encodeCbor } from './cbor.ts'
import {
  fromCoseKey,
  mac0,
  p256Signer,
  peekKid,
  recipientFromCbor,
  recipientToCbor,
  sign1,
  toCoseKey,
  verify1,
  verifyMac0,
  wrapForRecipient,
} from './cose.ts'
import { kidOfNumber, ROOT_KID, signCertificate, verifyCertificate } from './cwt.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const kid = kidOfNumber(9)
const signer = p256Signer(kid, privateKey)
const payload = Buffer.from('payload')
const external = Buffer.from('external')

describe('COSE_Sign1', () => {
  it('gives the payload only under the same key, kid and external data', () => {
    const message = sign1(payload, external, signer)
    expect(verify1(message, external, { kid, publicKey })).toEqual(payload)
    expect(peekKid(message)).toEqual(kid)
    expect(verify1(message, Buffer.from('other'), { kid, publicKey })).toBeUndefined()
    expect(verify1(message, external, { kid: kidOfNumber(8), publicKey })).toBeUndefined()
    const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey
    expect(verify1(message, external, { kid, publicKey: other })).toBeUndefined()
  })

  it('refuses a key of another curve rather than sign or verify with it', () => {
    const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
    expect(() => p256Signer(kid, p384.privateKey)).toThrow(TypeError)
    const message = sign1(payload, external, signer)
    expect(() => verify1(message, external, { kid, publicKey: p384.publicKey })).toThrow(TypeError)
  })

  it('spells each half in 32 bytes, however short its number is, as any other writer does', () => {
    const raw = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
    const shorts = new Set<number>()
    // Each half begins with a zero once in 256.
    for (let n = 0; shorts.size < 2 && n < 20_000; n++) {
      const bytes = Buffer.from(`message ${n}`)
      const ours = signer.sign(bytes)
      expect(verify('sha256', bytes, { ...raw, key: publicKey }, ours)).toBe(true)
      for (const half of [0, 32]) if (ours[half] === 0) shorts.add(half)
    }
    expect([...shorts].sort()).toEqual([0, 32])
    shorts.clear()
    const other = { kid, sign: (bytes: Uint8Array) => sign('sha256', bytes, raw) }
    for (let n = 0; shorts.size < 2 && n < 20_000; n++) {
      const message = sign1(payload, external, other)
      expect(verify1(message, external, { kid, publicKey })).toEqual(payload)
      for (const half of [0, 32]) if (message.at(half - 64) === 0) shorts.add(half)
    }
    expect([...shorts].sort()).toEqual([0, 32])
  })

  it('takes neither zeros nor ones for a signature', () => {
    const message = sign1(payload, external, signer)
    for (const bytes of [Buffer.alloc(64), Buffer.alloc(64, 0xff)]) {
      const forged = Buffer.concat([message.subarray(0, -64), bytes])
      expect(verify1(forged, external, { kid, publicKey })).toBeUndefined()
    }
  })
})

describe('COSE_Mac0', () => {
  it('is no signature, and needs its own key, kid and external data', () => {
    const key = createSecretKey(Buffer.alloc(32, 1))
    const message = mac0(payload, external, kid, key)
    expect(verifyMac0(message, external, kid, key)).toEqual(payload)
    expect(verifyMac0(message, Buffer.alloc(0), kid, key)).toBeUndefined()
    expect(verifyMac0(message, external, kid, createSecretKey(Buffer.alloc(32, 2)))).toBeUndefined()
    expect(verify1(message, external, { kid, publicKey })).toBeUndefined()
  })
})

describe('COSE_Key', () => {
  it('comes back as the same key', () => {
    const value = decodeCbor(encodeCbor(toCoseKey(publicKey)))
    expect(fromCoseKey(value)?.equals(publicKey)).toBe(true)
  })

  it('refuses a point off the curve, a private part and another form', () => {
    const entries = [...toCoseKey(publicKey)] as [number, CborValue][]
    const withX = (x: Uint8Array) => new Map(entries.map(([key, item]) => [key, key === -2 ? x : item]))
    expect(fromCoseKey(withX(Buffer.alloc(32, 1)))).toBeUndefined()
    expect(fromCoseKey(withX(Buffer.alloc(31)))).toBeUndefined()
    expect(fromCoseKey(new Map([...entries, [-4, Buffer.alloc(32)]]))).toBeUndefined()
    expect(fromCoseKey(new Map(entries.slice(1)))).toBeUndefined()
    expect(fromCoseKey([])).toBeUndefined()
  })
})

describe('a recipient', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const secret = createSecretKey(Buffer.alloc(32, 7))

  it.each(['sha256', 'sha1'] as const)('opens for its key only (%s)', (oaepHash) => {
    const closed = wrapForRecipient(secret, 'C0000001', rsa.publicKey, oaepHash)
    const back = recipientFromCbor(decodeCbor(encodeCbor(recipientToCbor(closed)))!)!
    expect(back.holder).toBe('C0000001')
    expect(unwrapAsRecipient(back, rsa.privateKey)?.equals(secret)).toBe(true)
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    expect(unwrapAsRecipient(back, other)).toBeUndefined()
    const otherHash = oaepHash === 'sha1' ? 'sha256' : 'sha1'
    expect(unwrapAsRecipient({ ...back, oaepHash: otherHash }, rsa.privateKey)).toBeUndefined()
  })
})

describe('a certificate', () => {
  const root = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const certificate = {
    issuer: 'centre',
    subject: 'T00001',
    purpose: 'terminal',
    kid,
    publicKey,
    issuedAtS: 1_000,
    expiresAtS: 2_000,
  } as const
  const bytes = signCertificate(certificate, p256Signer(ROOT_KID, root.privateKey))

  it('says whose key it is, within its time', () => {
    const verified = verifyCertificate(bytes, root.publicKey, 1_500)
    if (typeof verified === 'string') throw new Error(verified)
    expect(verified).toMatchObject({
      subject: 'T00001',
      purpose: 'terminal',
      issuedAtS: 1_000,
      expiresAtS: 2_000,
    })
    expect(verified.kid).toEqual(kid)
    expect(verified.publicKey.equals(publicKey)).toBe(true)
  })

  it('is signed by nothing but the root', () => {
    expect(() => signCertificate(certificate, signer)).toThrow(TypeError)
  })

  it('is refused before and after its time, from another root, and with any bit changed', () => {
    expect(verifyCertificate(bytes, root.publicKey, 999)).toBe('not-yet')
    expect(verifyCertificate(bytes, root.publicKey, 2_000)).toBe('expired')
    expect(verifyCertificate(bytes, createPublicKey(privateKey), 1_500)).toBe('not-a-certificate')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const copy = Buffer.from(bytes)
      copy[bit >> 3]! ^= 1 << (bit & 7)
      expect(verifyCertificate(copy, root.publicKey, 1_500)).toBe('not-a-certificate')
    }
  })
})
