import { expect, test } from 'vitest'
import { pace } from './pace.ts'

test('a card opens ten at once and then its share a second', () => {
  const mayPass = pace(2)
  expect(Array.from({ length: 12 }, () => mayPass(0)).filter(Boolean)).toHaveLength(10)
  expect([mayPass(500), mayPass(500), mayPass(1_000)]).toEqual([true, false, true])
})

test('what is not used is not saved up beyond ten', () => {
  const mayPass = pace(100)
  expect(mayPass(0)).toBe(true)
  expect(Array.from({ length: 12 }, () => mayPass(60_000)).filter(Boolean)).toHaveLength(10)
})
