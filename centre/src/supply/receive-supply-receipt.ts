// Step 12 of the way of a code: the terminal has stored its delivery; the money that was pending is posted.

import { DELIVERY_HASH_BYTES, type SupplyReceipt } from '@scratchless/wire/supply/supply-receipt'
import { raiseAlarm } from '../alarms.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import { DEPOT } from '../settings.ts'
import { type Answered, acknowledge, refuseInSequence, transferId } from './answer-in-sequence.ts'
import type { SignedMessage } from './signed-message.ts'
import { findDeliveryHash } from './supply.sql.ts'

export async function receiveSupplyReceipt(
  needs: CentreNeeds,
  message: SignedMessage,
  receipt: SupplyReceipt,
): Promise<Answered> {
  const { terminal } = message
  const sent = await findDeliveryHash(needs.pool, DEPOT, {
    terminal: terminal.id,
    sequence: receipt.delivery,
  })
  if (sent?.subarray(0, DELIVERY_HASH_BYTES).equals(receipt.deliveryHash))
    return acknowledge(needs, message, async () => undefined, 'receipt')
  // The terminal spoke after its delivery, so the money is posted all the same; but people should look.
  return refuseInSequence(needs, message, { reason: 'unknown-delivery' }, async (sql, at) => {
    const subject = transferId(terminal.id, receipt.delivery)
    await raiseAlarm(sql, { at, kind: 'receipt-of-another-delivery', subject })
  })
}
