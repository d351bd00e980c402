// What the api's flows need.

import type { Pool } from '@scratchless/office/database/database'
import type { Log } from '@scratchless/program/log'
import type { PrivateLine } from '@scratchless/program/private-line'
import type { Clock } from '@scratchless/voucher/clock'
import type { Random } from '@scratchless/voucher/random'
import type { CentreSettings } from './settings.ts'
import type { VaultVerbs } from './vault/verbs.ts'

export interface CentreNeeds {
  readonly pool: Pool
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly vault: PrivateLine<VaultVerbs>
  readonly settings: CentreSettings
}
