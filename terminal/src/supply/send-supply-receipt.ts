// Step 11 of the way of a code: the terminal says that the delivery is in its safe. The debit becomes final.

import { supplyReceiptMessage } from '@scratchless/wire/supply/supply-receipt'
import type { Store } from '../store/connect-store.ts'
import type { StoredRequest } from './request.sql.ts'
import { type RequestNeeds, saveRequest } from './save-request.ts'
import { deliveryOfReceipt, endOrder, receiptSent, type StoredOrder } from './supply-order.sql.ts'

export function sendSupplyReceipt(needs: RequestNeeds, order: StoredOrder): StoredRequest {
  const delivery = order.sequence!
  return saveRequest(
    needs,
    'supply-receipt',
    (signer, binding) =>
      supplyReceiptMessage.sign({ delivery, deliveryHash: order.deliveryHash! }, signer, binding),
    (sequence) => receiptSent(needs.store, sequence, delivery),
  )
}

/** Inside the transaction that stores the answer. */
export function takeReceiptAnswer(store: Store, sequence: number): void {
  const delivery = deliveryOfReceipt(store, sequence)
  if (delivery !== undefined) endOrder(store, delivery, 'receipted', null)
}
