// The level at which this terminal writes: its program's own, or what the centre knows where that is less.

import { LEVEL } from '@scratchless/wire/supply/level'
import { notices } from '@scratchless/wire/supply/notice'
import type { Standing } from '@scratchless/wire/supply/standing'
import type { Store } from '../store/connect-store.ts'
import { savedLevel, saveSpokenLevel } from './device.sql.ts'

/** `own`: the level of this program. */
export function spokenLevel(store: Store, own: number = LEVEL): number {
  return Math.min(savedLevel(store) ?? own, own)
}

/**
 * The centre knows no more than `highestLevel`: from now on nothing is written above it. False where this terminal
 * wrote no higher anyway: what was not understood is of another kind, and its program is too new or too old for it.
 */
export function speakLower(store: Store, asked: number, highestLevel: number): boolean {
  if (highestLevel >= asked) return false
  saveSpokenLevel(store, highestLevel)
  return true
}

/** The centre says how high it understands: the terminal may speak as high again. */
export function speakAsHigh(store: Store, standing: Standing, own: number = LEVEL): void {
  const read = notices.read(standing.notices)
  const said = read === 'update-needed' ? undefined : read.find(({ notice }) => notice === 'centre-level')
  if (said?.notice === 'centre-level') saveSpokenLevel(store, Math.min(said.level, own))
}
