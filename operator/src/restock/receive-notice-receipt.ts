// A centre's signed answer to a notice of ours: it took an activation, refused it, or does not understand it.

import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import type { SqlClient } from '@scratchless/office/database/database'
import type { OutgoingMessage } from '@scratchless/office/outbox/outbox.sql'
import type { CentreId } from '@scratchless/voucher/ids'
import { centreId } from '@scratchless/voucher/ids'
import { settleTold } from './activation-told.sql.ts'
import { openNotUnderstood } from './not-understood.ts'
import type { ReceiptNeeds } from './receive-restock-receipt.ts'

/** Throws where the answer is none to this message by this partner: it is then sent again. */
export async function receiveNoticeReceipt(
  needs: ReceiptNeeds,
  sql: SqlClient,
  message: OutgoingMessage,
  answer: Uint8Array,
): Promise<void> {
  const partner = centreId(message.partner)
  const reason = await readReason(needs, partner, message, answer)
  const at = new Date(needs.clock.nowMs())
  const state = reason === null ? 'taken' : 'refused'
  if (!(await settleTold(sql, message.id, { state, reason }, at)))
    throw new Error('the receipt fits no activation that waits for one')
  if (reason !== null)
    needs.log.error({ partner, activation: message.id, reason }, 'the centre did not take an activation')
  const details = { verdict: state, reason }
  await appendAudit(sql, { at, actor: partner, action: 'notice-answered', subject: message.id, details })
}

/** Why it was refused; null where it was taken. */
async function readReason(
  needs: ReceiptNeeds,
  partner: CentreId,
  message: OutgoingMessage,
  answer: Uint8Array,
): Promise<string | null> {
  const receipt = await needs.vault.verifyNoticeReceipt({ partner, bytes: answer })
  if ('refusal' in receipt) {
    if (await openNotUnderstood(needs, partner, message, answer, receipt.refusal)) return 'not-understood'
    throw new Error(`the answer is no receipt: ${receipt.refusal}`)
  }
  if (receipt.notice !== 'LotActivation' || receipt.noticeId !== message.id)
    throw new Error(`the receipt is of another notice: ${receipt.notice} ${receipt.noticeId}`)
  return receipt.reason ?? null
}
