// terminal → centre: the safe key of an epoch, please, closed for my vendor cards.

import { cardId } from '@scratchless/voucher/ids'
import { integer, list, named, record } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { MAX_CARDS, u32 } from './line-fields.ts'
import { MAX_EPOCH } from './standing.ts'

export const cardLetterRequest = record({
  /** The number of the newest letter that the terminal holds; 0 where it holds none. The centre answers all the same. */
  holdsLetter: u32,
  /** 0: of the epoch that runs. An earlier one for a card that came later: codes of it may still lie here. */
  epoch: integer(0, MAX_EPOCH),
  /** For these cards. None named: for all of the shop, as many as a letter holds. */
  cards: list(named(cardId), 0, MAX_CARDS),
})

export const cardLetterRequestMessage = supplyMessage('card-letter-request', cardLetterRequest)
