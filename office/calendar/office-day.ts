// Days and hours as the office's clock on the wall has them. A day is a name (2026-11-26), and it begins where its time
// zone says: not at midnight where the clock jumps over it.

const HOUR_MS = 3_600_000
/** No place on earth is further from UTC than 14 hours; a day begins within this time around midnight in UTC. */
const FURTHEST_MS = 15 * HOUR_MS

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone, calendar: 'iso8601', hourCycle: 'h23' },
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit' },
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
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
  const day = `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`
  return { day, hour: Number(parts.get('hour')) }
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
