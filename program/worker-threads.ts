// Long work in threads of its own, so that a program's main thread always answers. A module that serves jobs calls
// `serveJobs`; whoever wants them done calls `startWorkers`. A job goes to the thread of its place; threads start when
// there is work, and one that died is replaced at the next job.

import { parentPort, type ResourceLimits, Worker } from 'node:worker_threads'
import type { Log } from './log.ts'

/** What a module of jobs offers: by name, each with one argument. */
export type Jobs = Readonly<Record<string, (argument: never) => Promise<unknown>>>

type Result<J extends Jobs, Name extends keyof J> = Promise<Awaited<ReturnType<J[Name]>>>

export interface Workers<J extends Jobs> {
  /** Rejects where the job broke or its thread died; the caller may ask again. */
  run<Name extends keyof J & string>(name: Name, argument: Parameters<J[Name]>[0]): Result<J, Name>
  /** Starts the threads of a job ahead of its first argument. */
  prepare(name: keyof J & string): void
  stop(): Promise<void>
}

interface WorkersOptions<J extends Jobs> {
  /** The module that calls `serveJobs`. */
  readonly module: URL
  /** Its `workerData`. */
  readonly data: unknown
  /** The threads that may do a job: the one with the least work takes it. */
  readonly places: { readonly [Name in keyof J]: readonly number[] }
  readonly limits?: ResourceLimits
  readonly log: Log
}

interface Request {
  readonly id: number
  readonly job: string
  readonly argument: unknown
}
type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly fault: unknown })

interface Pending {
  resolve(value: unknown): void
  reject(fault: unknown): void
}

interface Thread {
  readonly worker: Worker
  readonly pending: Map<number, Pending>
}

export function startWorkers<J extends Jobs>(options: WorkersOptions<J>): Workers<J> {
  const { module, data, places, limits, log } = options
  const threads = new Map<number, Thread>()
  let lastId = 0
  let stopping = false

  function start(place: number): Thread {
    const worker = new Worker(module, { workerData: data, ...(limits && { resourceLimits: limits }) })
    // Work under way is waited for by whoever asked; an idle thread keeps no program alive.
    worker.unref()
    const thread: Thread = { worker, pending: new Map() }
    worker.on('message', (answer: Answer) => {
      const job = thread.pending.get(answer.id)
      thread.pending.delete(answer.id)
      if ('value' in answer) job?.resolve(answer.value)
      else job?.reject(answer.fault)
    })
    worker.on('error', (error) => log.error({ err: error }, 'a worker thread broke'))
    worker.on('exit', () => {
      if (threads.get(place) === thread) threads.delete(place)
      for (const { reject } of thread.pending.values()) reject(new Error('a worker thread ended'))
    })
    threads.set(place, thread)
    return thread
  }

  function leastBusy(name: keyof J): number {
    const waiting = (place: number) => threads.get(place)?.pending.size ?? 0
    return places[name].reduce((best, place) => (waiting(place) < waiting(best) ? place : best))
  }

  return {
    run(name, argument) {
      const answered = new Promise((resolve, reject) => {
        if (stopping) throw new Error('the worker threads are stopping')
        const place = leastBusy(name)
        const thread = threads.get(place) ?? start(place)
        const request: Request = { id: ++lastId, job: name, argument }
        thread.pending.set(request.id, { resolve, reject })
        thread.worker.postMessage(request)
      })
      return answered as Result<J, typeof name>
    },
    prepare(name) {
      for (const place of places[name]) if (!threads.has(place)) start(place)
    },
    async stop() {
      stopping = true
      await Promise.all([...threads.values()].map(({ worker }) => worker.terminate()))
    },
  }
}

/** In the thread: does each job as it comes. `jobs` may take its time; what is asked meanwhile waits. */
export function serveJobs(jobs: Jobs | Promise<Jobs>): void {
  const port = parentPort
  if (port === null) throw new Error('jobs are served in a worker thread')
  async function answerTo({ id, job, argument }: Request): Promise<Answer> {
    try {
      const offered = await jobs
      if (!Object.hasOwn(offered, job)) throw new Error(`no job is named ${job}`)
      return { id, value: await offered[job]!(argument as never) }
    } catch (fault) {
      return { id, fault }
    }
  }
  port.on('message', (request: Request) => {
    void answerTo(request).then((answer) => port.postMessage(answer))
  })
}
