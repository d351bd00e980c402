// npm run sim -- --seeds N --json: the three parties in one process, seed after seed, with everything that can go wrong
// on the way and every invariant looked at after each step. --seed S replays one and prints what happened.

import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { startTestPostgres } from '../office/testing/test-database.ts'
import { makeBaseWorld } from './sim/base-world.ts'
import { FAULT_KINDS, noFaults } from './sim/faults.ts'
import { runSeed, type SeedResult } from './sim/run-seed.ts'

const MOST_SEEDS = 1_000_000
/** One process for each core: a second one would only wait for the database's. */
const MOST_WORKERS = 8
/** What a worker of this command is started with. */
const WORKER = '--worker'

/** Runs `from`, `from` + `step`, … up to `seeds`, one after the other. */
async function runSeeds(
  range: { from: number; step: number; seeds: number },
  onResult: (result: SeedResult) => void,
): Promise<void> {
  const base = await makeBaseWorld()
  try {
    for (let seed = range.from; seed <= range.seeds; seed += range.step) onResult(await runSeed(base, seed))
  } finally {
    await base.close()
  }
}

async function runAsWorker(): Promise<void> {
  const [from, step, seeds] = process.argv.slice(3).map(Number)
  await runSeeds({ from: from!, step: step!, seeds: seeds! }, (result) => process.send!(result))
  process.disconnect()
}

/** Deals the seeds out to a worker for each core. */
async function runEverywhere(seeds: number, onResult: (result: SeedResult) => void): Promise<void> {
  const step = Math.min(MOST_WORKERS, Math.max(1, availableParallelism()), seeds)
  const workers = Array.from({ length: step }, (_, index) => {
    const child = fork(import.meta.filename, [WORKER, `${index + 1}`, `${step}`, `${seeds}`])
    child.on('message', (result) => onResult(result as SeedResult))
    return new Promise<void>((resolve, reject) => {
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))))
    })
  })
  await Promise.all(workers)
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { seeds: { type: 'string' }, seed: { type: 'string' }, json: { type: 'boolean' } },
  })
  const one = values.seed === undefined ? null : Number(values.seed)
  const seeds = one ?? Number(values.seeds ?? 20)
  if (!Number.isInteger(seeds) || seeds < 1 || seeds > MOST_SEEDS) {
    process.stderr.write(`Say how many: npm run sim -- --seeds 1…${MOST_SEEDS} [--json], or --seed S\n`)
    return 1
  }
  const faults = noFaults()
  let operations = 0
  let violations = 0
  const take = (result: SeedResult) => {
    operations += result.operations
    violations += result.violations.length
    for (const kind of FAULT_KINDS) faults[kind] += result.faults[kind]
    if (one !== null) process.stderr.write(`${result.trace.join('\n')}\n`)
    for (const { invariant, what } of result.violations)
      process.stderr.write(`seed ${result.seed}, ${invariant}: ${what}\n`)
  }
  const server = await startTestPostgres()
  try {
    if (one === null) await runEverywhere(seeds, take)
    else await runSeeds({ from: one, step: 1, seeds: one }, take)
  } finally {
    await server.stop()
  }
  const result = { seeds: one === null ? seeds : 1, operations, faults, violations }
  process.stdout.write(
    values.json
      ? `${JSON.stringify(result)}\n`
      : `${result.seeds} seeds, ${operations} operations, ${violations} violations\n`,
  )
  return violations === 0 ? 0 : 1
}

if (process.argv[2] === WORKER) await runAsWorker()
else process.exitCode = await main()
