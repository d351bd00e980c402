// The loop of the supply line: when it asks, how long it rests, and what it says of the line.

import { LineFault } from '@scratchless/keys/pinned-client'
import { createLog } from '@scratchless/program/log'
import { systemRandom } from '@scratchless/voucher/random'
import { readFrame } from '@scratchless/wire/compact/frame'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createFakeCentre, type FakeCentre } from '../../testing/fake-centre.ts'
import { keysInMemory } from '../../testing/keys-in-memory.ts'
import { type TestStore, testStore } from '../../testing/test-store.ts'
import { beginToEnrol } from './enrol.ts'
import { keepInTouch, type SupplyLine } from './keep-in-touch.ts'
import { terminalClock } from './terminal-clock.ts'

const NOW_MS = 1_795_000_000_000
let world: TestStore
let centre: FakeCentre
let loop: SupplyLine
let closed: number
let changed: number
/** Null: the line carries. */
let fault: unknown
let asks: number
/** The line brings back what it was given: a frame that proves nothing. */
let garbage: boolean
let randomByte: number
let said: string[]

beforeEach(async () => {
  world = testStore()
  const clock = { nowMs: () => NOW_MS }
  centre = createFakeCentre({ clock, packedCodes: () => Buffer.alloc(0) })
  closed = 0
  said = []
  changed = 0
  asks = 0
  fault = null
  garbage = false
  randomByte = 255 / 2
  const carried = centre.line()
  const needs = {
    store: world.store,
    clock: terminalClock(clock, world.store),
    deviceKeys: keysInMemory(),
    line: {
      async ask(frame: Uint8Array) {
        asks++
        if (fault !== null) throw fault
        return garbage ? readFrame(frame)! : carried.ask(frame)
      },
      close: () => void closed++,
    },
    log: createLog(
      { program: 'terminal', process: 'test', clock },
      { write: (line) => void said.push(line) },
    ),
    card: () => null,
    changed: () => void changed++,
  }
  await beginToEnrol({ ...needs, random: systemRandom }, centre.enrolmentCode)
  asks = 0
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  loop = keepInTouch({ ...needs, random: { fill: (bytes) => void bytes.fill(randomByte) } })
  await settle()
})
afterEach(async () => {
  await loop.stop()
  vi.useRealTimers()
  world.close()
})

const settle = async () => {
  for (let i = 0; i < 30; i++) await new Promise((resolve) => setImmediate(resolve))
}
/** How many ask after each of these pauses. */
async function after(ms: number) {
  vi.advanceTimersByTime(ms)
  await settle()
  return asks
}

test('while nobody has approved it asks every five seconds, and is on the line', async () => {
  expect(loop.status()).toBe('online')
  expect(asks).toBe(1)
  // Waiting changes nothing on the screen but the line's own word.
  expect(changed).toBe(1)
  expect(await after(4_999)).toBe(1)
  expect(await after(1)).toBe(2)
  expect(changed).toBe(1)
})

test('once it is a terminal it asks at once for what it lacks, and then looks every second', async () => {
  centre.approve()
  await after(5_000)
  expect(centre.heard.map(({ kind }) => kind).slice(-2)).toEqual(['enrolment-request', 'catalogue-request'])
  expect(JSON.parse(said.at(-1)!)).toMatchObject({
    ...{ level: 30, sequence: 1, kind: 'catalogue-request', answer: 'catalogue', msg: 'answered' },
  })
  const before = changed
  await after(60_000)
  expect(centre.heard.at(-1)!.kind).toBe('catalogue-request')
  expect(changed).toBe(before)
})

test('a line that is down is tried again after two seconds, twice as long each time, up to five minutes', async () => {
  fault = new LineFault('unreachable')
  await after(5_000)
  expect([loop.status(), asks]).toEqual(['offline', 2])
  const pauses: number[] = []
  for (let i = 0; i < 10; i++) {
    const before = asks
    let waited = 0
    while (asks === before && waited < 400_000) {
      waited += 250
      await after(250)
    }
    pauses.push(Math.round(waited / 500) / 2)
  }
  expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
}, 60_000)

test.each([
  [0, 1_500],
  [255, 2_500],
])('a random byte of %i makes of two seconds %i ms', async (byte, ms) => {
  randomByte = byte
  fault = new LineFault('unreachable')
  await after(5_000)
  expect(await after(ms - 1)).toBe(2)
  expect(await after(1)).toBe(3)
})

test('being woken ends a pause at once, and begins to count anew', async () => {
  fault = new LineFault('unreachable')
  await after(5_000)
  await after(2_000)
  await after(4_000)
  expect(asks).toBe(4)
  loop.wake()
  await settle()
  expect(asks).toBe(5)
  expect(await after(1_990)).toBe(5)
  expect(await after(10)).toBe(6)
})

/** Level and words of what the log was told last. */
const lastSaid = () => {
  const { level, msg, problem, err } = JSON.parse(said.at(-1)!) as Record<string, unknown>
  return [level, msg, problem ?? (err as Error | undefined)?.message]
}

test('a fault of our own stops nothing: it is tried again too, and is told apart from a line that is down', async () => {
  const down = new LineFault('unreachable')
  fault = down
  await after(5_000)
  expect(lastSaid()).toEqual([40, 'the centre was not reached', down.message])
  fault = new TypeError('a bug')
  await after(2_001)
  expect(lastSaid()).toEqual([50, 'the supply line broke', 'a bug'])
  expect(loop.status()).toBe('offline')
  loop.wake()
  fault = null
  await after(2_001)
  expect(loop.status()).toBe('online')
})

test('an answer that proves nothing is asked for again after a pause, and the line is there', async () => {
  centre.approve()
  garbage = true
  await after(5_000)
  await after(5_000)
  expect(loop.status()).toBe('online')
  garbage = false
  await after(5_000)
  garbage = true
  const before = asks
  await after(1)
  expect(asks).toBe(before)
})

test('once stopped it asks no more, and the line is closed', async () => {
  expect(closed).toBe(0)
  await loop.stop()
  expect(closed).toBe(1)
  const before = asks
  await after(600_000)
  expect(asks).toBe(before)
})
