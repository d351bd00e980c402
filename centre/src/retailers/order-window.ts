// When a shop's orders are taken, by the shop's own clock.

import { momentOfDay, wallClock } from '@scratchless/office/calendar/office-day'
import type { ShopSettings } from '@scratchless/wire/supply/shop-settings'

const DAY_MS = 86_400_000
/** Today, the six days after, and today's weekday again. */
const DAYS_AHEAD = 8

type OrderWindow = ShopSettings['orderWindows'][number]

/** Null: now, or always. Else the moment from which orders are taken again, in seconds since 1970. */
export function orderWindowOpensAtS(
  windows: readonly OrderWindow[],
  timeZone: string,
  nowMs: number,
): number | null {
  if (windows.length === 0) return null
  const { day: today, minute } = wallClock(new Date(nowMs), timeZone)
  const onDay = (day: string) => windows.filter(({ weekdays }) => (weekdays & weekdayBit(day)) !== 0)
  const isOpen = onDay(today).some(({ fromMinute, toMinute }) => fromMinute <= minute && minute < toMinute)
  if (isOpen) return null
  const opens = Array.from({ length: DAYS_AHEAD }, (_, ahead) => laterDay(today, ahead)).flatMap((day) =>
    onDay(day).flatMap(({ fromMinute }) => momentOfDay(day, fromMinute, timeZone)?.getTime() ?? []),
  )
  const next = Math.min(...opens.filter((ms) => ms > nowMs))
  return Math.ceil(next / 1000)
}

/** Monday is the lowest of seven bits. */
function weekdayBit(day: string): number {
  const sundayFirst = new Date(`${day}T00:00:00Z`).getUTCDay()
  return 1 << ((sundayFirst + 6) % 7)
}

function laterDay(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}
