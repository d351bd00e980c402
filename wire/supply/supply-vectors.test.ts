import { createHash, createHmac, createPublicKey, hkdfSync, type KeyObject, verify } from 'node:crypto'
import { Decoder } from 'cbor-x'
import { describe, expect, it } from 'vitest'
import { recipientFor, unwrapAsRecipient } from '../testing/as-card.ts'
import * as example from '../testing/supply-examples.ts'
import {
  type SupplyVector,
  stopsSelling,
  vectorBytes,
  vectors,
  verifyVector,
} from '../testing/supply-vectors.ts'
import { certificatesOf } from './enrolment-answer.ts'
import { KIND } from './envelope.ts'
import { supplyRefusalMessage } from './supply-refusal.ts'

const of = (...verdicts: SupplyVector['verdict'][]) =>
  vectors.filter(({ verdict }) => verdicts.includes(verdict))
/** What was made by whom it should be, whatever its reader makes of it. */
const genuine = of('good', 'stops-selling', 'not-understood')

describe('every vector', () => {
  it.each(of('good'))('$file is good: $says', (vector) => {
    const result = verifyVector(vector, vectorBytes(vector))
    expect(result).toMatchObject({ kind: vector.kind })
    expect(stopsSelling(result)).toBe(false)
  })

  it.each(of('stops-selling'))('$file is taken and stops the selling: $says', (vector) => {
    const result = verifyVector(vector, vectorBytes(vector))
    expect(result).toMatchObject({ kind: vector.kind })
    expect(stopsSelling(result)).toBe(true)
  })

  it.each(of('not-understood'))('$file was not understood: $says', (vector) => {
    expect(verifyVector(vector, vectorBytes(vector))).toBe('not-understood')
  })

  it.each(of('unacceptable'))('$file is unacceptable: $says', (vector) => {
    expect(verifyVector(vector, vectorBytes(vector))).toBe('unacceptable')
  })

  it.each(genuine)(
    '$file is unacceptable with any bit changed',
    (vector) => {
      const bytes = vectorBytes(vector)
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        bytes[bit >> 3]! ^= 1 << (bit & 7)
        if (verifyVector(vector, bytes) !== 'unacceptable') throw new Error(`taken with bit ${bit} changed`)
        bytes[bit >> 3]! ^= 1 << (bit & 7)
      }
    },
    60_000,
  )

  it.each(genuine)('$file is unacceptable when cut anywhere', (vector) => {
    const bytes = vectorBytes(vector)
    for (let end = 0; end < bytes.length; end++)
      if (verifyVector(vector, bytes.subarray(0, end)) !== 'unacceptable')
        throw new Error(`taken when cut at ${end}`)
  })

  it.each(genuine)(
    '$file is unacceptable at another place, to another party, as another answer',
    (vector) => {
      const bytes = vectorBytes(vector)
      expect(verifyVector({ ...vector, sequence: vector.sequence + 1 }, bytes)).toBe('unacceptable')
      const who = vector.who.startsWith('T') ? 'T00002' : '1043'
      expect(verifyVector({ ...vector, who }, bytes)).toBe('unacceptable')
      expect(verifyVector({ ...vector, answering: 'ab'.repeat(32) }, bytes)).toBe('unacceptable')
    },
  )
})

describe('the vectors together', () => {
  it('have a good one of each kind, and of each reason of a refusal', () => {
    const kinds = new Set(of('good').map(({ kind }) => kind))
    expect(Object.keys(KIND).filter((kind) => !kinds.has(kind as keyof typeof KIND))).toEqual([
      // Seven bytes, unsigned: it stands in the index by itself.
      'unacceptable',
    ])
    const reasons = of('good')
      .filter(({ kind }) => kind === 'supply-refusal')
      .map(({ content }) => (content as { why: { reason: string } }).why.reason)
    // 20 of them, as the place of the last on the line says.
    expect(new Set(reasons).size).toBe(20)
    expect(() => supplyRefusalMessage.shape.fromLine([[0, 0, 0, [], 0, 0, 0, []], 0, [20]])).toThrow(
      'a whole number from 0 to 19',
    )
  })

  it('say of each what its reader must do', () => {
    for (const { must, file } of vectors) expect(must, file).toMatch(/^[A-Z].+\.$/)
  })

  it('are bad for their certificates alone where they say so: whoever skips those takes them', () => {
    const taken = of('unacceptable')
      .filter((vector) => typeof verifyVector(vector, vectorBytes(vector), 'skipped') === 'object')
      .map(({ file }) => file)
    const said = vectors.filter(({ withoutCertificateChecks }) => withoutCertificateChecks !== undefined)
    expect(taken).toEqual(said.map(({ file }) => file))
    expect(taken.filter((file) => file.startsWith('bad-enrolment-')).length).toBe(19)
    expect(taken.filter((file) => file.startsWith('bad-renewal-')).length).toBe(21)
  })
})

// ---- The same bytes by other hands: cbor-x and node:crypto, none of our own code but the keys ----

const other = new Decoder({ mapsAsObjects: false, useRecords: false })
const plainEncode = (value: unknown) => new Uint8Array(otherEncode(value))

