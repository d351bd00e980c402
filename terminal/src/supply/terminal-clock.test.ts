import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectStore, type Store } from '../store/connect-store.ts'
import { terminalClock } from './terminal-clock.ts'

const HOUR_MS = 3_600_000
let folder: string
let store: Store
let systemMs: number
const system = { nowMs: () => systemMs }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clock-'))
  store = connectStore(join(folder, 'terminal.sqlite'))
  systemMs = 100 * HOUR_MS
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

test('set back, the clock stands still; after a restart too', () => {
  const clock = terminalClock(system, store)
  expect(clock.nowMs()).toBe(100 * HOUR_MS)
  clock.saveMark()
  expect(clock.standsStill()).toBe(false)
  systemMs = 90 * HOUR_MS
  expect(clock.nowMs()).toBe(100 * HOUR_MS)
  expect(clock.standsStill()).toBe(true)
  expect(terminalClock(system, store).nowMs()).toBe(100 * HOUR_MS)
})

test('an old answer may raise it and never lower it', () => {
  const clock = terminalClock(system, store)
  clock.hear(90 * HOUR_MS, false)
  expect(clock.nowMs()).toBe(100 * HOUR_MS)
  clock.hear(110 * HOUR_MS, false)
  expect(clock.nowMs()).toBe(110 * HOUR_MS)
  systemMs += HOUR_MS
  expect(clock.nowMs()).toBe(111 * HOUR_MS)
})

test('a fresh answer lowers it: a clock that jumped ahead does not end the shop, and is told so once', () => {
  systemMs = 5_000 * HOUR_MS
  const clock = terminalClock(system, store)
  clock.nowMs()
  clock.saveMark()
  clock.hear(101 * HOUR_MS, true)
  expect(clock.nowMs()).toBe(101 * HOUR_MS)
  systemMs += HOUR_MS
  expect(clock.nowMs()).toBe(102 * HOUR_MS)
  expect(terminalClock(system, store).nowMs()).toBe(102 * HOUR_MS)
})

test('it waits for the centre where it stands ahead by more than two good clocks differ, after a restart too', () => {
  const clock = terminalClock(system, store)
  clock.nowMs()
  clock.saveMark()
  expect(clock.waitsForCentre()).toBe(false)
  systemMs -= 120_000
  expect(clock.waitsForCentre()).toBe(false)
  systemMs -= 1
  expect(clock.waitsForCentre()).toBe(true)
  expect(terminalClock(system, store).waitsForCentre()).toBe(true)
  clock.hear(systemMs, true)
  expect(clock.waitsForCentre()).toBe(false)
  expect(terminalClock(system, store).waitsForCentre()).toBe(false)
})

test('a minute between two good clocks is nothing', () => {
  const clock = terminalClock(system, store)
  clock.hear(systemMs - 60_000, true)
  expect(clock.nowMs()).toBe(systemMs)
})
