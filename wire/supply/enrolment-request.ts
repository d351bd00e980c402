// device → centre: certify my key. MACed under a key that the enrolment code gives; the code itself stays where it
// was typed. The device repeats it, poll after poll, with the same key and nonce until it is enrolled or refused.

import { bytes, integer, record, seconds, text } from '../compact/shape.ts'
import { enrolmentMessage } from './enrolment-envelope.ts'
import { publicKey } from './public-key.ts'

export const enrolmentRequest = record({
  /** Names the enrolment that staff of the centre opened; no secret. */
  enrolmentNumber: integer(1, 0xffff_ffff),
  /** Made on the device; its private half never leaves it. */
  deviceKey: publicKey,
  /** Random, made once for this enrolment. */
  nonce: bytes(16),
  deviceTimeS: seconds,
  softwareVersion: text(1, 20),
})

/** `keys` are those of the enrolment that the frame's kid names (`peekKid`). */
export const enrolmentRequestMessage = enrolmentMessage(
  'enrolment-request',
  enrolmentRequest,
  (content, { enrolmentNumber }) => content.enrolmentNumber === enrolmentNumber,
)
