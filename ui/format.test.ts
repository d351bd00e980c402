import { expect, test } from 'vitest'
import { countText, coverText, faceValueText, moneyText } from './format.ts'

/** Groups and units never break from their figures. */
const spaced = (text: string) => text.replaceAll(' ', '\u00A0').replaceAll('−', '\u2212')

test('amounts read as people write them, with all minor digits of the currency', () => {
  expect(moneyText(1_212_350n, 'TND', 'fr')).toBe(spaced('1 212,350 DT'))
  expect(moneyText(1_212_350n, 'TND', 'en')).toBe(spaced('1,212.350 TND'))
  expect(moneyText(-1_000n, 'TND', 'fr')).toBe(spaced('−1,000 DT'))
  expect(moneyText(0n, 'TND', 'en')).toBe(spaced('0 TND'))
  expect(moneyText(50n, 'TND', 'en')).toBe(spaced('0.050 TND'))
  expect(moneyText(10_000n, 'XOF', 'fr')).toBe(spaced('10 000 F'))
})

test('face values drop empty decimals only', () => {
  expect(faceValueText(5_000n, 'TND', 'fr')).toBe(spaced('5'))
  expect(faceValueText(500n, 'TND', 'fr')).toBe(spaced('0,500'))
})

test('cover is in hours under a day, then in whole days', () => {
  expect(coverText(6.9, 'fr')).toBe(spaced('6 h'))
  expect(coverText(49, 'fr')).toBe(spaced('2 j'))
  expect(coverText(49, 'en')).toBe(spaced('2 d'))
})

test('counts come in groups', () => {
  expect(countText(1157, 'fr')).toBe(spaced('1 157'))
})
