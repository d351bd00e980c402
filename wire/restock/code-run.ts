// Runs of consecutive serials, as deliveries name them.

import { type SerialRange, serialToNumber } from '@scratchless/voucher/serial'

/** Twelve digits: where serials end. */
const SERIALS = 1_000_000_000_000

/** How many codes runs hold together. */
export function codesOf(runs: readonly SerialRange[]): number {
  return runs.reduce((sum, run) => sum + run.count, 0)
}

/** Whether runs rise without overlap and end where serials end: each set of serials has one spelling. */
export function runsRise(runs: readonly SerialRange[]): boolean {
  let next = 0
  for (const run of runs) {
    const first = serialToNumber(run.firstSerial)
    if (first < next) return false
    next = first + run.count
  }
  return next <= SERIALS
}
