// What the vault's flows need: its keys, its ring of partners and approvers, its own connection.

import type { KeyObject } from 'node:crypto'
import type { HolderKey } from '@scratchless/keys/holder-key'
import type { Pool } from '@scratchless/office/database/database'
import type { ApproverRing } from '@scratchless/office/staff/approval'
import type { Log } from '@scratchless/program/log'
import type { Clock } from '@scratchless/voucher/clock'
import type { CentreId, OperatorId } from '@scratchless/voucher/ids'
import type { Random } from '@scratchless/voucher/random'
import type { Signer } from '@scratchless/wire/compact/cose'
import type { SigningKey, UnwrappingKey } from '@scratchless/wire/xml/rsa-keys'
import type { Suite } from '@scratchless/wire/xml/suites'
import type { KeyCache } from './key-cache.ts'
import type { RestockWorker } from './restock-worker-line.ts'

/** One key per purpose; no RSA key both signs and decrypts. */
export interface VaultKeys {
  readonly restockSign: SigningKey
  readonly restockUnwrap: UnwrappingKey
  /** Opens our own lot records, and what else this vault closes for itself. */
  readonly stock: HolderKey
  /** MACs over lot records, and over everything else that the vault must know to be its own. */
  readonly macKey: KeyObject
  readonly supplySign: KeyObject
  readonly supplyPublic: KeyObject
  readonly root: KeyObject
  readonly rootPublic: KeyObject
  /** By operator. */
  readonly fingerprint: ReadonlyMap<OperatorId, KeyObject>
}

export interface VaultPartner {
  readonly operator: OperatorId
  readonly suite: Suite
  readonly verifyKey: KeyObject
  readonly wrapKey: KeyObject
}

export interface VaultNeeds {
  readonly pool: Pool
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly centre: CentreId
  readonly keys: VaultKeys
  readonly partners: ReadonlyMap<OperatorId, VaultPartner>
  readonly approvers: ApproverRing
  readonly ceilings: { readonly codesPerHour: number; readonly codesPerDay: number }
  readonly epochDays: number
  /** Signs for the centre; its kid is the number of the centre's certificate. */
  readonly signer: Signer
  readonly centreCertificate: Uint8Array
  readonly cache: KeyCache
  readonly restockWorker: RestockWorker
}
