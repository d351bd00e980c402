// LotActivation: from when the operator's network takes codes of a lot, all of them or some. UBL has no such message.

import { z } from 'zod'
import { field } from '../xml/xml-text.ts'
import { auditHeadField } from './audit-head-field.ts'
import { readRuns, serialRuns, writeRuns } from './code-run.ts'
import { type ConfidentialMessage, encryptAndSign, verifyAndDecrypt } from './restock-envelope.ts'
import { centreIdField, instantField, lotIdField, messageIdField, operatorIdField } from './restock-fields.ts'
import type { RestockSigning, RestockVerifying, VerifiedRestock } from './restock-partner.ts'

export const lotActivation = z.strictObject({
  id: messageIdField,
  issuedAt: instantField,
  sender: operatorIdField,
  receiver: centreIdField,
  auditHead: auditHeadField,
  lot: lotIdField,
  /** From when the network takes them; may lie in the past, and in the future. */
  activatedOn: instantField,
  /** None: the whole lot, also what of it is delivered later. */
  runs: serialRuns,
})

export type LotActivation = z.output<typeof lotActivation>

const message: ConfidentialMessage<LotActivation> = {
  name: 'LotActivation',
  schema: lotActivation,
  write: (activation) =>
    field('Lot', activation.lot) + field('ActivatedOn', activation.activatedOn) + writeRuns(activation.runs),
  read: (reader) => ({
    lot: reader.field('Lot'),
    activatedOn: reader.field('ActivatedOn'),
    runs: readRuns(reader),
  }),
}

/** The signed and encrypted XML of an activation. Throws where it breaks its schema. */
export function signLotActivation(activation: LotActivation, signing: RestockSigning): Promise<Buffer> {
  return encryptAndSign(message, activation, signing)
}

/** Verifies, then decrypts an activation of `verifying.partner`. */
export function verifyLotActivation(
  bytes: Uint8Array,
  verifying: RestockVerifying,
): Promise<VerifiedRestock<LotActivation>> {
  return verifyAndDecrypt(message, bytes, verifying)
}
