import { describe, expect, it } from 'vitest'
import {
  countText,
  coverText,
  dayTimeText,
  faceValueText,
  moneyParts,
  moneyText,
  timeText,
  unitOf,
} from './format.ts'

/** Groups and units never break from their figures. */
const spaced = (text: string) => text.replaceAll(' ', '\u00A0').replaceAll('−', '\u2212')

describe('amounts', () => {
  it.each([
    [1_212_350n, 'TND', 'fr', '1 212,350 DT'],
    [1_212_350n, 'TND', 'en', '1,212.350 TND'],
    [-1_000n, 'TND', 'fr', '−1,000 DT'],
    [-1_212_350n, 'TND', 'en', '−1,212.350 TND'],
    [0n, 'TND', 'en', '0 TND'],
    [50n, 'TND', 'en', '0.050 TND'],
    [-1n, 'TND', 'en', '−0.001 TND'],
    [999_999n, 'TND', 'en', '999.999 TND'],
    [1_000_000n, 'TND', 'en', '1,000.000 TND'],
    [999_999_999_999_999n, 'TND', 'fr', '999 999 999 999,999 DT'],
    [10_000n, 'XOF', 'fr', '10 000 F'],
    [999n, 'XOF', 'en', '999 F'],
    [0n, 'XOF', 'fr', '0 F'],
    [-7n, 'XOF', 'en', '−7 F'],
    [5n, 'EUR', 'fr', '0,05 EUR'],
    [123_456n, 'USD', 'en', '1,234.56 USD'],
  ] as const)('%i minor units of %s read in %s as %s', (amount, currency, locale, text) => {
    expect(moneyText(amount, currency, locale)).toBe(spaced(text))
  })

  it('come in parts: whole, minor digits and unit', () => {
    expect(moneyParts(1_212_350n, 'TND', 'fr')).toEqual({
      whole: spaced('1 212'),
      minor: ',350',
      unit: 'DT',
    })
    expect(moneyParts(0n, 'TND', 'fr')).toEqual({ whole: '0', minor: '', unit: 'DT' })
  })

  it('have the unit that people say', () => {
    expect([unitOf('TND', 'fr'), unitOf('TND', 'en'), unitOf('XOF', 'fr'), unitOf('XOF', 'en')]).toEqual([
      'DT',
      'TND',
      'F',
      'F',
    ])
    expect([unitOf('EUR', 'fr'), unitOf('USD', 'en')]).toEqual(['EUR', 'USD'])
  })
})

describe('face values', () => {
  it('drop empty decimals only', () => {
    expect(faceValueText(5_000n, 'TND', 'fr')).toBe(spaced('5'))
    expect(faceValueText(500n, 'TND', 'fr')).toBe(spaced('0,500'))
    expect(faceValueText(5_010n, 'TND', 'en')).toBe('5.010')
    expect(faceValueText(5_001n, 'TND', 'en')).toBe('5.001')
    expect(faceValueText(1_000_000n, 'TND', 'fr')).toBe(spaced('1 000'))
    expect(faceValueText(500n, 'XOF', 'fr')).toBe('500')
  })
})

describe('cover', () => {
  it('is in whole hours under a day, then in whole days', () => {
    expect(coverText(0, 'fr')).toBe(spaced('0 h'))
    expect(coverText(6.9, 'fr')).toBe(spaced('6 h'))
    expect(coverText(23.99, 'en')).toBe(spaced('23 h'))
    expect(coverText(24, 'fr')).toBe(spaced('1 j'))
    expect(coverText(47.9, 'en')).toBe(spaced('1 d'))
    expect(coverText(49, 'fr')).toBe(spaced('2 j'))
    expect(coverText(49, 'en')).toBe(spaced('2 d'))
    expect(coverText(24_000, 'en')).toBe(spaced('1,000 d'))
  })
})

describe('counts', () => {
  it('come in groups, whole', () => {
    expect(countText(1157, 'fr')).toBe(spaced('1 157'))
    expect([countText(999, 'en'), countText(1_000, 'en'), countText(1_234_567, 'en')]).toEqual([
      '999',
      '1,000',
      '1,234,567',
    ])
    expect([countText(7.9, 'en'), countText(0, 'en')]).toEqual(['7', '0'])
  })
})

describe('moments', () => {
  it('are read in the time of the machine, two digits each', () => {
    const at = new Date(2026, 10, 4, 9, 5).getTime()
    expect(timeText(at)).toBe('09:05')
    expect(dayTimeText(at)).toBe('04/11 09:05')
    const late = new Date(2026, 0, 31, 23, 59, 59, 999).getTime()
    expect([timeText(late), dayTimeText(late)]).toEqual(['23:59', '31/01 23:59'])
  })
})
