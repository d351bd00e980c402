// The vault's side of its restock worker: gives it jobs, and starts it anew where it died.

import type { KeyObject } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import type { HolderPublicKey } from '@scratchless/keys/holder-key'
import type { TokenAddress } from '@scratchless/keys/pkcs11-token'
import type { LotRecord } from '@scratchless/office/vault/lot-record'
import type { CentreId, OperatorId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { SealedRun } from '@scratchless/voucher/sealed-code'
import type { SerialNumber, SerialRange } from '@scratchless/voucher/serial'
import type { RestockDelivery } from '@scratchless/wire/restock/restock-delivery'
import type { RestockRefusal } from '@scratchless/wire/restock/restock-partner'
import type { VaultKeys, VaultPartner } from './vault-needs.ts'

export interface RestockWorkerData {
  readonly centre: CentreId
  readonly partners: readonly Pick<VaultPartner, 'operator' | 'suite' | 'verifyKey'>[]
  readonly keys: Pick<VaultKeys, 'macKey' | 'fingerprint'> & {
    readonly unwrapSource: UnwrapSource
    readonly stock: HolderPublicKey
  }
}

/** An unwrapping key as it goes to a thread: itself, or what opens the token that holds it. */
export type UnwrapSource =
  | { readonly privateKey: KeyObject }
  | { readonly token: TokenAddress; readonly pin: KeyObject }

export interface RestockJob {
  readonly operator: OperatorId
  readonly bytes: Uint8Array
  /** Products whose codes end in a check digit. */
  readonly luhnProducts: readonly ProductId[]
}

export interface SealedPack extends SerialRange {
  readonly firstIndex: number
  readonly sealed: SealedRun<'centre'>
}

export type OpenedPart =
  | {
      readonly content: RestockDelivery
      readonly payloadHash: Uint8Array
      readonly malformed: boolean
      /** Serials whose code stands twice in this part. */
      readonly repeated: readonly SerialNumber[]
      /** In the order of the packs' codes. */
      readonly fingerprints: Int32Array
      /** The same as PostgreSQL writes an array, and as rows to be copied. */
      readonly fingerprintText: string
      readonly fingerprintRows: Uint8Array
      readonly packs: readonly SealedPack[]
      readonly record: LotRecord<'centre'>
    }
  | { readonly refusal: RestockRefusal }

export interface RestockWorker {
  /** Starts the thread ahead of its first job. */
  prepare(): void
  /** Verifies, opens and closes for the centre; nothing is stored here. */
  open(job: RestockJob): Promise<OpenedPart>
  /** Verifies and opens only. */
  examine(job: Omit<RestockJob, 'luhnProducts'>): Promise<ExaminedPart>
  stop(): Promise<void>
}

export type ExaminedPart = { readonly codes: number } | { readonly refusal: RestockRefusal }

/** What the two threads say to each other. */
export interface WorkerRequest {
  readonly number: number
  readonly act: 'open' | 'examine'
  readonly job: RestockJob
}
export type WorkerAnswer =
  | { readonly number: number; readonly result: OpenedPart | ExaminedPart }
  | { readonly number: number; readonly fault: unknown }

interface Pending {
  resolve(result: OpenedPart | ExaminedPart): void
  reject(error: unknown): void
}

/** The thread starts when it is needed: a start of the vault does not wait for what restock alone loads. */
export function createRestockWorker(data: RestockWorkerData): RestockWorker {
  const pending = new Map<number, Pending>()
  let nextNumber = 1
  let stopped = false
  let worker: Worker | null = null

  function start(): Worker {
    const started = new Worker(new URL('./restock-worker.ts', import.meta.url), { workerData: data })
    started.unref()
    started.on('message', (answer: WorkerAnswer) => {
      const job = pending.get(answer.number)
      pending.delete(answer.number)
      if ('result' in answer) job?.resolve(answer.result)
      else job?.reject(answer.fault)
    })
    started.on('error', (error) => replace(error instanceof Error ? error : new Error(String(error))))
    return started
  }

  function replace(error: Error): void {
    const lost = [...pending.values()]
    pending.clear()
    for (const { reject } of lost) reject(error)
    worker = null
  }

  function ask(act: WorkerRequest['act'], job: RestockJob): Promise<OpenedPart | ExaminedPart> {
    const request: WorkerRequest = { number: nextNumber++, act, job }
    return new Promise((resolve, reject) => {
      if (stopped) throw new Error('the vault stops')
      pending.set(request.number, { resolve, reject })
      worker ??= start()
      worker.postMessage(request)
    })
  }

  return {
    prepare() {
      worker ??= start()
    },
    open: (job) => ask('open', job) as Promise<OpenedPart>,
    examine: (job) => ask('examine', { ...job, luhnProducts: [] }) as Promise<ExaminedPart>,
    async stop() {
      stopped = true
      await worker?.terminate()
    },
  }
}
