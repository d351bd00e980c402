// terminal → centre: what the owner made of a proposal. Answered by an acknowledgement.

import { choice, oneOf, record } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { countedNumber, u32 } from './line-fields.ts'

export const proposalAnswer = record({
  /** The proposal's. */
  number: u32,
  answer: choice('answer', {
    /** Ordered, in this sequence. */
    accepted: record({ orderSequence: countedNumber }),
    declined: record({ why: oneOf(['not-now', 'too-much', 'no-money', 'other']) }),
  }),
})

export const proposalAnswerMessage = supplyMessage('proposal-answer', proposalAnswer)
