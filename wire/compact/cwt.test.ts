import * as crypto from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type CborValue, decodeCbor, encodeCbor, type Tagged } from './cbor.ts'
import { p256Signer, sign1, toCoseKey } from './cose.ts'
import { kidOfNumber, ROOT_KID, signCertificate, verifierOf, verifyCertificate } from './cwt.ts'

const pair = () => crypto.generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const root = pair()
const { publicKey } = pair()
const rootSigner = p256Signer(ROOT_KID, root.privateKey)
const kid = kidOfNumber(9)
const NOTHING = new Uint8Array(0)
const certificate = {
  issuer: 'centre',
  subject: 'T00001',
  purpose: 'terminal',
  kid,
  publicKey,
  issuedAtS: 1_000,
  expiresAtS: 2_000,
} as const
const bytes = signCertificate(certificate, rootSigner)

type Claims = Map<number, CborValue>
const claims = (): Claims =>
  new Map<number, CborValue>([
    [1, 'centre'],
    [2, 'T00001'],
    [4, 2_000],
    [6, 1_000],
    [7, kid],
    [8, new Map([[1, toCoseKey(publicKey)]])],
    [-65537, 1],
  ])
/** Signed by the root itself, so that only the claims can be at fault. */
const signed = (change: (all: Claims) => unknown) => {
  const all = claims()
  change(all)
  return sign1(encodeCbor(all), NOTHING, rootSigner)
}

describe('a certificate', () => {
  it('is a CBOR Web Token of seven claims, signed by the root over nothing else', () => {
    const [, , payload] = (decodeCbor(bytes) as Tagged).value as CborValue[]
    expect(decodeCbor(payload as Uint8Array)).toEqual(claims())
    expect(
      verifyCertificate(
        signed(() => undefined),
        root.publicKey,
        1_500,
      ),
    ).toEqual({
      ...certificate,
      publicKey: expect.toSatisfy((key: crypto.KeyObject) => key.equals(publicKey)),
    })
  })

  it('certifies a terminal or the centre', () => {
    const centre = signCertificate({ ...certificate, subject: 'centre', purpose: 'centre' }, rootSigner)
    expect(verifyCertificate(centre, root.publicKey, 1_500)).toMatchObject({
      subject: 'centre',
      purpose: 'centre',
    })
    const [, , payload] = (decodeCbor(centre) as Tagged).value as CborValue[]
    expect((decodeCbor(payload as Uint8Array) as Claims).get(-65537)).toBe(2)
  })

  it('holds from its first second to its last, and not at the next', () => {
    const at = (nowS: number) => verifyCertificate(bytes, root.publicKey, nowS)
    expect([at(999), at(1_000), at(1_999), at(2_000), at(2_001)]).toEqual([
      'not-yet',
      expect.objectContaining({ subject: 'T00001' }),
      expect.objectContaining({ subject: 'T00001' }),
      'expired',
      'expired',
    ])
  })

  it('is none before its date is looked at, and not yet before it is expired', () => {
    expect(verifyCertificate(bytes, pair().publicKey, 2_000)).toBe('not-a-certificate')
    const never = signCertificate({ ...certificate, expiresAtS: 500 }, rootSigner)
    expect(verifyCertificate(never, root.publicKey, 700)).toBe('not-yet')
    expect(verifyCertificate(never, root.publicKey, 1_000)).toBe('expired')
  })

  it.each([
    ['without its issuer', (all: Claims) => all.delete(1)],
    ['with an issuer that is no text', (all: Claims) => all.set(1, 1)],
    ['with a subject that is no text', (all: Claims) => all.set(2, Buffer.from('T00001'))],
    ['without its end', (all: Claims) => all.delete(4)],
    ['with an end that is no number', (all: Claims) => all.set(4, '2000')],
    ['with a beginning that is no number', (all: Claims) => all.set(6, null)],
    ['with a number that is no bytes', (all: Claims) => all.set(7, 9)],
    ['with a number of three bytes', (all: Claims) => all.set(7, Buffer.alloc(3))],
    ['with a number of five bytes', (all: Claims) => all.set(7, Buffer.alloc(5))],
    ['without a key', (all: Claims) => all.set(8, new Map())],
    ['with a key that stands elsewhere', (all: Claims) => all.set(8, new Map([[2, toCoseKey(publicKey)]]))],
    [
      'with something beside the key',
      (all: Claims) =>
        all.set(
          8,
          new Map<number, CborValue>([
            [1, toCoseKey(publicKey)],
            [3, 0],
          ]),
        ),
    ],
    ['with a key in an array', (all: Claims) => all.set(8, [toCoseKey(publicKey)])],
    ['with a key that is none', (all: Claims) => all.set(8, new Map([[1, new Map([[1, 2]])]]))],
    ['for another purpose', (all: Claims) => all.set(-65537, 3)],
    ['for no purpose', (all: Claims) => all.set(-65537, 0)],
    ['for a purpose in words', (all: Claims) => all.set(-65537, 'terminal')],
    ['with a claim more', (all: Claims) => all.set(5, 0)],
    ['with another claim in place of one', (all: Claims) => all.delete(-65537) && all.set(5, 1)],
  ])('is none %s, though the root signed it', (_what, change) => {
    expect(verifyCertificate(signed(change), root.publicKey, 1_500)).toBe('not-a-certificate')
  })

  it('is none where the root signed something else', () => {
    const other = (payload: Uint8Array, external = NOTHING) =>
      verifyCertificate(sign1(payload, external, rootSigner), root.publicKey, 1_500)
    expect(other(encodeCbor([1, 2]))).toBe('not-a-certificate')
    expect(other(encodeCbor('T00001'))).toBe('not-a-certificate')
    expect(other(Buffer.of(0xff))).toBe('not-a-certificate')
    expect(other(encodeCbor(claims()), Buffer.of(1))).toBe('not-a-certificate')
    const ownKid = sign1(encodeCbor(claims()), NOTHING, p256Signer(kid, root.privateKey))
    expect(verifyCertificate(ownKid, root.publicKey, 1_500)).toBe('not-a-certificate')
  })

  it.each([0, 1, 2, 3])('is signed by the root only: no kid that differs in byte %i', (at) => {
    const other = Buffer.from(ROOT_KID)
    other[at] = 1
    expect(() => signCertificate(certificate, p256Signer(other, root.privateKey))).toThrow(
      new TypeError('only the root certifies'),
    )
  })

  it('lets us believe messages of its key by its number', () => {
    expect(verifierOf(certificate)).toEqual({ kid, publicKey })
  })
})

describe("a certificate's number", () => {
  it('is one to 2^32 - 1, as four bytes', () => {
    expect(kidOfNumber(1).toString('hex')).toBe('00000001')
    expect(kidOfNumber(0x01020304).toString('hex')).toBe('01020304')
    expect(kidOfNumber(0xffff_ffff).toString('hex')).toBe('ffffffff')
    for (const n of [0, -1, 0x1_0000_0000, 1.5, Number.NaN])
      expect(() => kidOfNumber(n)).toThrow(new RangeError('no certificate has this number'))
    expect(Buffer.from(ROOT_KID).toString('hex')).toBe('00000000')
  })
})
