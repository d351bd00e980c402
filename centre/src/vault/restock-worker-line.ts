import type { Log } from '@scratchless/program/log'
import { startWorkers } from '@scratchless/program/worker-threads'
import type { RestockJobs, RestockWorker, RestockWorkerData } from './restock-jobs.ts'

/** One thread: it starts when it is needed, so that a start of the vault does not wait for what restock alone loads. */
export function createRestockWorker(data: RestockWorkerData, log: Log): RestockWorker {
  return startWorkers<RestockJobs>({
    module: new URL('./restock-worker.ts', import.meta.url),
    data,
    places: { open: [0], examine: [0] },
    log,
  })
}
