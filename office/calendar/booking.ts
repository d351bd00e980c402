import type { Booking } from '@scratchless/ledger/post-transfers'
import { officeTime } from './office-day.ts'

/** What is booked at a moment counts to the day that the office's clock shows then. */
export function bookingAt(madeAt: Date, timeZone: string): Booking {
  return { madeAt, bookedOn: officeTime(madeAt, timeZone).day }
}
