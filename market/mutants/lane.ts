// One lane of the mutant run: a process that keeps vitest loaded and runs one test file at a time, in the copy of the
// tree that it stands in. Started by lanes.ts, which ends it where a test does not end by itself.

import { createVitest } from 'vitest/node'
import { ACTIVE, PASSED } from './tool-mutants.ts'

export interface LaneTask {
  readonly test: string
  /** The switch that is on, if any. */
  readonly active: string | null
  /** Where to write which switches were passed, if anywhere. */
  readonly passed: string | null
  /** Files that changed since the last task. */
  readonly changed: readonly string[]
}

export interface LaneAnswer {
  readonly ms: number
  /** The first test that failed, or null where all passed. */
  readonly failed: string | null
}

const vitest = await createVitest('test', {
  root: process.cwd(),
  watch: false,
  run: true,
  bail: 1,
  maxWorkers: 1,
  reporters: [{}],
  silent: true,
})
await vitest.init()

process.on('message', (task: LaneTask) => void run(task).then((answer) => process.send!(answer)))
process.send!('ready')

async function run({ test, active, passed, changed }: LaneTask): Promise<LaneAnswer> {
  put(ACTIVE, active)
  put(PASSED, passed)
  for (const file of changed) vitest.invalidateFile(file)
  const began = performance.now()
  const specification = vitest.getRootProject().createSpecification(`${process.cwd()}/${test}`)
  vitest.state.clearErrors()
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([specification])
  const failed =
    testModules
      // The others are of earlier tasks.
      .filter(({ moduleId }) => moduleId === specification.moduleId)
      .flatMap((module) => [
        ...[...module.children.allTests()]
          .filter((each) => each.result().state === 'failed')
          .map((each) => `${each.fullName}: ${JSON.stringify(each.result().errors?.[0]?.message)}`),
        ...(module.state() === 'failed' ? ['(the file itself)'] : []),
      ])
      .at(0) ?? (unhandledErrors.length > 0 ? '(an unhandled error)' : null)
  return { ms: performance.now() - began, failed }
}

// The workers of a run take their environment from this process.
function put(name: string, value: string | null): void {
  if (value === null) delete process.env[name]
  else process.env[name] = value
}
