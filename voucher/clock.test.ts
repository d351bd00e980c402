import { expect, test } from 'vitest'
import { nowIso, nowSeconds, systemClock } from './clock.ts'

test('a clock is read in milliseconds, as ISO text, and in whole seconds that have passed', () => {
  const at = (ms: number) => ({ nowMs: () => ms })
  expect(nowIso(at(1_790_000_000_123))).toBe('2026-09-21T14:13:20.123Z')
  expect([nowSeconds(at(1_999)), nowSeconds(at(2_000)), nowSeconds(at(0))]).toEqual([1, 2, 0])
})

test("the system's clock is the machine's", () => {
  const beforeMs = Date.now()
  const nowMs = systemClock.nowMs()
  expect(nowMs).toBeGreaterThanOrEqual(beforeMs)
  expect(nowMs).toBeLessThanOrEqual(Date.now())
})
