import { decode as cborgDecode, encode as cborgEncode } from 'cborg'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CborValue, decodeCbor, encodeCbor, Tagged } from './cbor.ts'

const hex = (text: string) => Buffer.from(text, 'hex')

const { value: anyValue } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.maxSafeInteger(),
    fc.integer({ min: -300, max: 70_000 }),
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 30 }),
    fc
      .array(
        fc.tuple(fc.oneof(fc.integer({ min: -300, max: 300 }), fc.string({ maxLength: 5 })), tie('value')),
        {
          maxLength: 8,
        },
      )
      .map((entries) => new Map(entries)),
  ),
}))

describe('CBOR with one spelling', () => {
  it('brings back every value that it can say', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(decodeCbor(encodeCbor(value))).toEqual(value)
      }),
    )
  })

  it('spells arrays, numbers, text and bytes as another library does', () => {
    const { plain } = fc.letrec<{ plain: unknown }>((tie) => ({
      plain: fc.oneof(
        { maxDepth: 3 },
        fc.maxSafeInteger(),
        fc.string(),
        fc.uint8Array(),
        fc.constant(null),
        fc.array(tie('plain')),
      ),
    }))
    fc.assert(
      fc.property(plain, (value) => {
        expect(encodeCbor(value as CborValue).equals(cborgEncode(value))).toBe(true)
      }),
    )
  })

  it('takes from random bytes only what encodes to the same bytes again, and what a strict library takes too', () => {
    const options = { strict: true, allowIndefinite: false, useMaps: true, rejectDuplicateMapKeys: true }
    let taken = 0
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 12 }), (bytes) => {
        const value = decodeCbor(bytes)
        if (value === undefined || JSON.stringify([...bytes]).match(/\b(209|210)\b/)) return
        taken++
        expect(encodeCbor(value).equals(bytes)).toBe(true)
        cborgDecode(bytes, options)
      }),
      { numRuns: 20_000 },
    )
    expect(taken).toBeGreaterThan(100)
  })

  it('orders map keys by the bytes of their encoding, whatever the order of insertion', () => {
    const map = new Map<number | string, CborValue>([
      ['a', 1],
      [-1, 2],
      [100, 3],
      [10, 4],
    ])
    expect(encodeCbor(map).toString('hex')).toBe('a40a04186403200261' + '6101')
  })

  it.each([
    ['a number spelled longer than needed', '1817'],
    ['a number in eight bytes that fits in four', '1b00000000ffffffff'],
    ['a number beyond 2^53', '1b0020000000000000'],
    ['a negative number beyond 2^53', '3b001fffffffffffff'],
    ['a length spelled longer than needed', '590001aa'],
    ['a half float', 'f93c00'],
    ['a double', 'fb3ff8000000000000'],
    ['undefined', 'f7'],
    ['a simple value', 'f820'],
    ['bytes of no definite length', '5f4101ff'],
    ['an array of no definite length', '9f01ff'],
    ['a map of no definite length', 'bf0101ff'],
    ['a key twice', 'a201000101'],
    ['keys out of order', 'a202000100'],
    ['a key that is an array', 'a1800'],
    ['a tag that is not ours', 'c101'],
    ['a tag of ours spelled long', 'd81201'],
    ['text that is not UTF-8', '61ff'],
    ['text of a lone surrogate', '63eda080'],
    ['a byte after the end', '0000'],
    ['an end before its time', '4201'],
    ['an array that promises 2^32 items', '9affffffff'],
    ['nothing', ''],
  ])('refuses %s', (_, bytes) => {
    expect(decodeCbor(hex(bytes))).toBeUndefined()
  })

  it('refuses nesting without end, and does not overflow', () => {
    expect(decodeCbor(Buffer.alloc(65_000, 0x81))).toBeUndefined()
  })

  it('throws at a writer that tries to say what has no spelling here', () => {
    expect(() => encodeCbor(1.5)).toThrow(TypeError)
    expect(() => encodeCbor(2 ** 53)).toThrow(TypeError)
    expect(encodeCbor(new Tagged(18, [])).toString('hex')).toBe('d280')
  })
})
