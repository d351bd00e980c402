import { expect, test } from 'vitest'
import { isTimeZone, officeTime, startOfDay } from './office-day.ts'

test('a day begins at midnight of its place, whatever the season', () => {
  for (const [day, zone, start] of [
    ['2026-11-26', 'Africa/Tunis', '2026-11-25T23:00:00.000Z'],
    ['2026-11-26', 'UTC', '2026-11-26T00:00:00.000Z'],
    ['2026-07-01', 'Europe/Paris', '2026-06-30T22:00:00.000Z'],
    ['2026-12-01', 'Europe/Paris', '2026-11-30T23:00:00.000Z'],
    // The very days on which the clock is moved at night.
    ['2026-03-29', 'Europe/Paris', '2026-03-28T23:00:00.000Z'],
    ['2026-10-25', 'Europe/Paris', '2026-10-24T22:00:00.000Z'],
    ['2026-11-26', 'Pacific/Kiritimati', '2026-11-25T10:00:00.000Z'],
    ['2026-11-26', 'Pacific/Niue', '2026-11-26T11:00:00.000Z'],
  ] as const)
    expect(startOfDay(day, zone)?.toISOString(), `${day} ${zone}`).toBe(start)
})

test('where the clock jumps over midnight the day begins at one', () => {
  const start = startOfDay('2026-04-24', 'Africa/Cairo')!
  expect(start.toISOString()).toBe('2026-04-23T22:00:00.000Z')
  expect(officeTime(start, 'Africa/Cairo')).toEqual({ day: '2026-04-24', hour: 1 })
  expect(officeTime(new Date(start.getTime() - 1), 'Africa/Cairo')).toEqual({ day: '2026-04-23', hour: 23 })
})

test('a day that the clock lengthens has its hour twice, and one start', () => {
  expect(startOfDay('2026-10-30', 'Africa/Cairo')?.toISOString()).toBe('2026-10-29T22:00:00.000Z')
  const hours = [0, 1, 2].map((later) =>
    officeTime(new Date(Date.parse('2026-10-29T20:00:00.000Z') + later * 3_600_000), 'Africa/Cairo'),
  )
  expect(hours).toEqual([
    { day: '2026-10-29', hour: 23 },
    { day: '2026-10-29', hour: 23 },
    { day: '2026-10-30', hour: 0 },
  ])
})

test('what is no day, and a day that a place skipped, has no start', () => {
  for (const day of ['2026-02-30', '2026-13-01', 'tomorrow', '2026-1-1', '', '2026-11-26T00:00:00Z'])
    expect(startOfDay(day, 'UTC'), day).toBeUndefined()
  expect(startOfDay('2011-12-30', 'Pacific/Apia')).toBeUndefined()
  expect([isTimeZone('Africa/Tunis'), isTimeZone('Africa/Nowhere'), isTimeZone('')]).toEqual([
    true,
    false,
    false,
  ])
})
