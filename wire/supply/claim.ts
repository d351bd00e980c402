// terminal → centre: a customer came back with a code that did not do what it should. Answered by an acknowledgement;
// the verdicts come as notices.

import { vendorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { list, named, oneOf, record, seconds, serial } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { ticketNumber } from './line-fields.ts'

const MAX_CLAIMS = 20

export const claim = record({
  claims: list(
    record({
      product: named(productId),
      serial,
      ticket: ticketNumber,
      vendor: named(vendorId),
      soldAtS: seconds,
      what: oneOf(['code-refused', 'not-readable', 'wrong-product', 'code-unknown']),
    }),
    1,
    MAX_CLAIMS,
  ),
})

export const claimMessage = supplyMessage('claim', claim)
