// The long jobs of the vault, done in worker threads so that its main thread always answers. Everything about a job
// happens in one thread: opening, closing, writing.

import type { MessagePort } from 'node:worker_threads'
import { closeRestockDelivery } from './close-restock-delivery.ts'
import { generateStock } from './generate-stock.ts'
import { importStockFile, type StockImport } from './import-stock-file.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { DeliveryPlan, StockAdmission, StockGeneration } from './verbs.ts'

export function bulkJobs(needs: VaultNeeds) {
  return {
    closeRestockDelivery: (plan: DeliveryPlan) => closeRestockDelivery(needs, plan),
    generateStock: (generation: StockGeneration) => generateStock(needs, generation),
    /** The file's chunks come through the port, one `ChunkMessage` each; each is answered by `taken`. */
    importStockFile: async ({ admission, port }: StockFileJob): Promise<StockImport> => {
      try {
        return await importStockFile(needs, admission, chunksFrom(port))
      } finally {
        port.close()
      }
    },
  }
}

export type BulkJobs = ReturnType<typeof bulkJobs>

export interface StockFileJob {
  readonly admission: StockAdmission
  readonly port: MessagePort
}

/** `cut`: the sender went away before the file's end. */
export type ChunkMessage = { readonly chunk: Uint8Array } | 'end' | 'cut'
export const TAKEN = 'taken'

/** Which job, with what; and what came of it. */
export interface JobMessage {
  readonly id: number
  readonly job: keyof BulkJobs
  readonly argument: unknown
}
export type JobAnswer = { readonly id: number } & ({ readonly value: unknown } | { readonly fault: unknown })

async function* chunksFrom(port: MessagePort): AsyncGenerator<Uint8Array> {
  const queue: ChunkMessage[] = []
  let arrived: () => void = () => undefined
  port.on('message', (message: ChunkMessage) => {
    queue.push(message)
    arrived()
  })
  for (;;) {
    const message = queue.shift()
    if (message === undefined) {
      await new Promise<void>((resolve) => {
        arrived = resolve
      })
      continue
    }
    if (message === 'cut') throw new UploadCut()
    if (message === 'end') return
    yield message.chunk
    port.postMessage(TAKEN)
  }
}

class UploadCut extends Error {
  override name = 'UploadCut'
  constructor() {
    super('the stock file broke off')
  }
}
