// terminal → centre: the owner has paid, and says how it can be found. Answered by the balance, which it does not
// change: people at the centre book the money once they see it.

import { amount, day, oneOf, record, text } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { countedNumber } from './line-fields.ts'

export const paymentDeclaration = record({
  /** Counted by the terminal. */
  number: countedNumber,
  amountMinor: amount,
  method: oneOf(['transfer', 'cash', 'cheque', 'mobile-money']),
  reference: text(1, 40),
  paidOn: day,
})

export const paymentDeclarationMessage = supplyMessage('payment-declaration', paymentDeclaration)
