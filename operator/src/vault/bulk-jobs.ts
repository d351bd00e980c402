// The long jobs of the vault, done in worker threads so that its main thread always answers. Everything about a job
// happens in one thread: opening, closing, writing.

import { listen } from '@scratchless/program/http/listen'
import type { Listener } from '@scratchless/program/http/listener'
import type { Log } from '@scratchless/program/log'
import { startWorkers, type Workers } from '@scratchless/program/worker-threads'
import { closeRestockDelivery } from './close-restock-delivery.ts'
import { generateStock } from './generate-stock.ts'
import type { StockListener } from './stock-listener.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { DeliveryPlan, StockAdmission, StockGeneration, StockTicket } from './verbs.ts'

export function bulkJobs(needs: VaultNeeds, stockHttp: Listener) {
  let listening: Promise<StockListener> | null = null

  // The listener belongs to the thread that reads the files: their bytes pass through no other. It opens at the
  // first admission, because most days bring none.
  async function open(): Promise<StockListener> {
    const { createStockListener } = await import('./stock-listener.ts')
    const listener = createStockListener(needs, stockHttp)
    await listen(listener.app, 'stockHttp', stockHttp)
    return listener
  }

  return {
    closeRestockDelivery: (plan: DeliveryPlan) => closeRestockDelivery(needs, plan),
    generateStock: (generation: StockGeneration) => generateStock(needs, generation),
    admitStockFile: async (admission: StockAdmission): Promise<StockTicket> => {
      listening ??= open().catch((problem) => {
        // What stands in the way may be mended meanwhile: the next admission tries again.
        listening = null
        throw problem
      })
      return (await listening).admit(admission)
    },
  }
}

export type BulkJobs = ReturnType<typeof bulkJobs>

/** What the vault itself was handed. */
export interface WorkerGiven {
  readonly plainSettings: unknown
  readonly passphrase: Uint8Array | null
}

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
