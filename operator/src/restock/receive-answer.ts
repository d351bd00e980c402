// The answers to what the operator's outbox sent, each to the room of its message.

import type { SqlClient } from '@scratchless/office/database/database'
import type { OutgoingMessage } from '@scratchless/office/outbox/outbox.sql'
import { receiveNoticeReceipt } from './receive-notice-receipt.ts'
import { type ReceiptNeeds, receiveRestockReceipt } from './receive-restock-receipt.ts'
import { ACTIVATION_KIND } from './send-lot-activation.ts'

export function receiveAnswer(
  needs: ReceiptNeeds,
  sql: SqlClient,
  message: OutgoingMessage,
  answer: Uint8Array,
): Promise<void> {
  return message.kind === ACTIVATION_KIND
    ? receiveNoticeReceipt(needs, sql, message, answer)
    : receiveRestockReceipt(needs, sql, message, answer)
}
