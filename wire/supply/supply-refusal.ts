// centre → terminal: a "no" to any signed request, with the figures that a person needs to act on it.

import { productId } from '@scratchless/voucher/product'
import { amount, type ContentOf, choice, integer, list, named, record, seconds } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { epochNumber, standing } from './standing.ts'
import { MAX_LINES } from './supply-order.ts'

const sequence = integer(0, 0xffff_ffff)
const nothing = record({})

/** In order of precedence: the first that holds is the one given. On the line, the place in this list. */
const supplyRefusalReason = choice('reason', {
  /** The terminal or its certificate was revoked; precedes even a stored answer. */
  'terminal-revoked': nothing,
  /** Two journals were seen under one terminal id: both are locked until people have looked. */
  'terminal-locked': nothing,
  /** This sequence came before with another content. */
  'content-altered': nothing,
  /** Neither a repeat nor the next: the next is `expected`. */
  'sequence-unexpected': record({ expected: sequence }),
  /** It arrived past its own `expiresAtS`; the sequence is used up without effect. */
  'request-expired': nothing,
  /** The retailer's account is closed or on hold. */
  'retailer-closed': nothing,
  /** No safe key of this terminal is current: ask for the card letter of `epoch`, then order anew. */
  'card-letter-needed': record({ epoch: epochNumber }),
  'unknown-product': record({ products: list(named(productId), 1, MAX_LINES) }),
  /** The prices of today, for each product whose price is not the one agreed. */
  'price-changed': record({
    prices: list(record({ product: named(productId), unitPriceMinor: amount }), 1, MAX_LINES),
  }),
  /** Above what this terminal may be given; `codes` more from `freeAtS` on, or at once where that is now. */
  'ceiling-exceeded': record({ codes: integer(0, 0xffff_ffff), freeAtS: seconds }),
  'no-stock': record({ products: list(named(productId), 1, MAX_LINES) }),
  /** By how much balance and credit fall short of the order. */
  'balance-too-low': record({ missingMinor: amount }),
})

export type SupplyRefusalReason = ContentOf<typeof supplyRefusalReason>

export const supplyRefusal = record({
  standing,
  availableMinor: amount,
  why: supplyRefusalReason,
})

export type SupplyRefusal = ContentOf<typeof supplyRefusal>

export const supplyRefusalMessage = supplyMessage('supply-refusal', supplyRefusal)
