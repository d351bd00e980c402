// PartnerNextKey: the public key that a party will have for one purpose from a moment on, signed by its present key.

import { z } from 'zod'
import { decodeBase64 } from '../xml/base64-text.ts'
import { UnexpectedContent } from '../xml/canonical-reader.ts'
import { field } from '../xml/xml-text.ts'
import { auditHeadField } from './audit-head-field.ts'
import { type ConfidentialMessage, verifyAndDecrypt } from './restock-envelope.ts'
import { instantField, messageIdField, partyIdField } from './restock-fields.ts'
import type { RestockVerifying, VerifiedRestock } from './restock-partner.ts'

/** A P-256 key has 91 bytes, an RSA key of 4,096 bits 550. */
const KEY_BYTES = { min: 80, max: 600 } as const
const MAX_KEY_TEXT = 800

export const partnerNextKey = z.strictObject({
  id: messageIdField,
  issuedAt: instantField,
  sender: partyIdField,
  receiver: partyIdField,
  auditHead: auditHeadField,
  /** `sign`: verifies its messages. `open`: messages are closed for it. `tls`: is pinned. */
  purpose: z.enum(['sign', 'open', 'tls']),
  /** SubjectPublicKeyInfo, DER. */
  publicKey: z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.length >= KEY_BYTES.min && value.length <= KEY_BYTES.max,
  ),
  validFrom: instantField,
})

export type PartnerNextKey = z.output<typeof partnerNextKey>

/** Nobody here sends one yet. */
export const partnerNextKeyMessage: ConfidentialMessage<PartnerNextKey> = {
  name: 'PartnerNextKey',
  schema: partnerNextKey,
  write: ({ purpose, publicKey, validFrom }) =>
    field('Purpose', purpose) +
    field('PublicKey', Buffer.from(publicKey).toString('base64')) +
    field('ValidFrom', validFrom),
  read: (reader) => {
    const purpose = reader.field('Purpose')
    const text = reader.longField('PublicKey', MAX_KEY_TEXT)
    const publicKey = decodeBase64(text)
    if (publicKey?.toString('base64') !== text) throw new UnexpectedContent('base64 was expected')
    return { purpose, publicKey, validFrom: reader.field('ValidFrom') }
  },
}

/** Verifies, then decrypts a next key of `verifying.partner`. */
export function verifyPartnerNextKey(
  bytes: Uint8Array,
  verifying: RestockVerifying,
): Promise<VerifiedRestock<PartnerNextKey>> {
  return verifyAndDecrypt(partnerNextKeyMessage, bytes, verifying)
}
