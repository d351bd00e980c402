// From when something dated holds, as staff enter it: a moment, the start of a day by the office's clock, or nothing
// for at once. Whole seconds, because a till changes its price to the second.

import { startOfDay } from '@scratchless/office/calendar/office-day'
import { HttpRefusal } from '@scratchless/program/http/http-server'

/** Throws HttpRefusal 409 `in-the-past`, 400 where the calendar has no such day. */
export function validFromOf(text: string | undefined, now: Date, timeZone: string): Date {
  if (text === undefined) return new Date(Math.floor(now.getTime() / 1000) * 1000)
  const moment = text.includes('T') ? new Date(text) : startOfDay(text, timeZone)
  if (moment === undefined)
    throw new HttpRefusal(400, 'invalid', [{ field: 'validFrom', rule: 'no_such_day' }])
  // What was sold is sold: no price and no rate reaches back.
  if (moment < now) throw new HttpRefusal(409, 'in-the-past')
  return new Date(Math.ceil(moment.getTime() / 1000) * 1000)
}
