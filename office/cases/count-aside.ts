// Of the codes that an open case is about, how many are in which state: each is counted in one. Several cases may have one
// code; then the gravest counts.

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

type AsideCounts = Readonly<Record<(typeof BY_GRAVITY)[number], number>>

export interface CaseCounts extends AsideCounts {
  /** Of those, the ones that are here. */
  here: number
  /** Away, and in an open case of whatever state; and those that are only on hold. */
  away: number
  held_away: number
}

/** Columns of a query over packs and their cases: `mask`, the codes of one case. */
export function maskColumns(): string {
  return [...BY_GRAVITY, 'on_hold']
    .map(
      (state) =>
        `coalesce(bit_or(mask) FILTER (WHERE code_case.state = '${state}'), 0::bit(1000)) AS ${state}`,
    )
    .join(', ')
}

/** Sums of those columns, each code in one of them. `aside`, `away`: a pack's codes that are aside here, or elsewhere. */
export function countColumns(): string {
  const all = BY_GRAVITY.join(' | ')
  const states = BY_GRAVITY.map((state, index) => {
    const graver = BY_GRAVITY.slice(0, index).map((other) => ` & ~${other}`)
    return `sum(bit_count((aside | away) & ${state}${graver.join('')}))::int AS ${state}`
  })
  return [
    ...states,
    `sum(bit_count(aside & (${all})))::int AS here`,
    `sum(bit_count(away & (${all} | on_hold)))::int AS away`,
    `sum(bit_count(away & on_hold & ~(${all})))::int AS held_away`,
  ].join(', ')
}
