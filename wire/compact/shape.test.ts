import { MAX_AMOUNT_MINOR } from '@scratchless/voucher/money'
import { type SerialNumber, serialNumber } from '@scratchless/voucher/serial'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CborValue, encodeCbor } from './cbor.ts'
import {
  amount,
  bytes,
  checked,
  choice,
  day,
  decodeShape,
  encodeShape,
  integer,
  list,
  Misshapen,
  mapped,
  named,
  oneOf,
  orNull,
  record,
  type Shape,
  seconds,
  serial,
  text,
} from './shape.ts'

/** What the shape takes in both directions: content and its place on the line. */
function takes<T>(shape: Shape<T>, ...pairs: readonly (readonly [T, CborValue])[]): void {
  for (const [content, onLine] of pairs) {
    expect(shape.toLine(content)).toEqual(onLine)
    expect(shape.fromLine(onLine)).toEqual(content)
    expect(decodeShape(shape, encodeShape(shape, content))).toEqual(content)
  }
}
function refusesContent<T>(shape: Shape<T>, rule: string, ...contents: unknown[]): void {
  for (const content of contents) {
    expect(() => shape.toLine(content as T), String(content)).toThrow(new Misshapen(rule))
    expect(() => encodeShape(shape, content as T)).toThrow(Misshapen)
  }
}
function refusesLine<T>(shape: Shape<T>, rule: string, ...values: CborValue[]): void {
  for (const value of values) {
    expect(() => shape.fromLine(value), String(value)).toThrow(new Misshapen(rule))
    expect(decodeShape(shape, encodeCbor(value))).toBeUndefined()
  }
}

describe('a whole number', () => {
  it('stands between its bounds, which belong to it', () => {
    const shape = integer(-2, 3)
    takes(shape, [-2, -2], [0, 0], [3, 3])
    const rule = 'a whole number from -2 to 3'
    refusesContent(shape, rule, -3, 4, 0.5, Number.NaN, '1', undefined)
    refusesLine(shape, rule, -3, 4, '1', true, null, [1], Buffer.of(1))
    expect(() => integer(0, Number.POSITIVE_INFINITY).toLine(2 ** 53)).toThrow(Misshapen)
    expect(() => integer(0, 10).toLine(0.5)).toThrow(Misshapen)
  })

  it('of seconds goes up to 2106', () => {
    takes(seconds, [0, 0], [0xffff_ffff, 0xffff_ffff])
    refusesContent(seconds, 'a whole number from 0 to 4294967295', -1, 0x1_0000_0000)
  })
})

describe('an amount', () => {
  it('is a bigint in memory and a number on the line, zero or more', () => {
    takes(amount, [0n, 0], [1n, 1], [MAX_AMOUNT_MINOR, 999_999_999_999_999])
    refusesContent(amount, 'an amount from 0 to 10^15 - 1', -1n, MAX_AMOUNT_MINOR + 1n)
    refusesLine(amount, 'a whole number from 0 to 999999999999999', -1, 1_000_000_000_000_000, '1', null)
  })
})

describe('text', () => {
  const shape = text(1, 4)

  it('has its bounds in bytes, which belong to it', () => {
    takes(shape, ['a', 'a'], ['abcd', 'abcd'], ['éé', 'éé'], ['\u{1f600}', '\u{1f600}'])
    const rule = 'text of 1 to 4 bytes'
    refusesContent(shape, rule, '', 'abcde', 'ééa', '\u{1f600}a')
    refusesLine(shape, rule, '', 'abcde', 'ééa')
    takes(text(0, 1), ['', ''])
  })

  it('has no control characters and no half of a character', () => {
    const rule = 'text without control characters'
    refusesContent(shape, rule, '\n', 'a\u0000', '\u0085', 'a\u001fb', '\u007f')
    refusesLine(shape, rule, '\t')
    refusesContent(shape, 'text', '\ud800', 'a\udc00', 1, null, undefined)
    refusesLine(shape, 'text', 1, Buffer.from('a'), null)
  })
})

describe('a named thing', () => {
  const shape = named((value: string) => {
    if (value === 'fault') throw new RangeError('not about the text')
    if (!value.startsWith('T')) throw new TypeError('not a terminal')
    return value
  })

  it('is what its parser takes', () => {
    takes(shape, ['T1', 'T1'])
    refusesContent(shape, 'not a terminal', 'R1')
    refusesLine(shape, 'not a terminal', 'R1', '')
    refusesLine(shape, 'text', 1, null, Buffer.from('T1'))
  })

  it("does not hide its parser's faults", () => {
    expect(() => shape.fromLine('fault')).toThrow(new RangeError('not about the text'))
    expect(() => decodeShape(shape, encodeCbor('fault'))).toThrow(RangeError)
  })
})

