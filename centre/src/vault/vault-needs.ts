// What the vault's flows need: its keys, its ring of partners and approvers, its own connection.

import type { KeyObject } from 'node:crypto'
import type { Pool } from '@scratchless/office/database/database'
import type { ApproverRing } from '@scratchless/office/staff/approval'
import type { Log } from '@scratchless/program/log'
import type { Clock } from '@scratchless/voucher/clock'
import type { CentreId, OperatorId } from '@scratchless/voucher/ids'
import type { Random } from '@scratchless/voucher/random'
import type { Signer } from '@scratchless/wire/compact/cose'
import type { Certificate } from '@scratchless/wire/compact/cwt'
import type { KeyCache } from './key-cache.ts'
import type { RestockWorker } from './restock-jobs.ts'
import type { VaultKeys, VaultPartner } from './vault-keys.ts'

export interface VaultNeeds {
  /** The vault's own database. */
  readonly pool: Pool
  /** The office's books, of which the vault reads the audit chain's head and nothing else. */
  readonly books: Pool
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly centre: CentreId
  readonly keys: VaultKeys
  readonly partners: ReadonlyMap<OperatorId, VaultPartner>
  readonly approvers: ApproverRing
  readonly ceilings: { readonly codesPerHour: number; readonly codesPerDay: number }
  readonly epochDays: number
  /** The signer of answers under each terminal's certificate, once it was looked up (centre-signers.ts). */
  readonly signers: Map<string, Signer>
  readonly cache: KeyCache<KeyObject>
  /** Certificates whose signature holds, by their bytes. */
  readonly certificates: KeyCache<Certificate>
  readonly restockWorker: RestockWorker
}
