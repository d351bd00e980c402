// RestockNotUnderstood: the answer to a message that its signer means for a higher level than was agreed. It is written
// in level 1 whatever was asked, so that everybody can read it.

import { z } from 'zod'
import { field } from '../xml/xml-text.ts'
import { auditHeadField } from './audit-head-field.ts'
import { type ConfidentialMessage, encryptAndSign, verifyAndDecrypt } from './restock-envelope.ts'
import { instantField, messageIdField, partyIdField } from './restock-fields.ts'
import { MAX_RESTOCK_LEVEL, MESSAGE_NAME } from './restock-messages.ts'
import type { RestockSigning, RestockVerifying, VerifiedRestock } from './restock-partner.ts'

const level = z.int().min(1).max(MAX_RESTOCK_LEVEL)

export const restockNotUnderstood = z.strictObject({
  id: messageIdField,
  issuedAt: instantField,
  sender: partyIdField,
  receiver: partyIdField,
  auditHead: auditHeadField,
  /** Name, id and level of what was not understood, as its verified header says them. */
  message: z.string().regex(MESSAGE_NAME),
  messageId: messageIdField,
  messageLevel: level,
  /** The highest level that its receiver takes from its sender. */
  highestLevel: level,
})

export type RestockNotUnderstood = z.output<typeof restockNotUnderstood>

const message: ConfidentialMessage<RestockNotUnderstood> = {
  name: 'RestockNotUnderstood',
  schema: restockNotUnderstood,
  write: (answer) =>
    field('Message', answer.message) +
    field('MessageId', answer.messageId) +
    field('MessageLevel', answer.messageLevel) +
    field('HighestLevel', answer.highestLevel),
  read: (reader) => ({
    message: reader.field('Message'),
    messageId: reader.field('MessageId'),
    messageLevel: Number(reader.field('MessageLevel')),
    highestLevel: Number(reader.field('HighestLevel')),
  }),
}

/** The signed and encrypted XML of the answer. Throws where it breaks its schema. */
export function signRestockNotUnderstood(
  answer: RestockNotUnderstood,
  signing: RestockSigning,
): Promise<Buffer> {
  return encryptAndSign(message, answer, { ...signing, level: 1 })
}

/** Verifies, then decrypts such an answer of `verifying.partner`. */
export function verifyRestockNotUnderstood(
  bytes: Uint8Array,
  verifying: RestockVerifying,
): Promise<VerifiedRestock<RestockNotUnderstood>> {
  return verifyAndDecrypt(message, bytes, verifying)
}
