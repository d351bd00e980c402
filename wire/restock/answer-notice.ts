// The signed answer to a notice. It is made only over bytes that verify as the partner's, so that nobody can have an
// answer signed to what was never said.

import type { MessageId } from '@scratchless/voucher/ids'
import type { AuditHeadField } from './audit-head-field.ts'
import { type NoticeName, type NoticeReceipt, signNoticeReceipt } from './notice-receipt.ts'
import { type OpenedNotice, openNotice, type UnknownMessage } from './open-notice.ts'
import { signRestockNotUnderstood } from './restock-not-understood.ts'
import type { RestockRefusal, RestockSigning, RestockVerifying } from './restock-partner.ts'

/** What is said to a notice; of no meaning where it is not understood. */
export type NoticeVerdict = Pick<NoticeReceipt, 'verdict' | 'reason' | 'ranges'>

interface Answering {
  readonly verifying: RestockVerifying
  readonly signing: RestockSigning
  readonly taken: readonly NoticeName[]
  readonly id: MessageId
  readonly issuedAt: string
  readonly auditHead: AuditHeadField
}

/** Opens the notice and answers it: by a receipt, or that it is of a higher level than was agreed. */
export async function answerNotice(
  bytes: Uint8Array,
  { verdict, reason, ranges }: NoticeVerdict,
  { verifying, signing, taken, id, issuedAt, auditHead }: Answering,
): Promise<Buffer | { readonly refusal: RestockRefusal }> {
  const opened = await openNotice(bytes, verifying, taken)
  if ('refusal' in opened) return opened
  const { id: receiver, level } = verifying.partner
  const head = { id, issuedAt, sender: verifying.self, receiver, auditHead }
  if (opened.notice === 'not-understood')
    return signRestockNotUnderstood(
      {
        ...head,
        message: opened.message,
        messageId: opened.id,
        messageLevel: opened.level,
        highestLevel: level,
      },
      signing,
    )
  const { notice, content } = opened
  const said = { verdict, ranges, ...(reason !== undefined && { reason }) }
  return signNoticeReceipt({ ...head, notice, noticeId: content.id, ...said }, signing)
}

/** Under which name and id a notice, or what is not understood, is known again: `RangeNotice` is `range-notice`. */
export function noticeKey(opened: OpenedNotice | UnknownMessage): { kind: string; id: MessageId } {
  const [name, id] =
    opened.notice === 'not-understood' ? [opened.message, opened.id] : [opened.notice, opened.content.id]
  return { kind: name.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase(), id }
}
