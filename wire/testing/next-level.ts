// A made-up level 2, for tests and vectors alone: what a reader of this level and one of the next make of each other.

import { productId } from '@scratchless/voucher/product'
import { amount, integer, list, named, oneOf, record, seconds, text } from '../compact/shape.ts'
import { supplyMessage } from '../supply/envelope.ts'
import { standing } from '../supply/standing.ts'
import { supplyRefusal } from '../supply/supply-refusal.ts'

export const NEXT_LEVEL = 2

/** A field more at the end of a record. */
export const nextOrderMessage = supplyMessage(
  'supply-order',
  record(
    {
      expiresAtS: seconds,
      because: oneOf(['person', 'automatic', 'proposal']),
      lines: list(
        record({ product: named(productId), quantity: integer(1, 1_000), unitPriceMinor: amount }),
        1,
        20,
      ),
    },
    { note: { since: NEXT_LEVEL, shape: text(0, 20), before: '' } },
  ),
  NEXT_LEVEL,
)

/** A word more at the end of a list. */
export const nextStatusAnswerMessage = supplyMessage(
  'status-answer',
  record({ standing, fate: oneOf(['answered', 'burnt', 'forgotten'], { forgotten: NEXT_LEVEL }) }),
  NEXT_LEVEL,
)

/** As it was. */
export const nextRefusalMessage = supplyMessage('supply-refusal', supplyRefusal, NEXT_LEVEL)
