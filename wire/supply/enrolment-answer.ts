// centre → device: wait, no, or welcome: the terminal's name, its certificate, and the centre's root, which the
// device believes because the MAC was made by somebody who knows the enrolment code.

import { centreId, retailerId, terminalId } from '@scratchless/voucher/ids'
import { type Certificate, verifyCertificate } from '../compact/cwt.ts'
import { bytes, type ContentOf, choice, integer, named, record, seconds, text } from '../compact/shape.ts'
import { enrolmentMessage } from './enrolment-envelope.ts'
import type { Unacceptable } from './envelope.ts'
import { publicKey } from './public-key.ts'
import { standing } from './standing.ts'

/** A certificate of ours has some 240 bytes. */
export const certificateBytes = bytes(64, 1_024)

export const enrolmentAnswer = choice('state', {
  /** Staff have not approved the device's fingerprint yet: ask again. */
  waiting: record({ timeS: seconds }),
  /** Staff said no, or the enrolment's time has passed: this code opens nothing any more. */
  refused: record({ timeS: seconds }),
  enrolled: record({
    standing,
    terminal: named(terminalId),
    retailer: named(retailerId),
    retailerName: text(1, 64),
    centre: named(centreId),
    /** The centre's root, which signs certificates only. */
    rootKey: publicKey,
    /** The terminal's certificate (CWT), over the device key of the request. */
    terminalCertificate: certificateBytes,
    /** The certificate (CWT) of the key that signs the centre's answers. */
    centreCertificate: certificateBytes,
    /** The terminal's next request is one more than this: 0 at the first enrolment under this name. */
    lastSequence: integer(0, 0xffff_fffe),
  }),
})

export type EnrolmentAnswer = ContentOf<typeof enrolmentAnswer>
export type Enrolled = Extract<EnrolmentAnswer, { state: 'enrolled' }>

export const enrolmentAnswerMessage = enrolmentMessage('enrolment-answer', enrolmentAnswer)

/**
 * Both certificates of an enrolment, once each was signed by the root for the party and purpose it should be for.
 * The device compares the terminal's `publicKey` with its own.
 */
export function certificatesOf(
  enrolled: Enrolled,
): { readonly terminal: Certificate; readonly centre: Certificate } | Unacceptable {
  const { rootKey, standing } = enrolled
  const terminal = verifyCertificate(enrolled.terminalCertificate, rootKey, standing.timeS)
  const centre = verifyCertificate(enrolled.centreCertificate, rootKey, standing.timeS)
  if (typeof terminal === 'string' || typeof centre === 'string') return 'unacceptable'
  if (terminal.purpose !== 'terminal' || terminal.subject !== enrolled.terminal) return 'unacceptable'
  if (centre.purpose !== 'centre' || centre.subject !== enrolled.centre) return 'unacceptable'
  if (terminal.issuer !== enrolled.centre || centre.issuer !== enrolled.centre) return 'unacceptable'
  return { terminal, centre }
}
