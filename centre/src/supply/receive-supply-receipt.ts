// Step 12 of the way of a code: terminals have stored their deliveries; the money that was pending is posted. Receipts
// that came together are taken in one transaction.

import { DELIVERY_HASH_BYTES, type SupplyReceipt } from '@scratchless/wire/supply/supply-receipt'
import { raiseAlarm } from '../alarms.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import { DEPOT } from '../settings.ts'
import {
  type Answered,
  answerGroupInSequence,
  refuseInSequence,
  signAcknowledgements,
  transferId,
} from './answer-in-sequence.ts'
import type { SignedMessage } from './signed-message.ts'
import { readDeliveryHashes } from './supply.sql.ts'

export interface SupplyReceiptMessage extends SignedMessage {
  readonly receipt: SupplyReceipt
}

/** Answers a group of receipts, at most one of a terminal, each in its place of the array. */
export async function receiveSupplyReceipts(
  needs: CentreNeeds,
  messages: readonly SupplyReceiptMessage[],
): Promise<Answered[]> {
  const deliveries = messages.map(({ terminal, receipt }) => ({
    terminal: terminal.id,
    sequence: receipt.delivery,
  }))
  const sent = new Map(
    (await readDeliveryHashes(needs.pool, DEPOT, deliveries)).map((row) => [
      transferId(row.terminal_id, row.sequence),
      row.delivery_hash.subarray(0, DELIVERY_HASH_BYTES),
    ]),
  )
  const isOfDelivery = ({ terminal, receipt }: SupplyReceiptMessage) =>
    sent.get(transferId(terminal.id, receipt.delivery))?.equals(receipt.deliveryHash) === true
  const taken = messages.filter(isOfDelivery)
  const answers = await answerGroupInSequence(
    needs,
    taken,
    (next) => signAcknowledgements(needs, next),
    undefined,
    'receipt',
  )
  const answerTo = new Map(taken.map((message, index) => [message, answers[index]!]))
  return Promise.all(
    messages.map((message) =>
      isOfDelivery(message) ? answerTo.get(message)! : refuseReceipt(needs, message),
    ),
  )
}

/** The terminal spoke after its delivery, so the money is posted all the same; but people should look. */
function refuseReceipt(needs: CentreNeeds, message: SupplyReceiptMessage): Promise<Answered> {
  return refuseInSequence(needs, message, { reason: 'unknown-delivery' }, async (sql, at) => {
    const subject = transferId(message.terminal.id, message.receipt.delivery)
    await raiseAlarm(sql, { at, kind: 'receipt-of-another-delivery', subject })
  })
}
