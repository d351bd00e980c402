// What the flows of requests need of their office.

import type { Log } from '@scratchless/program/log'
import type { Clock } from '@scratchless/voucher/clock'
import type { PartyId } from '@scratchless/voucher/ids'
import type { Pool } from '../database/database.ts'
import type { Act } from '../roles/roles.ts'
import type { ApproverRing } from '../staff/approval.ts'
import type { AgreedRequest, GivenAgreement } from './agreement.ts'

/** A request that was agreed, on its way to be done. */
export interface RequestToDo extends AgreedRequest {
  readonly askedBy: string
  readonly agreements: readonly GivenAgreement[]
  /** Its end has come: only what was begun before is finished. */
  readonly late: boolean
}

/**
 * Does what was agreed. It may be called again after a crash in its middle: what is done is found by the request's
 * number. Throws an HttpRefusal where the rules forbid it by now, and NotYet where it must be tried again later.
 */
export type RequestCarrier = (request: RequestToDo) => Promise<Readonly<Record<string, string | number>>>

export class NotYet extends Error {
  override name = 'NotYet'
}

export interface RequestNeeds {
  readonly party: PartyId
  readonly pool: Pool
  readonly clock: Clock
  readonly log: Log
  /** Whose agreements count here. The vault has a ring of its own, by its own settings. */
  readonly approvers: ApproverRing
  readonly carriers: Partial<Readonly<Record<Act, RequestCarrier>>>
}
