// terminal → centre: the safe key of the current epoch, please, closed for my vendor cards.

import { record } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { u32 } from './line-fields.ts'

export const cardLetterRequest = record({
  /** The number of the newest letter that the terminal holds; 0 where it holds none. The centre answers all the same. */
  holdsLetter: u32,
})

export const cardLetterRequestMessage = supplyMessage('card-letter-request', cardLetterRequest)
