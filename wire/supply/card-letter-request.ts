// terminal → centre: the safe key of the current epoch, please, closed for my vendor cards.

import { integer, record } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'

export const cardLetterRequest = record({
  /** The newest epoch whose letter the terminal holds; 0 where it holds none. */
  holdsEpoch: integer(0, 65_535),
})

export const cardLetterRequestMessage = supplyMessage('card-letter-request', cardLetterRequest)
