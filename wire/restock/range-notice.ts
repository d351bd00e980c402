// RangeNotice: one side says what is to be done with serials, and why: a case that people keep under a number.

import { z } from 'zod'
import { field } from '../xml/xml-text.ts'
import { auditHeadField } from './audit-head-field.ts'
import { readRuns, serialRuns, writeRuns } from './code-run.ts'
import { type ConfidentialMessage, verifyAndDecrypt } from './restock-envelope.ts'
import { instantField, messageIdField, partyIdField } from './restock-fields.ts'
import type { RestockVerifying, VerifiedRestock } from './restock-partner.ts'

const RANGE_CAUSES = [
  'stolen',
  'damaged',
  'wrong-price',
  'wrong-product',
  'withdrawn',
  'unpaid',
  'complaint',
  'returned',
  'settled',
  'other',
] as const

export const rangeNotice = z.strictObject({
  id: messageIdField,
  issuedAt: instantField,
  sender: partyIdField,
  receiver: partyIdField,
  auditHead: auditHeadField,
  /** The asker's number of the case: what belongs together has the same. */
  case: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9./-]{0,23}$/),
  what: z.enum(['held', 'released', 'recalled', 'voided']),
  cause: z.enum(RANGE_CAUSES),
  runs: serialRuns.min(1),
})

export type RangeNotice = z.output<typeof rangeNotice>

/** Nobody here sends one yet. */
export const rangeNoticeMessage: ConfidentialMessage<RangeNotice> = {
  name: 'RangeNotice',
  schema: rangeNotice,
  write: (notice) =>
    field('Case', notice.case) +
    field('What', notice.what) +
    field('Cause', notice.cause) +
    writeRuns(notice.runs),
  read: (reader) => ({
    case: reader.field('Case'),
    what: reader.field('What'),
    cause: reader.field('Cause'),
    runs: readRuns(reader),
  }),
}

/** Verifies, then decrypts a range notice of `verifying.partner`. */
export function verifyRangeNotice(
  bytes: Uint8Array,
  verifying: RestockVerifying,
): Promise<VerifiedRestock<RangeNotice>> {
  return verifyAndDecrypt(rangeNoticeMessage, bytes, verifying)
}
