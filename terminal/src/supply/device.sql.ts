// The one row of what the device itself must remember: its clock's marks, the balance it was told, and
// the letter it holds.

import type { Store } from '../store/connect-store.ts'

interface ClockMarks {
  readonly highWaterMs: number
  readonly offsetMs: number
}

export function clockMarks(store: Store): ClockMarks {
  const row = store.statement('SELECT high_water_ms, offset_ms FROM device').get()!
  return { highWaterMs: Number(row.high_water_ms), offsetMs: Number(row.offset_ms) }
}

export function saveHighWater(store: Store, highWaterMs: number): void {
  store.statement('UPDATE device SET high_water_ms = ?').run(highWaterMs)
}

export function saveClockMarks(store: Store, { highWaterMs, offsetMs }: ClockMarks): void {
  store.statement('UPDATE device SET high_water_ms = ?, offset_ms = ?').run(highWaterMs, offsetMs)
}

export function saveAvailable(store: Store, availableMinor: bigint): void {
  store.statement('UPDATE device SET available_minor = ?').run(availableMinor)
}

/** What the retailer may still order for, minor units; null before the centre first said. */
export function available(store: Store): bigint | null {
  const row = store.statement('SELECT available_minor FROM device').get()!
  return row.available_minor === null ? null : BigInt(row.available_minor as number)
}

/** The number of the newest card letter taken; 0 before the first. */
export function heldLetter(store: Store): number {
  return store.statement('SELECT letter FROM device').get()!.letter as number
}

export function saveHeldLetter(store: Store, letter: number): void {
  store.statement('UPDATE device SET letter = max(letter, ?)').run(letter)
}
