// terminal → centre: these products, in these quantities, at these prices. Answered by a supply delivery or a
// supply refusal. The order's sequence is its name, and its delivery's.

import { productId } from '@scratchless/voucher/product'
import {
  amount,
  type ContentOf,
  checked,
  integer,
  list,
  named,
  oneOf,
  record,
  seconds,
} from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'

/** A shop carries some dozen products; the ninetieth order has four lines. */
export const MAX_LINES = 20

/** The ninety-ninth order of a hundred has 500 codes; a delivery of 1,000 stays below half a frame. */
export const MAX_CODES_PER_ORDER = 1_000

const line = record({
  product: named(productId),
  quantity: integer(1, MAX_CODES_PER_ORDER),
  /** The price the shop agreed to pay for one code, minor units of its catalogue's currency. */
  unitPriceMinor: amount,
})

export const supplyOrder = record({
  /** The centre gives this order no first effect from this second on; a repeat still gets its stored answer. */
  expiresAtS: seconds,
  /** Who wanted it: somebody at the counter, the terminal by its levels, or the centre by a proposal. */
  because: oneOf(['person', 'automatic', 'proposal']),
  lines: checked(
    list(line, 1, MAX_LINES),
    `each product once, at most ${MAX_CODES_PER_ORDER} codes in all`,
    (lines) =>
      new Set(lines.map(({ product }) => product)).size === lines.length &&
      lines.reduce((sum, { quantity }) => sum + quantity, 0) <= MAX_CODES_PER_ORDER,
  ),
})

export type SupplyOrder = ContentOf<typeof supplyOrder>

/** The caller judges what no shape can say: sequence, expiry, prices, stock, money. */
export const supplyOrderMessage = supplyMessage('supply-order', supplyOrder)
