// terminal → centre: the safe key of the current epoch, please, closed for my vendor cards.

import type { Signer, Verifier } from '../compact/cose.ts'
import type { Frame } from '../compact/frame.ts'
import { type ContentOf, integer, record } from '../compact/shape.ts'
import {
  type Binding,
  type Closed,
  closeMessage,
  type Opened,
  openMessage,
  type Unacceptable,
} from './envelope.ts'

export const cardLetterRequest = record({
  /** The newest epoch whose letter the terminal holds; 0 where it holds none. */
  holdsEpoch: integer(0, 65_535),
})

export type CardLetterRequest = ContentOf<typeof cardLetterRequest>

const message = { kind: 'card-letter-request', shape: cardLetterRequest } as const

export function closeCardLetterRequest(content: CardLetterRequest, signer: Signer, binding: Binding): Closed {
  return closeMessage(message, content, signer, binding)
}

export function openCardLetterRequest(
  frame: Frame,
  verifier: Verifier,
  binding: Binding,
): Opened<'card-letter-request', CardLetterRequest> | Unacceptable {
  return openMessage(message, frame, verifier, binding)
}
