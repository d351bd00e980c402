// Every form that is not exactly ours is refused, even where its signature, its MAC or its key would hold.

import * as crypto from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { unwrapAsRecipient } from '../testing/as-card.ts'
import * as example from '../testing/restock-examples.ts'
import { type CborValue, decodeCbor, encodeCbor, Tagged } from './cbor.ts'
import {
  coordinatesOf,
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
import { kidOfNumber } from './cwt.ts'

vi.mock(import('node:crypto'), async (original) => {
  const real = await original()
  return { ...real, createSecretKey: vi.fn(real.createSecretKey) as unknown as typeof real.createSecretKey }
})

const { privateKey, publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const kid = kidOfNumber(9)
const signer = p256Signer(kid, privateKey)
const macKey = crypto.createSecretKey(Buffer.alloc(32, 1))
const payload = Buffer.from('payload')
const external = Buffer.from('external')

type Parts = [header: CborValue, unprotected: CborValue, payload: CborValue, proof: CborValue]
const partsOf = (message: Uint8Array) => (decodeCbor(message) as Tagged).value as unknown as Parts
const header = (...entries: [number, CborValue][]) => encodeCbor(new Map(entries))

/** Signs whatever header by hand, so that only the form can be at fault. */
function signedWith(protectedHeader: Buffer): Parts {
  const tbs = encodeCbor(['Signature1', protectedHeader, external, payload])
  return [protectedHeader, new Map(), payload, Buffer.from(signer.sign(tbs))]
}
function macedWith(protectedHeader: Buffer): Parts {
  const tbm = encodeCbor(['MAC0', protectedHeader, external, payload])
  return [protectedHeader, new Map(), payload, crypto.createHmac('sha256', macKey).update(tbm).digest()]
}

describe.each([
  {
    kind: 'COSE_Sign1',
    tag: 18,
    alg: -7,
    made: sign1(payload, external, signer),
    by: signedWith,
    verify: (message: Uint8Array) => verify1(message, external, { kid, publicKey }),
  },
  {
    kind: 'COSE_Mac0',
    tag: 17,
    alg: 5,
    made: mac0(payload, external, kid, macKey),
    by: macedWith,
    verify: (message: Uint8Array) => verifyMac0(message, external, kid, macKey),
  },
])('a $kind', ({ tag, alg, made, by, verify }) => {
  const [protectedHeader, , , proof] = partsOf(made)

  it('is tag, protected header, empty map, payload and proof, and nothing else', () => {
    expect(decodeCbor(made)).toBeInstanceOf(Tagged)
    expect((decodeCbor(made) as Tagged).tag).toBe(tag)
    expect(partsOf(made)).toEqual([header([1, alg], [4, kid]), new Map(), payload, proof])
    expect(verify(encodeCbor(new Tagged(tag, by(header([1, alg], [4, kid])))))).toEqual(payload)
    expect(peekKid(made)).toEqual(kid)
  })

  it.each([
    ['an untagged array', encodeCbor([protectedHeader, new Map(), payload, proof])],
    ["the other's tag", encodeCbor(new Tagged(35 - tag, [protectedHeader, new Map(), payload, proof]))],
    ['a tagged map', encodeCbor(new Tagged(tag, new Map([[0, 0]])))],
    ['a tagged text', encodeCbor(new Tagged(tag, 'text'))],
    ['a header that is a map', encodeCbor(new Tagged(tag, [new Map(), new Map(), payload, proof]))],
    [
      'an unprotected header',
      encodeCbor(new Tagged(tag, [protectedHeader, new Map([[4, kid]]), payload, proof])),
    ],
    [
      'unprotected headers that are no map',
      encodeCbor(new Tagged(tag, [protectedHeader, [], payload, proof])),
    ],
    ['no unprotected headers', encodeCbor(new Tagged(tag, [protectedHeader, null, payload, proof]))],
    ['a detached payload', encodeCbor(new Tagged(tag, [protectedHeader, new Map(), null, proof]))],
    ['a payload of text', encodeCbor(new Tagged(tag, [protectedHeader, new Map(), 'payload', proof]))],
    ['a proof of text', encodeCbor(new Tagged(tag, [protectedHeader, new Map(), payload, 'proof']))],
    ['no proof', encodeCbor(new Tagged(tag, [protectedHeader, new Map(), payload]))],
    ['one element more', encodeCbor(new Tagged(tag, [protectedHeader, new Map(), payload, proof, 0]))],
    [
      'a proof a byte longer',
      encodeCbor(
        new Tagged(tag, [
          protectedHeader,
          new Map(),
          payload,
          Buffer.concat([proof as Buffer, Buffer.alloc(1)]),
        ]),
      ),
    ],
    [
      'a proof a byte shorter',
      encodeCbor(new Tagged(tag, [protectedHeader, new Map(), payload, (proof as Buffer).subarray(1)])),
    ],
    ['no CBOR', Buffer.from('ff', 'hex')],
    ['nothing', Buffer.alloc(0)],
  ])('is not %s', (_what, message) => {
    expect(verify(message)).toBeUndefined()
    // The other's tag makes it look like the other, whose proof has another length.
    expect(peekKid(message)).toBeUndefined()
  })

  it.each([
    ['of another algorithm', header([1, alg === 5 ? 4 : -35], [4, kid])],
    ["of the other's algorithm", header([1, alg === 5 ? -7 : 5], [4, kid])],
    ['of another key', header([1, alg], [4, kidOfNumber(8)])],
    ['without a key', header([1, alg])],
    ['without an algorithm', header([4, kid])],
    ['with an entry more', header([1, alg], [3, 0], [4, kid])],
    ['of nothing', Buffer.alloc(0)],
  ])('has no header %s, though its proof holds', (_what, protectedHeader) => {
    expect(verify(encodeCbor(new Tagged(tag, by(protectedHeader))))).toBeUndefined()
  })

  it.each([
    ['of five bytes', header([4, Buffer.alloc(5)])],
    ['of three bytes', header([4, Buffer.alloc(3)])],
    ['of text', header([4, 'kid4'])],
    ['of no bytes', header([1, alg])],
    ['in an array', encodeCbor([4, kid])],
    ['in no CBOR', Buffer.from('ff', 'hex')],
  ])('names no key by a kid %s', (_what, protectedHeader) => {
    expect(peekKid(encodeCbor(new Tagged(tag, by(protectedHeader))))).toBeUndefined()
  })
})

describe('keys that do not fit', () => {
  const rsa = {
    privateKey: example.privateKey('atlas', 'open'),
    publicKey: example.publicKey('atlas', 'open'),
  }
  const p384 = crypto.generateKeyPairSync('ec', { namedCurve: 'secp384r1' })

  it.each([
    ['a public half', publicKey],
    ['RSA', rsa.privateKey],
    ['another curve', p384.privateKey],
    ['Ed25519', crypto.generateKeyPairSync('ed25519').privateKey],
  ])('sign nothing: %s', (_what, key) => {
    expect(() => p256Signer(kid, key)).toThrow(new TypeError('ES256 signs with a P-256 key'))
  })

  it.each([
    ['RSA', rsa.publicKey],
    ['another curve', p384.publicKey],
  ])('verify nothing and do not travel: %s', (_what, key) => {
    const message = sign1(payload, external, signer)
    expect(() => verify1(message, external, { kid, publicKey: key })).toThrow(
      new TypeError('ES256 verifies with a P-256 key'),
    )
    expect(() => toCoseKey(key)).toThrow(new TypeError('only P-256 keys travel'))
  })

  it.each([3, 5])('have a kid of four bytes, and not of %i', (length) => {
    const problem = new RangeError('a kid has 4 bytes')
    const odd = Buffer.alloc(length)
    expect(() => sign1(payload, external, { ...signer, kid: odd })).toThrow(problem)
    expect(() => mac0(payload, external, odd, macKey)).toThrow(problem)
    expect(() => verify1(sign1(payload, external, signer), external, { kid: odd, publicKey })).toThrow(
      problem,
    )
  })
})

describe('a signature', () => {
  it('is r and s, 64 bytes, and not their DER', () => {
    const tbs = Buffer.from('bytes')
    const signature = signer.sign(tbs)
    expect(signature).toHaveLength(64)
    expect(crypto.verify('sha256', tbs, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
  })
})

describe('a COSE_Key', () => {
  const { x, y } = publicKey.export({ format: 'jwk' }) as { x: string; y: string }
  const [xBytes, yBytes] = [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]
  const key = (change: Record<number, CborValue | undefined> = {}) => {
    const all = { 1: 2, [-1]: 1, [-2]: xBytes, [-3]: yBytes, ...change }
    return new Map<number, CborValue>(
      Object.entries(all).flatMap(([name, value]) =>
        value === undefined ? [] : [[Number(name), value] as [number, CborValue]],
      ),
    )
  }

  it('is kind, curve and both coordinates', () => {
    expect(toCoseKey(publicKey)).toEqual(key())
    expect(fromCoseKey(key())?.equals(publicKey)).toBe(true)
    expect(coordinatesOf(publicKey)).toEqual(Buffer.concat([xBytes, yBytes]))
  })

  it.each([
    ['of another kind', key({ 1: 1 })],
    ['of a kind in text', key({ 1: 'EC2' })],
    ['of another curve', key({ [-1]: 2 })],
    ['without its curve', key({ [-1]: undefined, 5: 0 })],
    ['with its x in text', key({ [-2]: x })],
    ['with its y in text', key({ [-3]: y })],
    ['with only the sign of its y', key({ [-3]: true })],
    ['with an x a byte longer', key({ [-2]: Buffer.concat([Buffer.alloc(1), xBytes]) })],
    ['with a y a byte longer', key({ [-3]: Buffer.concat([Buffer.alloc(1), yBytes]) })],
    ['with an x a byte shorter', key({ [-2]: xBytes.subarray(1) })],
    ['with a y a byte shorter', key({ [-3]: yBytes.subarray(1) })],
    ['with both coordinates swapped', key({ [-2]: yBytes, [-3]: xBytes })],
    ['with an entry more', key({ 2: kid })],
    ['with an entry less', key({ [-3]: undefined })],
    ['that is an array', [...key().values()]],
    ['that is nothing', undefined],
  ] as [string, CborValue | undefined][])('is none %s', (_what, value) => {
    expect(fromCoseKey(value)).toBeUndefined()
  })
})

describe('a recipient', () => {
  const rsa = {
    privateKey: example.privateKey('atlas', 'open'),
    publicKey: example.publicKey('atlas', 'open'),
  }
  const secret = crypto.createSecretKey(Buffer.alloc(32, 7))
  const wrapped = Buffer.alloc(256, 1)
  const holder = Buffer.from('C0000001')
  const value = (more: { empty?: CborValue; header?: CborValue; wrapped?: CborValue } = {}) => [
    more.empty ?? new Uint8Array(0),
    more.header ??
      new Map<number, CborValue>([
        [1, -41],
        [4, holder],
      ]),
    more.wrapped ?? wrapped,
  ]

  it('is its empty header, its algorithm and holder, and what was closed for him', () => {
    const spelled = (alg: number) => [
      new Uint8Array(0),
      new Map<number, CborValue>([
        [1, alg],
        [4, holder],
      ]),
      wrapped,
    ]
    for (const [oaepHash, alg] of [
      ['sha256', -41],
      ['sha1', -40],
    ] as const) {
      const recipient = { holder: 'C0000001', oaepHash, wrapped }
      expect(recipientToCbor(recipient)).toEqual(spelled(alg))
      expect(recipientFromCbor(spelled(alg))).toEqual(recipient)
    }
  })

  it.each([
    ['a protected header', value({ empty: Buffer.alloc(1) })],
    ['a protected header of text', value({ empty: '' })],
    ['headers in an array', value({ header: [1, -41] })],
    [
      'a header more',
      value({
        header: new Map<number, CborValue>([
          [1, -41],
          [4, holder],
          [5, 0],
        ]),
      }),
    ],
    [
      'no holder',
      value({
        header: new Map<number, CborValue>([
          [1, -41],
          [5, holder],
        ]),
      }),
    ],
    [
      'no algorithm',
      value({
        header: new Map<number, CborValue>([
          [2, -41],
          [4, holder],
        ]),
      }),
    ],
    [
      'another algorithm',
      value({
        header: new Map<number, CborValue>([
          [1, -42],
          [4, holder],
        ]),
      }),
    ],
    [
      'a holder in text',
      value({
        header: new Map<number, CborValue>([
          [1, -41],
          [4, 'C0000001'],
        ]),
      }),
    ],
    ['nothing closed', value({ wrapped: 'text' })],
    ['an element more', [...value(), 0]],
    ['an element less', value().slice(0, 2)],
    ['a map around it', new Map([[0, 0]])],
    ['nothing at all', null],
  ] as [string, CborValue][])('is none with %s', (_what, none) => {
    expect(recipientFromCbor(none)).toBeUndefined()
  })

  it('leaves the secret nowhere but in its key, when it is closed and when it is opened', () => {
    const exported = vi.spyOn(secret, 'export')
    const closed = wrapForRecipient(secret, 'C0000001', rsa.publicKey, 'sha256')
    expect(exported.mock.results.map(({ value: bytes }) => bytes)).toEqual([Buffer.alloc(32)])
    exported.mockRestore()
    vi.mocked(crypto.createSecretKey).mockClear()
    expect(unwrapAsRecipient(closed, rsa.privateKey)?.equals(secret)).toBe(true)
    expect(vi.mocked(crypto.createSecretKey).mock.calls).toEqual([[Buffer.alloc(32)]])
  })

  it('opens for nobody where it was altered or cut', () => {
    const closed = wrapForRecipient(secret, 'C0000001', rsa.publicKey, 'sha256')
    const altered = Buffer.from(closed.wrapped)
    altered[9]! ^= 1
    expect(unwrapAsRecipient({ ...closed, wrapped: altered }, rsa.privateKey)).toBeUndefined()
    expect(unwrapAsRecipient({ ...closed, wrapped: altered.subarray(1) }, rsa.privateKey)).toBeUndefined()
  })
})
