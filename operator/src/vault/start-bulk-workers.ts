// The vault's main thread's view of its workers.

import type { Log } from '@scratchless/program/log'
import { startWorkers, type Workers } from '@scratchless/program/worker-threads'
import type { BulkJobs, WorkerGiven } from './bulk-jobs.ts'

/** One thread brings codes into stock, one job after the other waiting in the database's own queue. */
const STOCK_PLACE = [0]
/** Two close deliveries side by side; database and line want the other cores. */
const DELIVERY_PLACES = [1, 2]
/**
 * Small generations: a million lines leave their views, ciphers and hashes behind at once, and collecting them
 * often keeps a large file's peak within 20 MB of a small one's. What a job really holds is some 20 MB.
 */
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 96 }

export function startBulkWorkers(given: WorkerGiven, log: Log): Workers<BulkJobs> {
  return startWorkers<BulkJobs>({
    module: new URL('./bulk-worker.ts', import.meta.url),
    data: given,
    places: {
      admitStockFile: STOCK_PLACE,
      generateStock: STOCK_PLACE,
      closeRestockDelivery: DELIVERY_PLACES,
    },
    limits: LIMITS,
    log,
  })
}
