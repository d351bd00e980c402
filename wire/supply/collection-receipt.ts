// terminal → centre: a collector took money from the shop; both have signed for it. Answered by the balance.

import { collectorId } from '@scratchless/voucher/ids'
import { amount, bytes, named, oneOf, record, seconds, text } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { countedNumber } from './line-fields.ts'

const proof = bytes(16, 72)

export const collectionReceipt = record({
  /** Counted by the terminal. */
  number: countedNumber,
  collector: named(collectorId),
  amountMinor: amount,
  method: oneOf(['cash', 'cheque', 'mobile-money']),
  reference: text(0, 40),
  atS: seconds,
  ownerProof: proof,
  collectorProof: proof,
})

export const collectionReceiptMessage = supplyMessage('collection-receipt', collectionReceipt)
