// centre → terminal: a "no" to any signed request, with the figures that a person needs to act on it.

import { productId } from '@scratchless/voucher/product'
import {
  amount,
  type ContentOf,
  choice,
  integer,
  list,
  MAX_LEVEL,
  named,
  oneOf,
  record,
  seconds,
} from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { blockedWhy, u32 } from './line-fields.ts'
import { standing } from './standing.ts'
import { MAX_LINES } from './supply-order.ts'

const nothing = record({})
const products = record({ products: list(named(productId), 1, MAX_LINES) })

/** In order of precedence: the first that holds is the one given. On the line, the place in this list. */
const supplyRefusalReason = choice('reason', {
  /** The terminal or its certificate was revoked; precedes even a stored answer. It sells no more. */
  'terminal-revoked': record({ why: oneOf(['by-staff', 'retired', 'replaced', 'stolen']) }),
  /** Locked until people have looked. It sells no more until then. */
  'terminal-locked': record({
    why: oneOf([
      /** Two journals were seen under one terminal id. */
      'two-journals',
      /** A sequence came with two contents. */
      'content-altered',
      'by-staff',
      'stolen',
      'retailer-suspended',
      /** Its store is older than what its card has done. */
      'behind-card',
    ]),
    sinceS: seconds,
  }),
  /** This sequence came before with another content: the terminal is locked with it. */
  'content-altered': nothing,
  /** Neither a repeat nor the next: the next is `expected`. */
  'sequence-unexpected': record({ expected: u32 }),
  /** Of a kind or level that this centre does not know; it knows all up to this level. */
  'not-understood': record({ highestLevel: integer(1, MAX_LEVEL) }),
  /** Understood, and not done at this centre. */
  'not-offered': nothing,
  /** It arrived past its own `expiresAtS`; the sequence is used up without effect. */
  'request-expired': nothing,
  /** The retailer's account is closed or on hold. */
  'retailer-closed': nothing,
  /** No order until the debt is paid, or until people have decided. */
  'account-blocked': record({ why: blockedWhy, owedMinor: amount, sinceS: seconds }),
  'order-window-closed': record({ opensAtS: seconds }),
  /** No card of this shop is registered: there is nobody to close a code for. A person must register one. */
  'no-card': nothing,
  /** The terminal lacks the letter of this number: ask for it, then order anew. */
  'card-letter-needed': record({ letter: u32 }),
  'unknown-product': products,
  /** The prices of today, for each product whose price is not the one agreed. */
  'price-changed': record({
    prices: list(record({ product: named(productId), unitPriceMinor: amount }), 1, MAX_LINES),
  }),
  /** Above what this terminal may be given; `codes` more from `freeAtS` on, or at once where that is now. */
  'ceiling-exceeded': record({ codes: u32, freeAtS: seconds }),
  /** Above the value that this terminal may have on board; so much more it may. */
  'cap-exceeded': record({ freeMinor: amount }),
  'no-stock': products,
  /** By how much balance and credit fall short of the order. */
  'balance-too-low': record({ missingMinor: amount }),
  /** A receipt for no delivery of this terminal, or with another hash than its delivery has. */
  'unknown-delivery': nothing,
  /** A proposal, receipt or the like that this terminal does not have. */
  'unknown-subject': nothing,
})

export type SupplyRefusalReason = ContentOf<typeof supplyRefusalReason>

export const supplyRefusal = record({
  standing,
  availableMinor: amount,
  why: supplyRefusalReason,
})

export type SupplyRefusal = ContentOf<typeof supplyRefusal>

export const supplyRefusalMessage = supplyMessage('supply-refusal', supplyRefusal)
