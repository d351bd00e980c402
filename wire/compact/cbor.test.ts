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
    // Each length of a number, at both of its ends, as RFC 8949 spells it.
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [255, '18ff'],
    [256, '190100'],
    [65_535, '19ffff'],
    [65_536, '1a00010000'],
    [4_294_967_295, '1affffffff'],
    [4_294_967_296, '1b0000000100000000'],
    [Number.MAX_SAFE_INTEGER, '1b001fffffffffffff'],
    [-1, '20'],
    [-24, '37'],
    [-25, '3818'],
    [-256, '38ff'],
    [-257, '390100'],
    [-65_536, '39ffff'],
    [-65_537, '3a00010000'],
    [-4_294_967_296, '3affffffff'],
    [-4_294_967_297, '3b0000000100000000'],
    [Number.MIN_SAFE_INTEGER, '3b001ffffffffffffe'],
    [false, 'f4'],
    [true, 'f5'],
    [null, 'f6'],
    ['', '60'],
    ['\u00fc\u{10151}', '66c3bcf0908591'],
    ['\ufeffa', '64efbbbf61'],
    [Buffer.alloc(0), '40'],
    [Buffer.alloc(24, 1), `5818${'01'.repeat(24)}`],
    [Buffer.alloc(256, 1), `590100${'01'.repeat(256)}`],
    [[], '80'],
    [[1, [2, 3]], '8201820203'],
    [new Map(), 'a0'],
    [new Tagged(17, 0), 'd100'],
    [new Tagged(18, [new Tagged(17, 'a')]), 'd281d16161'],
  ] as [CborValue, string][])('spells %j as %s, and reads it back', (value, spelled) => {
    expect(encodeCbor(value).toString('hex')).toBe(spelled)
    expect(decodeCbor(hex(spelled))).toEqual(value)
  })

  it('reads a part of a larger buffer, and gives bytes as views of it', () => {
    const whole = hex('ff43010203ff')
    const value = decodeCbor(whole.subarray(1, 5)) as Buffer
    expect(value).toEqual(Buffer.from([1, 2, 3]))
    whole[2] = 9
    expect(value[0]).toBe(9)
  })

  it('orders keys as the examples of RFC 8949, 4.2.1 do', () => {
    const keys: (number | string)[] = ['aa', 'z', -1, 100, 10]
    const map = new Map(keys.map((key) => [key, 0]))
    expect(encodeCbor(map).toString('hex')).toBe('a50a001864002000617a0062616100')
    expect([...(decodeCbor(encodeCbor(map)) as Map<number | string, CborValue>).keys()]).toEqual([
      10,
      100,
      -1,
      'z',
      'aa',
    ])
  })

  it('nests eight deep, in arrays, maps and tags alike, and no deeper', () => {
    const nested = (around: string, depth: number) => decodeCbor(hex(`${around.repeat(depth)}00`))
    for (const around of ['81', 'a100', 'd2']) {
      expect(nested(around, 8), around).toBeDefined()
      expect(nested(around, 9), around).toBeUndefined()
    }
  })

  it.each([
    ['a number spelled longer than needed', '1817'],
    ['a number in eight bytes that fits in four', '1b00000000ffffffff'],
    ['a number beyond 2^53', '1b0020000000000000'],
    ['a negative number beyond 2^53', '3b001fffffffffffff'],
    ['a length spelled longer than needed', '590001aa'],
    ['a length of no known size', '1c00'],
    ['a length of no known size', '1d00'],
    ['a length of no known size', '1e00'],
    ['a number of no definite length', '1f'],
    ['a number cut after its head', '18'],
    ['a number cut within two bytes', '1901'],
    ['a number cut within four bytes', '1a000100'],
    ['a number cut within eight bytes', '1b00000001000000'],
    ['23 in two bytes', '1817'],
    ['255 in three bytes', '1900ff'],
    ['65,535 in five bytes', '1a0000ffff'],
    ['-2^53', '3b001fffffffffffff'],
    ['a half float', 'f93c00'],
    ['a double', 'fb3ff8000000000000'],
    ['undefined', 'f7'],
    ['a simple value', 'f820'],
    ['the first simple value', 'e0'],
    ['the simple value before false', 'f3'],
    ['bytes of no definite length', '5f4101ff'],
    ['an array of no definite length', '9f01ff'],
    ['a map of no definite length', 'bf0101ff'],
    ['a key twice', 'a201000101'],
    ['keys out of order', 'a202000100'],
    ['a key that is an array', 'a1800'],
    ['a key that is bytes', 'a14000'],
    ['a key that is null', 'a1f600'],
    ['a key without a value', 'a100'],
    ['a map that promises more than is there', 'a20001'],
    ['a map that promises 2^32 entries', 'baffffffff'],
    ['an array that promises more than is there', '8201'],
    ['an array with a broken item', '8118'],
    ['a map with a broken value', 'a10018'],
    ['text cut short', '6261'],
    ['a tag that is not ours', 'c101'],
    ['the tag below ours', 'd000'],
    ['the tag above ours', 'd300'],
    ['a tag of nothing', 'd2'],
    ['a tag of what is broken', 'd218'],
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
    // Maps as keys of maps are refused at last, and before that must not nest without end either.
    expect(decodeCbor(Buffer.alloc(65_000, 0xa1))).toBeUndefined()
  })

  it('throws at a writer that tries to say what has no spelling here', () => {
    const number = new TypeError('only whole numbers within 2^53 are encoded')
    for (const value of [1.5, 2 ** 53, -(2 ** 53), Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => encodeCbor(value)).toThrow(number)
    const other = new TypeError('no such value on this line')
    for (const value of [undefined, 1n, { a: 1 }, new Date(0), new Set([1])])
      expect(() => encodeCbor([value as unknown as CborValue])).toThrow(other)
    expect(encodeCbor(new Tagged(18, [])).toString('hex')).toBe('d280')
  })
})
