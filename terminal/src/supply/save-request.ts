// The way in of every request: its bytes stand in the outbox under the next number of the sequence before the first
// of them is sent, and what belongs to it is written with it or not at all.

import type { Signer } from '@scratchless/wire/compact/cose'
import type { RequestKind } from '@scratchless/wire/supply/answer'
import type { Binding, Signed } from '@scratchless/wire/supply/envelope'
import type { Store } from '../store/connect-store.ts'
import type { Identity } from './identity.ts'
import { insertRequest, nextSequence, type StoredRequest } from './request.sql.ts'
import { spokenLevel } from './spoken-level.ts'
import type { TerminalClock } from './terminal-clock.ts'

export interface RequestNeeds {
  readonly store: Store
  readonly clock: TerminalClock
  readonly identity: Identity
}

/**
 * Saves the next request: `sign` makes it for its place in the sequence, `alongside` writes what belongs to it
 * in the same transaction.
 */
export function saveRequest(
  { store, clock, identity }: RequestNeeds,
  kind: RequestKind,
  sign: (signer: Signer, binding: Binding) => Signed,
  alongside: (sequence: number) => void = () => undefined,
): StoredRequest {
  return store.transaction(() => {
    const sequence = nextSequence(store)
    const level = spokenLevel(store)
    const signed = sign(identity.signer, { terminal: identity.terminal, sequence, answering: null, level })
    const request = { sequence, kind, frame: signed.frame, payloadHash: signed.payloadHash, level }
    insertRequest(store, request, clock.nowMs())
    clock.saveMark()
    alongside(sequence)
    return request
  })
}
