// Jobs for the test of worker threads.

import { setTimeout as sleep } from 'node:timers/promises'
import { threadId, workerData } from 'node:worker_threads'
import { serveJobs } from '../worker-threads.ts'

const jobs = {
  double: async (n: number) => n * 2,
  whoAmI: async (waitMs: number) => {
    await sleep(waitMs)
    return { threadId, data: workerData as unknown }
  },
  fail: async (why: string): Promise<never> => {
    throw new RangeError(why)
  },
  die: async (_: null): Promise<never> => process.exit(3),
  throwLater: async (_: null): Promise<never> => {
    setTimeout(() => {
      throw new Error('outside of any job')
    }, 1)
    return new Promise<never>(() => undefined)
  },
}

export type ExampleJobs = typeof jobs

serveJobs(jobs)
