// Starts a fleet in a process of its own, so that what it costs is not the centre's.

import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { FleetReport, FleetTask, UnderWay } from './fleet.ts'

export interface RunningFleet {
  readonly report: Promise<FleetReport>
  /** As it was told last; null before the first order. */
  now(): UnderWay | null
  stop(): void
}

type Told = { readonly now: UnderWay } | { readonly report: FleetReport } | { readonly problem: string }

export function startFleet(task: FleetTask): RunningFleet {
  const child = fork(join(import.meta.dirname, 'main.ts'), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const { promise: report, resolve, reject } = Promise.withResolvers<FleetReport>()
  let now: UnderWay | null = null
  child.on('message', (told: Told) => {
    if ('now' in told) now = told.now
    else if ('report' in told) resolve(told.report)
    else reject(new Error(told.problem))
  })
  child.once('exit', (code) => reject(new Error(`the fleet ended with ${code}`)))
  child.once('error', reject)
  const ended = () => child.connected && child.disconnect()
  void report.then(ended, ended)
  child.send(task)
  return { report, now: () => now, stop: () => child.kill('SIGKILL') }
}
