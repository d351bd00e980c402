// What is signed by whoever agrees to a request: the office, the request's own number, its end, and the hash of all that
// is done. So no agreement serves another act, another office, or a second time. A vault that must be sure makes the
// hash anew from what it is asked to do, and notes the number as used.

import { createHash } from 'node:crypto'
import { encode } from 'cborg'
import type { Act } from '../roles/roles.ts'
import {
  type ApprovalField,
  type ApprovalRefusal,
  type ApproverRing,
  verifyApprovals,
} from '../staff/approval.ts'

/** All that is done once a request is agreed; plain, so that it reads the same wherever it is hashed. */
export type RequestFacts = Readonly<Record<string, string | number>>

export interface AgreedRequest {
  readonly party: string
  readonly number: number
  readonly endsAtS: number
  readonly kind: Act
  readonly facts: RequestFacts
}

export interface GivenAgreement {
  readonly approver: string
  readonly signature: Uint8Array
}

export const AGREE = 'agree-to-request'

/** SHA-256 over deterministic CBOR: the order in which facts are written down does not matter. */
export function hashOfRequest(kind: Act, facts: RequestFacts): Buffer {
  return createHash('sha256')
    .update(encode([kind, facts]))
    .digest()
}

/** What each approver signs, under the purpose `AGREE`. */
export function agreedFields({ party, number, endsAtS, kind, facts }: AgreedRequest): ApprovalField[] {
  return [party, number, endsAtS, hashOfRequest(kind, facts)]
}

export function verifyAgreements(
  ring: ApproverRing,
  request: AgreedRequest,
  agreements: readonly GivenAgreement[],
): 'approved' | ApprovalRefusal {
  return verifyApprovals(ring, AGREE, agreedFields(request), agreements)
}
