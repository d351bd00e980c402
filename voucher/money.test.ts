import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Currency,
  exponentOf,
  isCurrency,
  MAX_AMOUNT_MINOR,
  money,
  parseDecimal,
  shareOf,
  subtractMoney,
  timesMoney,
  toDecimal,
} from './money.ts'

const CURRENCIES: readonly Currency[] = ['TND', 'XOF', 'EUR', 'USD']
const anyMoney = fc.record({
  amountMinor: fc.bigInt(-MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR),
  currency: fc.constantFrom(...CURRENCIES),
})

describe('currencies', () => {
  it('have the minor digits of ISO 4217', () => {
    expect(CURRENCIES.map(exponentOf)).toEqual([3, 0, 2, 2])
  })

  it('are told from other text, names of every object among them', () => {
    expect(CURRENCIES.every(isCurrency)).toBe(true)
    expect(['tnd', 'GBP', '', 'toString', 'constructor'].some(isCurrency)).toBe(false)
  })
})

describe('sums', () => {
  it('add and subtract amounts of one currency', () => {
    expect(subtractMoney(money(700n, 'XOF'), money(750n, 'XOF'))).toEqual(money(-50n, 'XOF'))
    expect(timesMoney(money(5_000n, 'TND'), 20)).toEqual(money(100_000n, 'TND'))
  })

  it('refuse to mix currencies', () => {
    const problem = new TypeError('TND and XOF do not add up')
    expect(() => subtractMoney(money(1n, 'TND'), money(1n, 'XOF'))).toThrow(problem)
  })
})

describe('a share in basis points', () => {
  it.each([
    // A half, just below it and just above it, on both sides of zero.
    [1n, 5_000, 1n],
    [1n, 4_999, 0n],
    [1n, 5_001, 1n],
    [3n, 5_000, 2n],
    [-1n, 5_000, -1n],
    [-1n, 4_999, 0n],
    [-3n, 5_000, -2n],
    [25n, 600, 2n],
    [24n, 600, 1n],
    [0n, 5_000, 0n],
    // The whole, nothing, more than the whole, and a surcharge against a discount.
    [5_000n, 10_000, 5_000n],
    [5_000n, 0, 0n],
    [5_000n, 12_500, 6_250n],
    [5_000n, -250, -125n],
    [50n, -100, -1n],
    [49n, -100, 0n],
    [1_212_350n, 325, 39_401n],
  ])('of %i at %i is %i: a half goes away from zero', (amount, basisPoints, share) => {
    expect(shareOf(money(amount, 'TND'), basisPoints)).toEqual(money(share, 'TND'))
  })

  it('is never further than half a minor unit from the exact one, and has the sign of it', () => {
    fc.assert(
      fc.property(anyMoney, fc.integer({ min: -20_000, max: 20_000 }), (amount, basisPoints) => {
        const share = shareOf(amount, basisPoints).amountMinor
        const off = share * 10_000n - amount.amountMinor * BigInt(basisPoints)
        expect(off <= 5_000n && off >= -5_000n).toBe(true)
        const mirrored = shareOf(money(-amount.amountMinor, amount.currency), basisPoints)
        expect(mirrored).toEqual(money(-share, amount.currency))
      }),
    )
  })

  it('takes whole basis points only', () => {
    expect(() => shareOf(money(1n, 'TND'), 2.5)).toThrow(new RangeError('basis points are a whole number'))
    expect(() => shareOf(money(1n, 'TND'), Number.NaN)).toThrow(RangeError)
  })
})

describe('decimals', () => {
  it.each([
    [5_000n, 'TND', '5.000'],
    [50n, 'TND', '0.050'],
    [0n, 'TND', '0.000'],
    [-1n, 'TND', '-0.001'],
    [-12_345n, 'EUR', '-123.45'],
    [7n, 'USD', '0.07'],
    [500n, 'XOF', '500'],
    [-500n, 'XOF', '-500'],
    [0n, 'XOF', '0'],
  ] as const)('%i minor units of %s are written %s', (amountMinor, currency, text) => {
    expect(toDecimal(money(amountMinor, currency))).toBe(text)
    expect(parseDecimal(text, currency)).toEqual(money(amountMinor, currency))
  })

  it('are read back as the amount that was written', () => {
    fc.assert(
      fc.property(anyMoney, (amount) => {
        expect(parseDecimal(toDecimal(amount), amount.currency)).toEqual(amount)
      }),
    )
  })

  it('are read with fewer digits than the currency has, down to none', () => {
    expect(parseDecimal('5', 'TND')).toEqual(money(5_000n, 'TND'))
    expect(parseDecimal('5.0', 'TND')).toEqual(money(5_000n, 'TND'))
    expect(parseDecimal('5.25', 'TND')).toEqual(money(5_250n, 'TND'))
    expect(parseDecimal('0012.5', 'EUR')).toEqual(money(1_250n, 'EUR'))
  })

  it.each([
    ['more digits than the currency has', '5.0000', 'TND'],
    ['a fraction where there is none', '5.0', 'XOF'],
    ['a point without digits', '5.', 'TND'],
    ['a point without a whole part', '.5', 'TND'],
    ['two points', '5.0.0', 'TND'],
    ['a comma', '5,000', 'TND'],
    ['a plus', '+5', 'TND'],
    ['two minuses', '--5', 'TND'],
    ['a minus alone', '-', 'TND'],
    ['space in front', ' 5', 'TND'],
    ['space behind', '5 ', 'TND'],
    ['a line break behind', '5\n', 'TND'],
    ['an exponent', '5e3', 'TND'],
    ['letters', 'five', 'TND'],
    ['nothing', '', 'TND'],
    ['digits of another script', '٥', 'TND'],
    ['sixteen digits', '0000000000000005', 'XOF'],
    ['one minor unit more than fits', '1000000000000.000', 'TND'],
    ['one minor unit less than fits', '-1000000000000.000', 'TND'],
  ] as const)('are refused: %s', (_what, text, currency) => {
    expect(parseDecimal(text, currency)).toBeNull()
  })

  it('are taken up to the largest amount', () => {
    expect(parseDecimal('999999999999.999', 'TND')).toEqual(money(MAX_AMOUNT_MINOR, 'TND'))
    expect(parseDecimal('-999999999999.999', 'TND')).toEqual(money(-MAX_AMOUNT_MINOR, 'TND'))
    expect(parseDecimal('999999999999999', 'XOF')).toEqual(money(MAX_AMOUNT_MINOR, 'XOF'))
    expect(MAX_AMOUNT_MINOR).toBe(10n ** 15n - 1n)
  })
})
