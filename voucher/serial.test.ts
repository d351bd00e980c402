import fc from 'fast-check'
import { expect, test } from 'vitest'
import { groupSerial, isSerial, serialAt, serialFromNumber, serialNumber, serialToNumber } from './serial.ts'

const LAST = 999_999_999_999
const anyNumber = fc.integer({ min: 0, max: LAST })

test('a serial and its number are the same thing, leading zeros and all', () => {
  expect(serialFromNumber(0)).toBe('000000000000')
  expect(serialFromNumber(42)).toBe('000000000042')
  expect(serialFromNumber(LAST)).toBe('999999999999')
  fc.assert(
    fc.property(anyNumber, (value) => {
      const serial = serialFromNumber(value)
      expect(isSerial(serial)).toBe(true)
      expect(serialToNumber(serial)).toBe(value)
    }),
  )
})

test.each([-1, LAST + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
  '%d is the number of no serial',
  (value) => {
    expect(() => serialFromNumber(value)).toThrow(new RangeError('no serial has this number'))
  },
)

test.each([
  ['eleven digits', '00000000001'],
  ['thirteen digits', '0000000000001'],
  ['a letter first', 'a00000000001'],
  ['a letter last', '00000000000a'],
  ['a letter within', '00000a000001'],
  ['a line break last', '00000000001\n'],
  ['a minus', '-00000000001'],
  ['digits of another script', '٠٠٠٠٠٠٠٠٠٠٠١'],
  ['nothing', ''],
])('%s is no serial', (_what, text) => {
  expect(isSerial(text)).toBe(false)
  expect(() => serialNumber(text)).toThrow(new TypeError('a serial has twelve digits'))
})

test('twelve digits are one', () => {
  expect(serialNumber('104822773901')).toBe('104822773901')
})

test('serials follow one another, and the last one has no next', () => {
  const first = serialNumber('000000999998')
  expect([0, 1, 2, 3].map((index) => serialAt(first, index))).toEqual([
    '000000999998',
    '000000999999',
    '000001000000',
    '000001000001',
  ])
  fc.assert(
    fc.property(anyNumber, fc.integer({ min: 0, max: 1_000 }), (value, index) => {
      const serial = serialFromNumber(value)
      if (value + index > LAST) expect(() => serialAt(serial, index)).toThrow(RangeError)
      else expect(serialToNumber(serialAt(serial, index))).toBe(value + index)
    }),
  )
})

test('people read a serial in three groups', () => {
  expect(groupSerial(serialNumber('104822773901'))).toBe('1048 2277 3901')
})
