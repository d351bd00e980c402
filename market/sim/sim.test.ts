// The simulator itself: the same seed tells the same story, no seed breaks an invariant, and bugs that are planted
// are found.

import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BaseWorld, makeBaseWorld } from './base-world.ts'
import { PLANTED_BUGS } from './planted-bugs.ts'
import { runSeed } from './run-seed.ts'

const SEEDS = 6
/** Each planted bug is looked for in so many seeds. */
const SEEDS_PER_BUG = 25

let base: BaseWorld

beforeAll(async () => {
  base = await makeBaseWorld()
})

afterAll(() => base.close())

test('whatever goes wrong, every invariant holds after every step, and all agree in the end', async () => {
  let renewed = 0
  const told: string[] = []
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations, operations, renewals, trace } = await runSeed(base, seed)
    expect({ seed, violations }).toEqual({ seed, violations: [] })
    expect(operations).toBeGreaterThanOrEqual(50)
    renewed += renewals
    told.push(...trace)
  }
  // What years bring was among it: keys that end, prices that change, codes that are held or wake.
  expect(renewed).toBeGreaterThan(0)
  for (const said of [
    /^price: [12] catalogues/,
    /^activation: \d+ of/,
    /^hold or release: hold [1-9]/,
    /^months pass: \d/,
  ])
    expect(
      told.some((line) => said.test(line)),
      `${said}`,
    ).toBe(true)
})

/** Seeds in which two orders often come at once. */
const SEEDS_AGAIN = [4, 7]
/** Statements of a machine that does other things too, by what is left of their number: most wait for nothing. */
const DRAGS_MS = [0, 0, 0, 9, 0, 0, 2, 0, 0, 0, 0, 5, 0]

test('the same seed makes the same operations, faults and verdicts, however fast the stores answer', {
  timeout: 120_000,
}, async () => {
  for (const seed of SEEDS_AGAIN) {
    const quick = await runSeed(base, seed)
    let statements = 0
    const slow = await runSeed(base, seed, {
      name: 'slow stores',
      async statement(_process, _on, text, values, run) {
        const dragMs = DRAGS_MS[statements++ % DRAGS_MS.length]!
        if (dragMs > 0) await sleep(dragMs)
        return run(text, values)
      },
    })
    expect(slow.trace).toEqual(quick.trace)
    expect(slow.faults).toEqual(quick.faults)
  }
})

const found: string[] = []

test.each(PLANTED_BUGS.map((plant) => [plant().name, plant] as const))('%s is found', async (name, plant) => {
  for (let seed = 1; seed <= SEEDS_PER_BUG && !found.includes(name); seed++) {
    const { violations } = await runSeed(base, seed, plant())
    if (violations.some(({ invariant }) => invariant !== 'fault')) found.push(name)
  }
  expect(found).toContain(name)
})

afterAll(() => {
  process.stdout.write(`planted bugs found: ${found.length} of ${PLANTED_BUGS.length}\n`)
})

test('the command says what it did in one line', () => {
  const command = fileURLToPath(new URL('../sim.ts', import.meta.url))
  const said = execFileSync(process.execPath, [command, '--seed', '3', '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const result = JSON.parse(said) as Record<string, unknown>
  expect(result).toMatchObject({ seeds: 1, violations: 0 })
  expect(Object.keys(result)).toEqual(['seeds', 'operations', 'faults', 'violations'])
})
