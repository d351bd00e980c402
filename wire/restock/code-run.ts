// Runs of consecutive serials, as deliveries name them.

import { type SerialRange, serialToNumber } from '@scratchless/voucher/serial'
import { z } from 'zod'
import type { CanonicalReader } from '../xml/canonical-reader.ts'
import { field } from '../xml/xml-text.ts'
import { MAX_LINE_QUANTITY, serialField } from './restock-fields.ts'

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

/** Runs of messages that name serials without their codes, which are as long as a lot may be. */
export const MAX_RUNS = 10_000

export const serialRuns = z
  .array(z.strictObject({ firstSerial: serialField, count: z.int().min(1).max(MAX_LINE_QUANTITY) }))
  .max(MAX_RUNS)
  .refine(runsRise, 'runs rise and do not overlap')

export function writeRuns(runs: readonly SerialRange[]): string {
  return runs
    .map((run) => `<Run>${field('FirstSerial', run.firstSerial)}${field('Count', run.count)}</Run>`)
    .join('')
}

export function readRuns(reader: CanonicalReader): object[] {
  return reader.list('Run', () => ({
    firstSerial: reader.field('FirstSerial'),
    count: Number(reader.field('Count')),
  }))
}
