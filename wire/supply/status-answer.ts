// centre → terminal: the end of an unanswered request.

import type { Signer } from '../compact/cose.ts'
import { type ContentOf, oneOf, record } from '../compact/shape.ts'
import { type Binding, type Closed, closeMessage } from './envelope.ts'
import { standing } from './standing.ts'

export const statusAnswer = record({
  standing,
  /**
   * `answered`: it is known, send it again for its stored answer. `burnt`: it was never seen and never will be;
   * final, and its debit never was.
   */
  fate: oneOf(['answered', 'burnt']),
})

export type StatusAnswer = ContentOf<typeof statusAnswer>

export const statusAnswerMessage = { kind: 'status-answer', shape: statusAnswer } as const

export function closeStatusAnswer(content: StatusAnswer, signer: Signer, binding: Binding): Closed {
  return closeMessage(statusAnswerMessage, content, signer, binding)
}