/** Just enough CBOR to write a Sig_structure, in the fewest lines. */
function otherEncode(value: unknown): number[] {
  const head = (major: number, n: number): number[] =>
    n < 24
      ? [major | n]
      : n < 256
        ? [major | 24, n]
        : n < 65_536
          ? [major | 25, n >> 8, n & 255]
          : [major | 26, n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]
  if (typeof value === 'number') return head(0, value)
  if (typeof value === 'string') return [...head(0x60, Buffer.byteLength(value)), ...Buffer.from(value)]
  if (value instanceof Uint8Array) return [...head(0x40, value.length), ...value]
  return [...head(0x80, (value as unknown[]).length), ...(value as unknown[]).flatMap(otherEncode)]
}

function otherPayload(vector: SupplyVector): Uint8Array {
  const bytes = vectorBytes(vector)
  const kind = typeof vector.kind === 'number' ? vector.kind : KIND[vector.kind]
  expect(bytes[0]).toBe(kind)
  expect(bytes.readUInt32BE(1)).toBe(vector.sequence)
  expect(bytes.readUInt16BE(5)).toBe(bytes.length - 7)
  const { tag, value } = other.decode(bytes.subarray(7)) as { tag: number; value: unknown[] }
  const [header, , payload, proof] = value as [Uint8Array, unknown, Uint8Array, Uint8Array]
  const answering = vector.answering === null ? new Uint8Array(0) : Buffer.from(vector.answering, 'hex')
  const external = plainEncode([kind, vector.who, vector.sequence, answering])
  const kid = (other.decode(header) as Map<number, Uint8Array>).get(4)!
  if (tag === 17) {
    const direction = vector.kind === 'enrolment-request' ? 'request' : 'answer'
    const key = Buffer.from(
      hkdfSync('sha256', crockford(example.ENROLMENT_CODE), kid, `scratchless enrolment ${direction} 1`, 32),
    )
    const mac = createHmac('sha256', key)
      .update(plainEncode(['MAC0', header, external, payload]))
      .digest()
    expect(mac.equals(proof)).toBe(true)
    return payload
  }
  const publicKey: KeyObject = createPublicKey(
    vector.from === 'terminal' ? example.terminalKey : example.centreKey,
  )
  const signed = plainEncode(['Signature1', header, external, payload])
  expect(verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, proof)).toBe(true)
  expect(Buffer.from(kid).readUInt32BE()).toBe(vector.from === 'terminal' ? 2 : 1)
  return payload
}

function crockford(code: string): Buffer {
  const bits = [...code.replaceAll('-', '')]
    .map((letter) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  return Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)))
}

describe('by a second CBOR library and the bare signature functions', () => {
  it.each(genuine)('$file verifies', (vector) => {
    const payload = otherPayload(vector)
    expect(Array.isArray(other.decode(payload))).toBe(true)
  })

  it('the order reads as its page says', () => {
    const vector = vectors.find(({ file }) => file === 'supply-order.bin')!
    expect(other.decode(otherPayload(vector))).toEqual([1, 1_795_434_000, 0, [['ATLAS-5', 20, 4_750]]])
  })

  it('the delivery is bound to the order it answers', () => {
    const order = vectors.find(({ file }) => file === 'supply-order.bin')!
    const delivery = vectors.find(({ file }) => file === 'supply-delivery.bin')!
    expect(createHash('sha256').update(Buffer.of(7)).update(otherPayload(order)).digest('hex')).toBe(
      delivery.answering,
    )
  })
})

describe('the enrolment and the card letter of the vectors', () => {
  const verified = (file: string) => {
    const vector = vectors.find((one) => one.file === file)!
    const result = verifyVector(vector, vectorBytes(vector))
    if (typeof result === 'string') throw new Error(file)
    return result.content
  }

  it('certify the device and the centre', () => {
    const certificates = certificatesOf(
      verified('enrolment-answer-enrolled.bin') as Parameters<typeof certificatesOf>[0],
    )
    if (certificates === 'unacceptable') throw new Error(certificates)
    expect(certificates.terminal.publicKey.equals(createPublicKey(example.terminalKey))).toBe(true)
    expect(certificates.centre.publicKey.equals(createPublicKey(example.centreKey))).toBe(true)
  })

  it('do not certify the terminal’s key as the centre’s', () => {
    const enrolled = verified('enrolment-answer-enrolled.bin') as Parameters<typeof certificatesOf>[0]
    const swapped = { ...enrolled, centreCertificate: enrolled.terminalCertificate }
    expect(certificatesOf(swapped)).toBe('unacceptable')
    expect(certificatesOf({ ...enrolled, terminal: example.otherTerminal })).toBe('unacceptable')
    expect(certificatesOf({ ...enrolled, rootKey: createPublicKey(example.centreKey) })).toBe('unacceptable')
  })

  it.each([
    ['card-letter.bin', 'sha256'],
    ['card-letter-sha1.bin', 'sha1'],
  ])('give the card the safe key: %s', (file, hash) => {
    const letter = verified(file) as Parameters<typeof recipientFor>[0]
    const mine = recipientFor(letter, example.card)!
    expect(mine.oaepHash).toBe(hash)
    const safeKey = unwrapAsRecipient(
      { holder: mine.card, oaepHash: mine.oaepHash, wrapped: mine.wrapped },
      example.cardKey,
    )
    expect(safeKey?.equals(example.safeKey)).toBe(true)
  })
})
