// terminal → centre: what became of my sequence `asked`? Sent when a request stayed unanswered past its expiry.
// A centre that never saw it burns it: no message of that number has an effect any more.

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

export const statusRequest = record({
  /** The request's own sequence is `asked` + 1: the one place where the centre takes a number after a gap. */
  asked: integer(1, 0xffff_fffe),
})

export type StatusRequest = ContentOf<typeof statusRequest>

const message = { kind: 'status-request', shape: statusRequest } as const

export function closeStatusRequest(content: StatusRequest, signer: Signer, binding: Binding): Closed {
  return closeMessage(message, content, signer, binding)
}

export function openStatusRequest(
  frame: Frame,
  verifier: Verifier,
  binding: Binding,
): Opened<'status-request', StatusRequest> | Unacceptable {
  return openMessage(message, frame, verifier, binding)
}
