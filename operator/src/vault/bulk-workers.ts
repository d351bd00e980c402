// The vault's main thread's view of its workers: started when there is work, replaced when one dies.

import { Worker } from 'node:worker_threads'
import type { Log } from '@scratchless/program/log'
import type { BulkJobs, JobAnswer, JobMessage } from './bulk-jobs.ts'
import type { WorkerGiven } from './bulk-worker.ts'

export interface BulkWorkers {
  /** Rejects where the job broke or its thread died; the caller may ask again. */
  run<Job extends keyof BulkJobs>(job: Job, argument: Parameters<BulkJobs[Job]>[0]): ReturnType<BulkJobs[Job]>
  stop(): Promise<void>
}

interface Thread {
  readonly worker: Worker
  readonly pending: Map<number, { resolve(value: never): void; reject(reason: unknown): void }>
}

/** One thread brings codes into stock, one job after the other waiting in the database's own queue. */
const STOCK_PLACE = 0
/** Two close deliveries side by side; database and line want the other cores. */
const DELIVERY_PLACES = [1, 2] as const
/**
 * Small generations: a million lines leave their views, ciphers and hashes behind at once, and collecting them
 * often keeps a large file's peak within 20 MB of a small one's. What a job really holds is some 20 MB.
 */
const YOUNG_GENERATION_MB = 2
const OLD_GENERATION_MB = 96

export function startBulkWorkers({ given, log }: { given: WorkerGiven; log: Log }): BulkWorkers {
  const threads = new Map<number, Thread>()
  let lastId = 0
  let stopping = false

  function start(place: number): Thread {
    const worker = new Worker(new URL('./bulk-worker.ts', import.meta.url), {
      workerData: given,
      resourceLimits: {
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
        maxOldGenerationSizeMb: OLD_GENERATION_MB,
      },
    })
    const thread: Thread = { worker, pending: new Map() }
    worker.on('message', (answer: JobAnswer) => {
      const job = thread.pending.get(answer.id)
      thread.pending.delete(answer.id)
      if ('value' in answer) job?.resolve(answer.value as never)
      else job?.reject(answer.fault)
    })
    worker.on('error', (error) => log.error({ err: error }, 'a worker of the vault broke'))
    worker.on('exit', () => {
      if (threads.get(place) === thread) threads.delete(place)
      for (const { reject } of thread.pending.values()) reject(new Error('a worker of the vault ended'))
    })
    threads.set(place, thread)
    return thread
  }

  function placeFor(job: keyof BulkJobs): number {
    if (job !== 'closeRestockDelivery') return STOCK_PLACE
    const [one, other] = DELIVERY_PLACES
    const waiting = (place: number) => threads.get(place)?.pending.size ?? 0
    return waiting(other) < waiting(one) ? other : one
  }

  return {
    run(job, argument) {
      if (stopping) throw new Error('the vault is stopping')
      const place = placeFor(job)
      const thread = threads.get(place) ?? start(place)
      const id = ++lastId
      const message: JobMessage = { id, job, argument }
      const result = new Promise((resolve, reject) => thread.pending.set(id, { resolve, reject }))
      thread.worker.postMessage(message)
      return result as ReturnType<BulkJobs[typeof job]>
    },
    async stop() {
      stopping = true
      await Promise.all([...threads.values()].map(({ worker }) => worker.terminate()))
    },
  }
}
