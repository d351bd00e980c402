// centre → terminal: the end of an unanswered request.

import { type ContentOf, oneOf, record } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
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

export const statusAnswerMessage = supplyMessage('status-answer', statusAnswer)
