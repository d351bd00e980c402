// What goes wrong in the simulator, how often it did, and the choices by which it does: all from one seed.

import { type Seeded, seeded } from '../forgeries/seeded.ts'

export const FAULT_KINDS = [
  'lost-request',
  'lost-answer',
  'duplicate',
  'reordered',
  'delayed',
  'replayed',
  'partition',
  'crash',
  'printer',
  'clock-jump',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]
export type FaultCounts = Record<FaultKind, number>

export function noFaults(): FaultCounts {
  return Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as FaultCounts
}

export interface Chance extends Seeded {
  /** False once faults have stopped. */
  faultsOn: boolean
  readonly counts: FaultCounts
  /** Writes a fault down, in the trace and in the counts. */
  note(kind: FaultKind, what: string): void
  readonly trace: string[]
}

export function chanceOf(seed: number): Chance {
  const counts = noFaults()
  const trace: string[] = []
  return {
    ...seeded(seed),
    faultsOn: true,
    counts,
    trace,
    note(kind, what) {
      counts[kind]++
      trace.push(`  ${kind}: ${what}`)
    },
  }
}
