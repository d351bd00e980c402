// Days and hours as the office's clock on the wall has them. A day is a name (2026-11-26), and it begins where its time
// zone says: not at midnight where the clock jumps over it.

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MINUTES = 1_440
/** No place on earth is further from UTC than 14 hours; a day begins within this time around midnight in UTC. */
const FURTHEST_MS = 15 * HOUR_MS

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone, calendar: 'iso8601', hourCycle: 'h23' },
    ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit' },
  })
  formats.set(timeZone, made)
  return made
}

/** Whether this is the name of a time zone (IANA, `Africa/Tunis`). */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name)
    return true
  } catch {
    return false
  }
}

/** The day (`2026-11-26`) and the hour (0 to 23) that the office's clock shows at a moment. */
export function officeTime(at: Date, timeZone: string): { readonly day: string; readonly hour: number } {
  const { day, minute } = wallClock(at, timeZone)
  return { day, hour: Math.floor(minute / 60) }
}

/** The day, and the minute of it (0 to 1,439), that a clock on the wall shows at a moment. */
export function wallClock(at: Date, timeZone: string): { readonly day: string; readonly minute: number } {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
  const day = `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`
  return { day, minute: 60 * Number(parts.get('hour')) + Number(parts.get('minute')) }
}

/** The first moment of a day; undefined where the calendar has no such day, or this place skipped it. */
export function startOfDay(day: string, timeZone: string): Date | undefined {
  const midnight = Date.parse(`${day}T00:00:00Z`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(midnight)) return undefined
  if (new Date(midnight).toISOString().slice(0, 10) !== day) return undefined
  // The clock's day never goes back, so the first moment of a day is found by halving.
  let [before, from] = [midnight - FURTHEST_MS, midnight + FURTHEST_MS]
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2)
    if (officeTime(new Date(middle), timeZone).day < day) before = middle
    else from = middle
  }
  return officeTime(new Date(from), timeZone).day === day ? new Date(from) : undefined
}

/** When the clock on the wall shows this minute of the day; where it jumps over it, as long after as it lacks. */
export function momentOfDay(day: string, minute: number, timeZone: string): Date | undefined {
  const start = startOfDay(day, timeZone)
  if (start === undefined) return undefined
  const steady = new Date(start.getTime() + minute * MINUTE_MS)
  const shown = wallClock(steady, timeZone)
  const ahead = shown.minute - minute + (shown.day > day ? DAY_MINUTES : shown.day < day ? -DAY_MINUTES : 0)
  const moved = new Date(steady.getTime() - ahead * MINUTE_MS)
  return wallClock(moved, timeZone).minute === minute ? moved : steady
}
