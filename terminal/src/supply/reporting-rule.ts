// After how many sales, and after how long, the terminal reports what it sold. Each report costs its bytes and a
// signature; on a modem it costs a call.

import type { ShopSettings } from '@scratchless/wire/supply/shop-settings'

/** What carries the line: `modem` is dialled, the others are there. */
export type Carrier = 'https' | 'frames' | 'modem'

export interface ReportingRule {
  readonly sales: number
  readonly afterMs: number
}

type Figures = ShopSettings['reporting']

const CHEAP: Figures = { sales: 10, seconds: 60 }
const DIALLED: Figures = { sales: 30, seconds: 900 }

/** The shop's settings count before the device's own, and these before the line's. One figure alone bounds alone. */
export function reportingRule(carrier: Carrier, own: Figures | null, shop: Figures | null): ReportingRule {
  const set = [shop, own].find((one) => one !== null && (one.sales > 0 || one.seconds > 0))
  const { sales, seconds } = set ?? (carrier === 'modem' ? DIALLED : CHEAP)
  return {
    sales: sales === 0 ? Number.POSITIVE_INFINITY : sales,
    afterMs: seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1_000,
  }
}
