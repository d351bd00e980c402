// What the vault has its restock worker do.

import type { KeyObject } from 'node:crypto'
import type { HolderPublicKey } from '@scratchless/keys/holder-key'
import type { TokenAddress } from '@scratchless/keys/pkcs11-token'
import type { SealedPack } from '@scratchless/office/vault/closing'
import type { LotRecord } from '@scratchless/office/vault/lot-record'
import type { Workers } from '@scratchless/program/worker-threads'
import type { CentreId, OperatorId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { SerialNumber } from '@scratchless/voucher/serial'
import type { RestockDelivery } from '@scratchless/wire/restock/restock-delivery'
import type { RestockRefusal } from '@scratchless/wire/restock/restock-partner'
import type { VaultKeys, VaultPartner } from './vault-keys.ts'

export interface RestockWorkerData {
  readonly centre: CentreId
  readonly partners: readonly Pick<VaultPartner, 'operator' | 'suite' | 'level' | 'verifyKey'>[]
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

export type OpenedPart =
  | {
      readonly content: RestockDelivery
      readonly payloadHash: Uint8Array
      readonly malformed: boolean
      /** Serials whose code stands twice in this part. */
      readonly repeated: readonly SerialNumber[]
      /** In the order of the packs' codes. */
      readonly fingerprints: Float64Array
      /** The same, lowest first, as PostgreSQL writes an array, and as rows to be copied. */
      readonly fingerprintText: string
      readonly fingerprintRows: Uint8Array
      readonly packs: readonly SealedPack<'centre'>[]
      readonly record: LotRecord<'centre'>
    }
  | { readonly refusal: RestockRefusal }

export type ExaminedPart = { readonly codes: number } | { readonly refusal: RestockRefusal }

export type RestockJobs = {
  /** Verifies, opens and closes for the centre; nothing is stored here. */
  open(job: RestockJob): Promise<OpenedPart>
  /** Verifies and opens only. */
  examine(job: Omit<RestockJob, 'luhnProducts'>): Promise<ExaminedPart>
}

export type RestockWorker = Workers<RestockJobs>
