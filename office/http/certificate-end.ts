// A TLS certificate ends on its day whatever anybody does, and with it every line of the office. People are told a month
// before, and each day from then on.

import { X509Certificate } from 'node:crypto'
import type { Clock } from '@scratchless/voucher/clock'

const DAY_MS = 86_400_000
const ALARM_DAYS = 30

export interface EndingCertificate {
  /** `YYYY-MM-DD` */
  readonly endsOn: string
  /** Whole days to go; below 0 once it has ended. */
  readonly days: number
}

/** What to tell people of a certificate; null while it is good for more than 30 days. */
export function endingCertificate(certificatePem: string, nowMs: number): EndingCertificate | null {
  const { validToDate } = new X509Certificate(certificatePem)
  const leftMs = validToDate.getTime() - nowMs
  if (leftMs > ALARM_DAYS * DAY_MS) return null
  return { endsOn: validToDate.toISOString().slice(0, 10), days: Math.floor(leftMs / DAY_MS) }
}

/** Looks now and once a day, until stopped. `tell` must not throw. */
export function watchCertificate(
  certificatePem: string,
  clock: Clock,
  tell: (ending: EndingCertificate) => void,
): { stop(): void } {
  const look = () => {
    const ending = endingCertificate(certificatePem, clock.nowMs())
    if (ending !== null) tell(ending)
  }
  look()
  const timer = setInterval(look, DAY_MS)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
