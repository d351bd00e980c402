// NoticeReceipt: the answer to every notice: taken or refused, and of ranges what became of each.

import { z } from 'zod'
import { field, optionalField } from '../xml/xml-text.ts'
import { auditHeadField } from './audit-head-field.ts'
import { MAX_RUNS, runsRise } from './code-run.ts'
import { type ConfidentialMessage, encryptAndSign, verifyAndDecrypt } from './restock-envelope.ts'
import {
  instantField,
  MAX_LINE_QUANTITY,
  messageIdField,
  partyIdField,
  serialField,
} from './restock-fields.ts'
import type { RestockSigning, RestockVerifying, VerifiedRestock } from './restock-partner.ts'

/** What is answered by a receipt of this kind. */
export const NOTICES = ['RestockOrderUpdate', 'LotActivation', 'PartnerNextKey', 'RangeNotice'] as const
export type NoticeName = (typeof NOTICES)[number]

/** Why a notice is refused, in order of precedence. */
export const NOTICE_REFUSALS = [
  'duplicate-content',
  'not-offered',
  'unknown-order',
  'unknown-lot',
  'unknown-serials',
  'update-overtaken',
  'key-unfit',
  'too-late',
  'not-agreed',
] as const

/** What became of serials that a range notice named. */
export const RANGE_OUTCOMES = [
  'held',
  'released',
  'supplied',
  'voided-unredeemed',
  'already-redeemed',
  'unknown',
] as const

export const noticeReceipt = z
  .strictObject({
    id: messageIdField,
    issuedAt: instantField,
    sender: partyIdField,
    receiver: partyIdField,
    auditHead: auditHeadField,
    notice: z.enum(NOTICES),
    noticeId: messageIdField,
    verdict: z.enum(['taken', 'refused']),
    /** There if and only if the verdict is `refused`. */
    reason: z.enum(NOTICE_REFUSALS).optional(),
    /** Only of a range notice that was taken: all of its serials, in runs of one outcome. */
    ranges: z
      .array(
        z.strictObject({
          firstSerial: serialField,
          count: z.int().min(1).max(MAX_LINE_QUANTITY),
          outcome: z.enum(RANGE_OUTCOMES),
        }),
      )
      .max(MAX_RUNS)
      .refine(runsRise, 'ranges rise and do not overlap'),
  })
  .refine(
    (receipt) => (receipt.verdict === 'refused') === (receipt.reason !== undefined),
    'a refusal has a reason',
  )
  .refine(
    (receipt) =>
      (receipt.notice === 'RangeNotice' && receipt.verdict === 'taken') === receipt.ranges.length > 0,
    'ranges answer a range notice that was taken',
  )

/** What of it whoever answers decides; the rest is the vault's to say. */
export const noticeVerdict = z.strictObject({
  verdict: noticeReceipt.shape.verdict,
  reason: noticeReceipt.shape.reason,
  ranges: noticeReceipt.shape.ranges,
})

export type NoticeReceipt = z.output<typeof noticeReceipt>

const message: ConfidentialMessage<NoticeReceipt> = {
  name: 'NoticeReceipt',
  schema: noticeReceipt,
  write: (receipt) =>
    field('Notice', receipt.notice) +
    field('NoticeId', receipt.noticeId) +
    field('Verdict', receipt.verdict) +
    optionalField('Reason', receipt.reason) +
    receipt.ranges
      .map(
        (range) =>
          `<Range>${field('FirstSerial', range.firstSerial)}${field('Count', range.count)}${field('Outcome', range.outcome)}</Range>`,
      )
      .join(''),
  read: (reader) => ({
    notice: reader.field('Notice'),
    noticeId: reader.field('NoticeId'),
    verdict: reader.field('Verdict'),
    reason: reader.optionalField('Reason'),
    ranges: reader.list('Range', () => ({
      firstSerial: reader.field('FirstSerial'),
      count: Number(reader.field('Count')),
      outcome: reader.field('Outcome'),
    })),
  }),
}

/** The signed and encrypted XML of a receipt. Throws where it breaks its schema. */
export function signNoticeReceipt(receipt: NoticeReceipt, signing: RestockSigning): Promise<Buffer> {
  return encryptAndSign(message, receipt, signing)
}

/** Verifies, then decrypts a receipt of `verifying.partner`. */
export function verifyNoticeReceipt(
  bytes: Uint8Array,
  verifying: RestockVerifying,
): Promise<VerifiedRestock<NoticeReceipt>> {
  return verifyAndDecrypt(message, bytes, verifying)
}
