// centre → device: wait, no, or welcome: the terminal's name, its certificate, and the centre's root, which the
// device believes because the MAC was made by somebody who knows the enrolment code.

import { centreId, retailerId, terminalId } from '@scratchless/voucher/ids'
import { type Certificate, openCertificate } from '../compact/cwt.ts'
import type { Frame } from '../compact/frame.ts'
import { bytes, type ContentOf, choice, named, record, seconds, text } from '../compact/shape.ts'
import type { EnrolmentKeys } from './enrolment-code.ts'
import { closeEnrolment, type EnrolmentBinding, openEnrolment } from './enrolment-envelope.ts'
import type { Closed, Opened, Unacceptable } from './envelope.ts'
import { publicKey } from './public-key.ts'
import { standing } from './standing.ts'

/** A certificate of ours has some 240 bytes. */
const certificateBytes = bytes(64, 1_024)

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
  }),
})

export type EnrolmentAnswer = ContentOf<typeof enrolmentAnswer>
export type Enrolled = Extract<EnrolmentAnswer, { state: 'enrolled' }>

const message = { kind: 'enrolment-answer', shape: enrolmentAnswer } as const

export function closeEnrolmentAnswer(
  content: EnrolmentAnswer,
  keys: EnrolmentKeys,
  binding: EnrolmentBinding,
): Closed {
  return closeEnrolment(message, content, keys, binding)
}

export function openEnrolmentAnswer(
  frame: Frame,
  keys: EnrolmentKeys,
  binding: EnrolmentBinding,
): Opened<'enrolment-answer', EnrolmentAnswer> | Unacceptable {
  return openEnrolment(message, frame, keys, binding)
}

/**
 * Both certificates of an enrolment, once each was signed by the root for the party and purpose it should be for.
 * The device compares the terminal's `publicKey` with its own.
 */
export function certificatesOf(
  enrolled: Enrolled,
): { readonly terminal: Certificate; readonly centre: Certificate } | Unacceptable {
  const { rootKey, standing } = enrolled
  const terminal = openCertificate(enrolled.terminalCertificate, rootKey, standing.timeS)
  const centre = openCertificate(enrolled.centreCertificate, rootKey, standing.timeS)
  if (typeof terminal === 'string' || typeof centre === 'string') return 'unacceptable'
  if (terminal.purpose !== 'terminal' || terminal.subject !== enrolled.terminal) return 'unacceptable'
  if (centre.purpose !== 'centre' || centre.subject !== enrolled.centre) return 'unacceptable'
  if (terminal.issuer !== enrolled.centre || centre.issuer !== enrolled.centre) return 'unacceptable'
  return { terminal, centre }
}
