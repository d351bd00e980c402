// terminal → centre: what became of my sequence `asked`? Sent when a request stayed unanswered past its expiry.
// A centre that never saw it burns it: no message of that number has an effect any more.

import { type ContentOf, integer, record } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'

export const statusRequest = record({
  /** The request's own sequence is `asked` + 1: the one place where the centre takes a number after a gap. */
  asked: integer(1, 0xffff_fffe),
})

export type StatusRequest = ContentOf<typeof statusRequest>

export const statusRequestMessage = supplyMessage('status-request', statusRequest)
