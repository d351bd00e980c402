import type { Standing } from '@scratchless/wire/supply/standing'
import type { SupplyRefusalReason } from '@scratchless/wire/supply/supply-refusal'
import type { Store } from '../store/connect-store.ts'
import { getStanding, putStanding } from './centre-word.sql.ts'
import { dropStop, saveStop, stopOf } from './stop.sql.ts'
import type { TerminalClock } from './terminal-clock.ts'

interface StandingNeeds {
  readonly store: Store
  readonly clock: TerminalClock
}

/**
 * Takes time and lease from a verified answer, inside the transaction that stores the answer. The latest word
 * counts: a repeated answer may be old. One that is later than the word that stopped this terminal ends that.
 */
export function takeStanding({ store, clock }: StandingNeeds, standing: Standing, fresh: boolean): void {
  const stop = stopOf(store)
  if (stop !== null && standing.timeS > stop.saidAtS) dropStop(store)
  const known = getStanding(store)
  if (known && known.timeS > standing.timeS) return
  putStanding(store, standing)
  clock.hear(standing.timeS * 1000, fresh)
}

/** What stops a terminal among the reasons of a refusal, and why; null for any other. */
export function stopIn(
  why: SupplyRefusalReason,
): { reason: 'terminal-revoked' | 'terminal-locked'; why: string } | null {
  if (why.reason === 'terminal-revoked' || why.reason === 'terminal-locked')
    return { reason: why.reason, why: why.why }
  return why.reason === 'content-altered' ? { reason: 'terminal-locked', why: 'content-altered' } : null
}

/**
 * Takes a refusal that stops this terminal. The centre stores none of these, so it was said after all that came before
 * it, whatever its time; its standing can shorten a lease and nothing else of it can let the terminal sell.
 */
export function takeStop(
  needs: StandingNeeds,
  sequence: number,
  standing: Standing,
  stop: NonNullable<ReturnType<typeof stopIn>>,
  fresh: boolean,
): void {
  const known = getStanding(needs.store)
  const leaseUntilS = Math.min(standing.leaseUntilS, known?.leaseUntilS ?? 0)
  takeStanding(needs, { ...standing, leaseUntilS }, fresh)
  const saidAtS = Math.max(standing.timeS, known?.timeS ?? 0)
  saveStop(needs.store, { ...stop, sequence, saidAtS })
}
