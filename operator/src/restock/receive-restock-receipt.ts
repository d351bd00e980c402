// Step 6 of the way of a code: the centre's signed receipt settles a delivery part. What the centre did not take is
// on hold here until people know why.

import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { bookingAt } from '@scratchless/office/calendar/booking'
import type { SqlClient } from '@scratchless/office/database/database'
import type { OutgoingMessage } from '@scratchless/office/outbox/outbox.sql'
import type { Log } from '@scratchless/program/log'
import type { PrivateLine } from '@scratchless/program/private-line'
import type { Clock } from '@scratchless/voucher/clock'
import { centreId, type MessageId } from '@scratchless/voucher/ids'
import type { RestockReceipt } from '@scratchless/wire/restock/restock-receipt'
import { settlePart } from '../finance/partner-account.ts'
import type { VaultVerbs } from '../vault/verbs.ts'
import { openNotUnderstood } from './not-understood.ts'
import { insertDuplicates, settleDelivery } from './restock.sql.ts'

export interface ReceiptNeeds {
  readonly vault: PrivateLine<VaultVerbs>
  readonly clock: Clock
  readonly log: Log
  readonly timeZone: string
}

/**
 * Takes the answer to a delivery in the transaction that marks it answered. Throws where the answer is no receipt
 * of this part by this partner: the part is then sent again.
 */
export async function receiveRestockReceipt(
  needs: ReceiptNeeds,
  sql: SqlClient,
  message: OutgoingMessage,
  answer: Uint8Array,
): Promise<void> {
  const partner = centreId(message.partner)
  const receipt = await needs.vault.verifyRestockReceipt({ partner, bytes: answer })
  if ('refusal' in receipt) {
    if (await openNotUnderstood(needs, partner, message, answer, receipt.refusal))
      return settle(needs, sql, message, { verdict: 'refused', reason: 'not-understood', count: 0 })
    throw new Error(`the answer is no receipt: ${receipt.refusal}`)
  }
  if (receipt.deliveryId !== message.id)
    throw new Error(`the receipt is of another delivery: ${receipt.deliveryId}`)
  await settle(needs, sql, message, receipt)
  if (receipt.duplicates.length > 0) await insertDuplicates(sql, receipt)
}

type Outcome = Pick<RestockReceipt, 'verdict' | 'count'> & {
  reason?: string | undefined
  orderId?: MessageId
}

async function settle(
  needs: ReceiptNeeds,
  sql: SqlClient,
  message: OutgoingMessage,
  receipt: Outcome,
): Promise<void> {
  const partner = centreId(message.partner)
  const at = new Date(needs.clock.nowMs())
  const part = await settleDelivery(sql, message.id, receipt, at)
  if (part === null) throw new Error('the receipt fits no delivery that waits for one')
  const { codes } = part
  await settlePart(sql, partner, { id: message.id, ...part }, receipt.count, bookingAt(at, needs.timeZone))
  if (receipt.count < codes)
    needs.log.error(
      { delivery: message.id, reason: receipt.reason, codes, taken: receipt.count },
      'the centre did not take all of a delivery part',
    )
  await appendAudit(sql, {
    at,
    actor: partner,
    action: 'restock-receipt-taken',
    subject: message.id,
    details: { verdict: receipt.verdict, codes, taken: receipt.count },
  })
}