describe('bytes', () => {
  it('are as many as said, or between two bounds', () => {
    const [two, some] = [bytes(2), bytes(1, 3)]
    takes(two, [Buffer.alloc(2), Buffer.alloc(2)])
    takes(some, [Buffer.alloc(1), Buffer.alloc(1)], [Buffer.alloc(3), Buffer.alloc(3)])
    refusesContent(two, '2 to 2 bytes', Buffer.alloc(1), Buffer.alloc(3), 'ab', [1, 2])
    refusesLine(some, '1 to 3 bytes', Buffer.alloc(0), Buffer.alloc(4), 'ab', [1, 2], null)
  })
})

describe('a serial', () => {
  it('is its number on the line', () => {
    takes(
      serial,
      [serialNumber('000000000000'), 0],
      [serialNumber('000000000042'), 42],
      [serialNumber('999999999999'), 999_999_999_999],
    )
    refusesLine(serial, 'a whole number from 0 to 999999999999', -1, 1_000_000_000_000, '1')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (value) => {
        const content = String(value).padStart(12, '0') as SerialNumber
        expect(serial.toLine(content)).toBe(value)
        expect(serial.fromLine(value)).toBe(content)
      }),
    )
  })
})

describe('a day', () => {
  it('is one of the calendar, counted from 1970', () => {
    takes(
      day,
      ['1970-01-01', 0],
      ['1970-01-02', 1],
      ['2024-02-29', 19_782],
      ['2027-12-31', 21_183],
      ['2149-06-06', 0xffff],
    )
    const rule = 'a day of the calendar'
    refusesContent(
      day,
      rule,
      '2149-06-07',
      '1969-12-31',
      '2023-02-29',
      '2024-02-30',
      '2024-13-01',
      '2024-00-10',
      '2024-01-00',
    )
    const written = 'a day as YYYY-MM-DD'
    refusesContent(day, written, '2024-2-29', '24-02-29', '2024-02-29T00', ' 2024-02-29', '12024-02-29', '')
    refusesLine(day, 'a whole number from 0 to 65535', -1, 0x10000, '2024-02-29')
  })
})

describe('one of a list', () => {
  const shape = oneOf(['paper', 'cover', 'cutter'])

  it('is its place in it', () => {
    takes(shape, ['paper', 0], ['cover', 1], ['cutter', 2])
    refusesContent(shape, 'one of paper, cover, cutter', 'ink', '')
    refusesLine(shape, 'a whole number from 0 to 2', -1, 3, 'paper')
  })
})

describe('a list', () => {
  const shape = list(integer(0, 9), 1, 3)

  it('has as many items as its bounds allow, each of its shape', () => {
    takes(
      shape,
      [[1], [1]],
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
    )
    refusesContent(shape, 'a list of 1 to 3', [], [1, 2, 3, 4])
    refusesLine(shape, 'a list of 1 to 3', [], [1, 2, 3, 4], 'abc', null, new Map(), Buffer.alloc(2))
    refusesContent(shape, 'a whole number from 0 to 9', [1, 10])
    refusesLine(shape, 'a whole number from 0 to 9', [1, 10])
    takes(list(integer(0, 1), 0, 1), [[], []])
  })
})

describe('a rule over a whole content', () => {
  it('is asked in both directions', () => {
    const shape = checked(list(integer(0, 9), 0, 3), 'rising', (items) =>
      items.every((item, at) => at === 0 || item > items[at - 1]!),
    )
    takes(shape, [
      [1, 2],
      [1, 2],
    ])
    refusesContent(shape, 'rising', [2, 1], [1, 1])
    refusesLine(shape, 'rising', [2, 1], [1, 1])
  })
})

describe('a content kept otherwise in memory', () => {
  it('is packed on its way out and unpacked on its way in', () => {
    const shape = mapped(
      integer(0, 9),
      (content: { n: number }) => content.n,
      (n) => ({ n }),
    )
    takes(shape, [{ n: 4 }, 4])
    refusesContent(shape, 'a whole number from 0 to 9', { n: 10 })
    refusesLine(shape, 'a whole number from 0 to 9', 10)
  })
})

const point = record({ x: integer(0, 9), name: text(1, 5) })

describe('a record', () => {
  it('is the array of its fields in their order, none missing and none more', () => {
    takes(point, [{ x: 1, name: 'a' }, [1, 'a']])
    expect(point.fieldsToLine({ name: 'b', x: 2 })).toEqual([2, 'b'])
    expect(point.fieldsFromLine([3, 'c'])).toEqual({ x: 3, name: 'c' })
    refusesLine(point, '2 fields', [1], [1, 'a', 2], [])
    refusesLine(point, 'an array', 'ab', null, new Map(), Buffer.alloc(2))
    refusesLine(point, 'a whole number from 0 to 9', ['a', 1])
    refusesContent(point, 'text of 1 to 5 bytes', { x: 1, name: '' })
  })
})

