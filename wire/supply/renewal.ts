// centre → terminal: the certificate over the new key, and the one of the key that signs the centre's answers to
// requests under it. The certificate before stays good for repeats of known sequences.

import { record } from '../compact/shape.ts'
import { certificateBytes } from './enrolment-answer.ts'
import { supplyMessage } from './envelope.ts'
import { standing } from './standing.ts'

export const renewal = record({
  standing,
  /** CWT, over the new key of the request. */
  terminalCertificate: certificateBytes,
  /** CWT, with 100 days to run at least. */
  centreCertificate: certificateBytes,
})

export const renewalMessage = supplyMessage('renewal', renewal)
