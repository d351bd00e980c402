// The vault's main thread's view of its workers: started when there is work, replaced when one dies.

import { type Transferable, Worker } from 'node:worker_threads'
import type { Log } from '@scratchless/program/log'
import type { BulkJobs, JobAnswer, JobMessage } from './bulk-jobs.ts'

export interface BulkWorkers {
  /** Rejects where the job broke or its thread died; the caller may ask again. */
  run<Job extends keyof BulkJobs>(
    job: Job,
    argument: Parameters<BulkJobs[Job]>[0],
    transfer?: readonly Transferable[],
  ): ReturnType<BulkJobs[Job]>
  stop(): Promise<void>
}

interface Pending {
  resolve(value: never): void
  reject(reason: unknown): void
}

interface Thread {
  readonly worker: Worker
  readonly pending: Map<number, Pending>
}

/** Two: parts of a delivery are closed side by side, and database and line want the other cores. */
const WORKERS = 2

export function startBulkWorkers({ config, log }: { config: string; log: Log }): BulkWorkers {
  const threads = new Array<Thread | undefined>(WORKERS).fill(undefined)
  let lastId = 0
  let stopping = false

  function start(place: number): Thread {
    const worker = new Worker(new URL('./bulk-worker.ts', import.meta.url), { workerData: { config } })
    const thread: Thread = { worker, pending: new Map() }
    worker.on('message', (answer: JobAnswer) => {
      const job = thread.pending.get(answer.id)
      thread.pending.delete(answer.id)
      if ('value' in answer) job?.resolve(answer.value as never)
      else job?.reject(answer.fault)
    })
    worker.on('error', (error) => log.error({ err: error }, 'a worker of the vault broke'))
    worker.on('exit', () => {
      if (threads[place] === thread) threads[place] = undefined
      for (const { reject } of thread.pending.values()) reject(new Error('a worker of the vault ended'))
    })
    threads[place] = thread
    return thread
  }

  function leastBusy(): Thread {
    let best = 0
    for (let place = 1; place < WORKERS; place++)
      if ((threads[place]?.pending.size ?? 0) < (threads[best]?.pending.size ?? 0)) best = place
    return threads[best] ?? start(best)
  }

  return {
    run(job, argument, transfer = []) {
      if (stopping) throw new Error('the vault is stopping')
      const thread = leastBusy()
      const id = ++lastId
      const message: JobMessage = { id, job, argument }
      const result = new Promise((resolve, reject) => thread.pending.set(id, { resolve, reject }))
      thread.worker.postMessage(message, transfer)
      return result as ReturnType<BulkJobs[typeof job]>
    },
    async stop() {
      stopping = true
      await Promise.all(threads.map((thread) => thread?.worker.terminate()))
    },
  }
}
