// Plants one mutant after the other and runs the tests that pass its place, until one fails.

import fs from 'node:fs'
import path from 'node:path'
import type { Lane } from './lanes.ts'
import type { Fate, Mutant } from './mutant.ts'
import { type Reach, strangeness } from './reach.ts'

/** A test file that takes longer than this by itself is not run for single bugs. */
const SLOWEST_TEST_MS = 60_000
/**
 * What the tests of one mutant may take together, by what they took unplanted: those of its own workspace, which come
 * first, and then those of others.
 */
const PATIENCE_MS = { own: 60_000, all: 24_000 } as const
/** A run that hangs is ended after the usual time, several times over, and this. */
const GRACE_MS = 12_000

interface Usual {
  readonly ms: number
  /** The switches that it passes. */
  readonly passes: ReadonlySet<string>
}

export interface Run {
  readonly lanes: readonly Lane[]
  readonly reach: Reach
  readonly mutants: readonly Mutant[]
  /** All switches of the instrumented files. */
  readonly switches: readonly Mutant[]
  /** Told of each mutant as its fate is known. */
  report(mutant: Mutant, fate: Fate): void
  say(line: string): void
}

export async function runMutants(run: Run): Promise<{ leftOut: string[]; testsUsed: number }> {
  const knowledge = new Knowledge(run)
  const queue = [...run.mutants]
  await Promise.all(
    run.lanes.map(async (lane) => {
      for (let mutant = queue.shift(); mutant; mutant = queue.shift())
        run.report(mutant, await fateOf(mutant, lane, knowledge, run))
    }),
  )
  return knowledge.summary()
}

/** What test files take and pass when nothing is planted, found out when first asked, once for all lanes. */
class Knowledge {
  readonly #run: Run
  readonly #usual = new Map<string, Promise<Usual | null>>()
  /** Those of #usual whose answer is there. */
  readonly #found = new Set<string>()
  readonly #useless = new Map<string, string>()
  /** Which test file caught what was planted in a file last. */
  readonly lastToCatch = new Map<string, string>()

  constructor(run: Run) {
    this.#run = run
  }

  usual(test: string, lane: Lane): Promise<Usual | null> {
    const known = this.#usual.get(test) ?? this.#findOut(test, lane)
    this.#usual.set(test, known)
    return known
  }

  /** What is known of a test by now. */
  known(test: string): Promise<Usual | null> | undefined {
    return this.#found.has(test) ? this.#usual.get(test) : undefined
  }

  async #findOut(test: string, lane: Lane): Promise<Usual | null> {
    const log = path.join(path.dirname(lane.folder), 'passed')
    const look = async () => {
      fs.writeFileSync(log, '')
      // Programs under accounts of their own write there, too.
      fs.chmodSync(log, 0o666)
      return lane.run(test, { passed: log, withinMs: SLOWEST_TEST_MS })
    }
    let answer = await look()
    // On a busy machine a test may fail once.
    if (answer !== null && answer.failed !== null) answer = await look()
    this.#found.add(test)
    if (answer?.failed === null)
      return { ms: answer.ms, passes: new Set(fs.readFileSync(log, 'utf8').split('\n')) }
    const reason = answer === null ? 'too slow' : `fails unplanted: ${answer.failed}`
    this.#useless.set(test, reason)
    this.#run.say(`not used: ${test} (${reason})`)
    return null
  }

  summary(): { leftOut: string[]; testsUsed: number } {
    return {
      leftOut: [...this.#useless].map(([test, reason]) => `${test} (${reason})`),
      testsUsed: this.#usual.size - this.#useless.size,
    }
  }
}

async function fateOf(
  mutant: Mutant,
  lane: Lane,
  knowledge: Knowledge,
  run: Pick<Run, 'reach' | 'switches'>,
): Promise<Fate> {
  if (mutant.isSwitchedOff) return { is: 'lived', through: [], notRun: [] }
  const candidates = run.reach.testsOf(mutant.file)
  const places = placesOf(mutant, run.switches)
  const last = knowledge.lastToCatch.get(mutant.file)
  const through: string[] = []
  const notRun: string[] = []
  let spentMs = 0
  for (const test of await inOrder(candidates, mutant, last, knowledge)) {
    const usual = await knowledge.usual(test, lane)
    if (usual === null || !passes(usual, places)) continue
    const patienceMs = strangeness(test, mutant.file) === 2 ? PATIENCE_MS.all : PATIENCE_MS.own
    if (spentMs > 0 && spentMs + usual.ms > patienceMs) {
      notRun.push(test)
      continue
    }
    spentMs += usual.ms
    const answer = await runPlanted(mutant, test, lane, usual.ms * 5 + GRACE_MS)
    if (answer?.failed === null) {
      through.push(test)
      continue
    }
    knowledge.lastToCatch.set(mutant.file, test)
    return answer === null ? { is: 'timedOut', by: test } : { is: 'caught', by: `${test}: ${answer.failed}` }
  }
  return { is: 'lived', through, notRun }
}

/**
 * The test that caught the last bug of this file; then those of its folder, of its workspace, and the others. Within
 * each, those whose time is known come first, the quick ones before the slow, then the nearest.
 */
async function inOrder(
  candidates: readonly string[],
  mutant: Mutant,
  last: string | undefined,
  knowledge: Knowledge,
): Promise<string[]> {
  const ranked = await Promise.all(
    candidates.map(async (test, nth) => ({
      test,
      ring: test === last ? -1 : strangeness(test, mutant.file),
      ms: (await knowledge.known(test))?.ms ?? Number.MAX_SAFE_INTEGER,
      nth,
    })),
  )
  return ranked.sort((a, b) => a.ring - b.ring || a.ms - b.ms || a.nth - b.nth).map(({ test }) => test)
}

/** A planted bug has no switch of its own: those about its line, and the last before it, stand for it. */
const BESIDE_LINES = 3

/** The switches one of which a test must pass to meet the mutant; null where that is not known. */
function placesOf(mutant: Mutant, switches: readonly Mutant[]): readonly string[] | null {
  if ('switch' in mutant.plant) return [mutant.plant.switch]
  const same = switches.filter(({ file }) => file === mutant.file)
  const before = same.filter(({ line }) => line <= mutant.line)
  const lastLine = Math.max(...before.map(({ line }) => line))
  const beside = same.filter(({ line }) => line === lastLine || Math.abs(line - mutant.line) <= BESIDE_LINES)
  return beside.length === 0 ? null : beside.map(({ plant }) => ('switch' in plant ? plant.switch : ''))
}

function passes(usual: Usual, places: readonly string[] | null): boolean {
  return places === null || places.some((place) => usual.passes.has(place))
}

async function runPlanted(mutant: Mutant, test: string, lane: Lane, withinMs: number) {
  const { plant } = mutant
  if ('switch' in plant) {
    const answer = await lane.run(test, { active: plant.switch, withinMs })
    if (answer === null) await lane.dropDatabases('test')
    return answer
  }
  const before = lane.read(mutant.file)
  lane.write(mutant.file, plant.text)
  try {
    return await lane.run(test, { withinMs })
  } finally {
    lane.write(mutant.file, before)
    await lane.dropDatabases(mutant.file.endsWith('.sql') ? 'test and template' : 'test')
  }
}
