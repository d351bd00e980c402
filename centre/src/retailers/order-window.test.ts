// When orders are taken: the edges of a window, the days of the week, and nights on which the clock is moved.

import { expect, test } from 'vitest'
import { orderWindowOpensAtS } from './order-window.ts'

/** Monday to Friday, 8:00 to 18:00. */
const OFFICE_HOURS = [{ weekdays: 31, fromMinute: 480, toMinute: 1_080 }]
const opens = (windows: Parameters<typeof orderWindowOpensAtS>[0], zone: string, now: string) => {
  const atS = orderWindowOpensAtS(windows, zone, Date.parse(now))
  return atS === null ? 'open' : new Date(atS * 1000).toISOString().slice(0, 16)
}

test('without windows orders are always taken', () => {
  expect(opens([], 'Africa/Tunis', '2026-11-29T03:00:00Z')).toBe('open')
})

test.each([
  // Tunis is an hour before UTC. The 25th of November 2026 is a Wednesday.
  ['a minute before', '2026-11-25T06:59:59.999Z', '2026-11-25T07:00'],
  ['at its first moment', '2026-11-25T07:00:00Z', 'open'],
  ['at its last', '2026-11-25T16:59:59.999Z', 'open'],
  ['when it closes', '2026-11-25T17:00:00Z', '2026-11-26T07:00'],
  ['on Friday evening', '2026-11-27T20:00:00Z', '2026-11-30T07:00'],
  ['on Saturday, within the hours', '2026-11-28T10:00:00Z', '2026-11-30T07:00'],
  ['on Sunday after midnight of the place', '2026-11-29T23:30:00Z', '2026-11-30T07:00'],
])('office hours: %s', (_, now, expected) => {
  expect(opens(OFFICE_HOURS, 'Africa/Tunis', now)).toBe(expected)
})

test('of several windows the next one counts, and a week later is the same weekday', () => {
  const twice = [
    { weekdays: 4, fromMinute: 840, toMinute: 1_440 },
    { weekdays: 4, fromMinute: 480, toMinute: 720 },
  ]
  expect(opens(twice, 'UTC', '2026-11-25T07:00:00Z')).toBe('2026-11-25T08:00')
  expect(opens(twice, 'UTC', '2026-11-25T12:00:00Z')).toBe('2026-11-25T14:00')
  expect(opens(twice, 'UTC', '2026-11-25T23:59:59Z')).toBe('open')
  expect(opens(twice, 'UTC', '2026-11-26T00:00:00Z')).toBe('2026-12-02T08:00')
  const morning = [{ weekdays: 4, fromMinute: 480, toMinute: 720 }]
  expect(opens(morning, 'UTC', '2026-11-25T12:00:00Z')).toBe('2026-12-02T08:00')
})

test('on the day that the clock is moved, eight o’clock is eight o’clock', () => {
  const always = [{ weekdays: 127, fromMinute: 480, toMinute: 1_080 }]
  expect(opens(always, 'Europe/Paris', '2026-03-29T00:00:00Z')).toBe('2026-03-29T06:00')
  expect(opens(always, 'Europe/Paris', '2026-10-25T00:00:00Z')).toBe('2026-10-25T07:00')
  // 2:30 does not exist that night: half an hour after two, as a steady clock counts.
  const atNight = [{ weekdays: 127, fromMinute: 150, toMinute: 400 }]
  expect(opens(atNight, 'Europe/Paris', '2026-03-28T23:30:00Z')).toBe('2026-03-29T01:30')
})
