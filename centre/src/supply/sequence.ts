// Where a signed request stands in its terminal's sequence. Revocation precedes even a stored answer; a known
// sequence gets its stored bytes; last + 1 is decided; everything else is refused and uses up nothing.

import type { SupplyRefusalReason } from '@scratchless/wire/supply/supply-refusal'
import type { SignedMessage } from './signed-message.ts'
import type { KnownMessage } from './supply-message.sql.ts'
import type { SupplyTerminal } from './supply-terminal.sql.ts'

/** A sequence that a status request burnt: no message of that number has an effect any more. */
export const BURNT = 'burnt'

/** In order of precedence; `altered` also raises an alarm. */
export type Place =
  | { readonly refusal: SupplyRefusalReason; readonly altered?: true }
  | { readonly answer: Buffer }
  /** A supply order that was decided and whose codes are not closed yet. */
  | 'in-progress'
  | 'next'

export function placeOf(
  terminal: Pick<
    SupplyTerminal,
    'last_sequence' | 'revoked_at' | 'revoked_why' | 'locked_at' | 'locked_why' | 'certificate_number'
  >,
  known: Pick<KnownMessage, 'kind' | 'payload_hash' | 'answer'> | undefined,
  message: Pick<SignedMessage, 'sequence' | 'payloadHash' | 'certificate'>,
  nowMs: number,
): Place {
  if (terminal.revoked_why !== null)
    return { refusal: { reason: 'terminal-revoked', why: terminal.revoked_why } }
  const { locked_at, locked_why: why } = terminal
  if (locked_at !== null && why !== null)
    return { refusal: { reason: 'terminal-locked', why, sinceS: Math.floor(locked_at.getTime() / 1000) } }
  const expected = Number(terminal.last_sequence) + 1
  const unexpected = { refusal: { reason: 'sequence-unexpected', expected } } as const
  if (known !== undefined) {
    if (known.kind === BURNT) return unexpected
    if (!known.payload_hash.equals(message.payloadHash))
      return { refusal: { reason: 'content-altered' }, altered: true }
    if (known.answer === null) return 'in-progress'
    // Its bytes are gone (let-bytes-go.ts): an earlier one than the terminal's newest, which had its answer.
    return known.answer.length === 0 ? unexpected : { answer: known.answer }
  }
  // A certificate that has ended, or was followed by another, asks for nothing new; what it asked is answered as it was.
  const { number, endsAt } = message.certificate
  if (endsAt.getTime() <= nowMs || number !== terminal.certificate_number)
    return { refusal: { reason: 'terminal-revoked', why: 'retired' } }
  return message.sequence === expected ? 'next' : unexpected
}
