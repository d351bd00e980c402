// The long jobs of the vault, done in worker threads so that its main thread always answers. Everything about a job
// happens in one thread: opening, closing, writing.

import { listen } from '@scratchless/program/http/listen'
import type { Listener } from '@scratchless/program/http/listener'
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