describe('a choice', () => {
  const shape = choice('kind', { point, line: record({ length: integer(1, 5) }), none: record({}) })

  it('is the place of what was chosen, then its fields', () => {
    takes(
      shape,
      [{ kind: 'point', x: 1, name: 'a' }, [0, 1, 'a']],
      [{ kind: 'line', length: 5 }, [1, 5]],
      [{ kind: 'none' }, [2]],
    )
    refusesContent(shape, 'one of point, line, none', { kind: 'circle' }, {})
    refusesLine(shape, 'a whole number from 0 to 2', [3], [-1], ['point', 1, 'a'])
    refusesLine(shape, 'an array', [], 'ab', null, new Map())
    refusesLine(shape, '2 fields', [0, 1])
    refusesLine(shape, '0 fields', [2, 0])
    refusesLine(shape, 'a whole number from 1 to 5', [1, 6])
  })
})

describe('bytes that are no CBOR of ours', () => {
  it('have no content, whatever the shape', () => {
    for (const hex of ['', '1817', '0000', 'ff'])
      expect(decodeShape(integer(0, 1), Buffer.from(hex, 'hex'))).toBeUndefined()
    expect(decodeShape(integer(0, 100), Buffer.of(5))).toBe(5)
  })
})

describe('a schema that grew', () => {
  const shape = record(
    {
      word: oneOf(['one', 'two', 'three'], { three: 2 }),
      made: choice(
        'by',
        { hand: record({}), machine: record({ n: integer(0, 9) }, { since: { ...later(2, 7) } }) },
        { machine: 2 },
      ),
    },
    { third: later(3, 5), second: later(2, 4) },
  )
  function later(since: number, before: number) {
    return { since, shape: integer(0, 9), before }
  }
  const first = { word: 'two', made: { by: 'hand' }, second: 4, third: 5 } as const
  const newest = { word: 'three', made: { by: 'machine', n: 1, since: 2 }, second: 1, third: 2 } as const

  it('is written and read at one level, in just the shape that this level has', () => {
    expect(shape.toLine(first, 1)).toEqual([1, [0]])
    expect(shape.toLine(first, 2)).toEqual([1, [0], 4])
    expect(shape.toLine(first, 3)).toEqual([1, [0], 4, 5])
    expect(shape.toLine(newest)).toEqual([2, [1, 1, 2], 1, 2])
    expect(shape.fromLine([2, [1, 1, 2], 1, 2])).toEqual(newest)
    expect(shape.fromLine([1, [0]], 1)).toEqual(first)
    expect(shape.fromLine([1, [0], 8], 2)).toEqual({ ...first, second: 8 })
  })

  it.each<[string, CborValue, number]>([
    ['a field of the next level', [1, [0], 4], 1],
    ['a field of the level missing', [1, [0]], 2],
    ['a word of the next level', [2, [0]], 1],
    ['a variant of the next level', [1, [1, 1]], 1],
    ['a field of the next level within a variant', [1, [1, 1], 4], 2],
  ])('refuses %s', (_what, line, level) => {
    expect(() => shape.fromLine(line, level)).toThrow(Misshapen)
  })

  it('does not write what a level cannot say', () => {
    expect(() => shape.toLine({ ...first, word: 'three' }, 1)).toThrow(Misshapen)
    expect(() => shape.toLine({ ...first, made: newest.made }, 1)).toThrow(Misshapen)
    expect(shape.toLine({ ...first, word: 'three' }, 2)).toEqual([2, [0], 4])
  })

  it('keeps its level through lists, rules and nothings', () => {
    const word = oneOf(['one', 'two'], { two: 2 })
    const rule = checked(list(orNull(word), 0, 9), 'any', () => true)
    const wrapped = mapped<{ all: readonly ('one' | 'two' | null)[] }, readonly ('one' | 'two' | null)[]>(
      rule,
      ({ all }) => all,
      (all) => ({ all }),
    )
    expect(wrapped.toLine({ all: ['two', null] }, 2)).toEqual([1, null])
    expect(wrapped.fromLine([1, null], 2)).toEqual({ all: ['two', null] })
    expect(() => wrapped.toLine({ all: ['two'] }, 1)).toThrow(Misshapen)
    expect(() => wrapped.fromLine([1], 1)).toThrow(Misshapen)
  })
})
