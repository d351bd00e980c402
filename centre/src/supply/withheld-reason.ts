// What a terminal is told where the vault would not close what the desk decided.

import type { SupplyRefusalReason } from '@scratchless/wire/supply/supply-refusal'
import type { CentreNeeds } from '../needs.ts'
import type { SupplyClosingRefusal } from '../vault/verbs.ts'
import { letterOf } from './standing.ts'
import type { TakenRun } from './supply.sql.ts'
import type { SupplyTerminal } from './supply-terminal.sql.ts'

/** The vault counts its ceiling by the hour: an hour later it gives again. */
const HOUR_MS = 3_600_000

/** Whatever the database says: the vault will close nothing under the letter that the terminal holds. */
function letterAnew(terminal: SupplyTerminal, nowMs: number): number {
  return Math.max(letterOf(terminal, nowMs), Number(terminal.letter_number) + 1)
}

export function withheldReason(
  { clock, settings }: Pick<CentreNeeds, 'clock' | 'settings'>,
  runs: readonly Pick<TakenRun, 'product'>[],
  terminal: SupplyTerminal,
  refusal: SupplyClosingRefusal,
): SupplyRefusalReason {
  const nowMs = clock.nowMs()
  if (refusal === 'order-not-verified') return { reason: 'terminal-revoked', why: 'by-staff' }
  if (refusal === 'no-safe-key') return { reason: 'card-letter-needed', letter: letterAnew(terminal, nowMs) }
  if (refusal === 'ceiling-exceeded') {
    const freeAtS = Math.ceil((nowMs + HOUR_MS) / 1000)
    return { reason: 'ceiling-exceeded', codes: settings.ceilings.codesPerHour, freeAtS }
  }
  return { reason: 'no-stock', products: [...new Set(runs.map(({ product }) => product))] }
}
