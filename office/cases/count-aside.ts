// Of the codes that are aside, how many are in which state: each is counted in one. Several cases may have one code; then
// the gravest counts.

import type { AsideState } from './code-states.ts'

/** The gravest first. What is on hold is all the rest. */
const BY_GRAVITY = [
  'void',
  'stolen',
  'returned',
  'expired',
  'damaged',
  'in_doubt',
] as const satisfies readonly AsideState[]

export type AsideCounts = Readonly<Record<(typeof BY_GRAVITY)[number], number>>

/** Columns of a query over packs and their cases: `mask`, the codes of one case; `aside`, those of the pack. */
export function maskColumns(): string {
  return BY_GRAVITY.map(
    (state) => `coalesce(bit_or(mask) FILTER (WHERE code_case.state = '${state}'), 0::bit(1000)) AS ${state}`,
  ).join(', ')
}

/** Sums of those columns, each code in one of them. */
export function countColumns(): string {
  return BY_GRAVITY.map((state, index) => {
    const graver = BY_GRAVITY.slice(0, index).map((other) => ` & ~${other}`)
    return `sum(bit_count(aside & ${state}${graver.join('')}))::int AS ${state}`
  }).join(', ')
}
