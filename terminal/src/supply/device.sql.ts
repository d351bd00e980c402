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

/** The public key (SPKI) that the last renewal was asked for. */
export function nextKey(store: Store): Uint8Array | null {
  return store.statement('SELECT next_key FROM device').get()!.next_key as Uint8Array | null
}

export function saveNextKey(store: Store, spki: Uint8Array): void {
  store.statement('UPDATE device SET next_key = ?').run(spki)
}

/** The highest level that the centre was found to understand; null: not below this program's. */
export function savedLevel(store: Store): number | null {
  return store.statement('SELECT spoken_level FROM device').get()!.spoken_level as number | null
}

export function saveSpokenLevel(store: Store, level: number): void {
  store.statement('UPDATE device SET spoken_level = ?').run(level)
}

/** When the last state report was made; a terminal that was just enrolled has nothing to report yet. */
export function stateReportedMs(store: Store): number {
  return store.statement('SELECT state_reported_ms FROM device').get()!.state_reported_ms as number
}

export function saveStateReported(store: Store, atMs: number): void {
  store.statement('UPDATE device SET state_reported_ms = ?').run(atMs)
}

/** The catalogue held is one of the first release, whose numbers say nothing today. */
export function catalogueIsOld(store: Store): boolean {
  return store.statement('SELECT catalogue_is_old FROM device').get()!.catalogue_is_old === 1
}

export function catalogueIsNew(store: Store): void {
  store.statement('UPDATE device SET catalogue_is_old = 0 WHERE catalogue_is_old = 1').run()
}

/** The version of the program that the centre did not understand though it wrote at the centre's level. */
export function notUnderstoodVersion(store: Store): string | null {
  return store.statement('SELECT not_understood FROM device').get()!.not_understood as string | null
}

export function saveNotUnderstood(store: Store, version: string): void {
  store.statement('UPDATE device SET not_understood = ?').run(version)
}
