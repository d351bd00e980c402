import type { Standing } from '@scratchless/wire/supply/standing'
import type { Store } from '../store/connect-store.ts'
import { getStanding, putStanding } from './centre-word.sql.ts'
import type { TerminalClock } from './terminal-clock.ts'

/**
 * Takes time and lease from a verified answer, inside the transaction that stores the answer. The latest word
 * counts: a repeated answer may be old.
 */
export function takeStanding(
  { store, clock }: { store: Store; clock: TerminalClock },
  standing: Standing,
  fresh: boolean,
): void {
  const known = getStanding(store)
  if (known && known.timeS > standing.timeS) return
  putStanding(store, standing)
  clock.hear(standing.timeS * 1000, fresh)
}
