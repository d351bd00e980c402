import { expect, test } from 'vitest'
import { luhnDigit, luhnHolds } from './check-digit.ts'

const ascii = (text: string) => Buffer.from(text, 'latin1')

test.each([
  // The examples of the trade, then each digit alone: doubled, and cast out above nine.
  ['7992739871', 3],
  ['1789372997', 4],
  ['411111111111111', 1],
  ['0', 0],
  ['1', 8],
  ['2', 6],
  ['3', 4],
  ['4', 2],
  ['5', 9],
  ['6', 7],
  ['7', 5],
  ['8', 3],
  ['9', 1],
  ['10', 9],
  ['', 0],
])('the check digit of %j is %i', (digits, expected) => {
  expect(luhnDigit(ascii(digits))).toBe(expected)
})

test('a code holds with its check digit and with no other', () => {
  for (let last = 0; last <= 9; last++) expect(luhnHolds(ascii(`7992739871${last}`))).toBe(last === 3)
})

test('one digit changed, or two different neighbours swapped, is noticed', () => {
  const good = ascii('79927398713')
  for (let at = 0; at < good.length; at++) {
    for (let digit = 0x30; digit <= 0x39; digit++) {
      const changed = Buffer.from(good)
      changed[at] = digit
      expect(luhnHolds(changed)).toBe(digit === good[at])
    }
  }
  expect(luhnHolds(ascii('97927398713'))).toBe(false)
})

test('a digit alone checks nothing', () => {
  expect(luhnHolds(ascii('0'))).toBe(false)
  expect(luhnHolds(ascii('00'))).toBe(true)
  expect(luhnHolds(ascii(''))).toBe(false)
})
