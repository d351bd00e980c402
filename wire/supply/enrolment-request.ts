// device → centre: certify my key. MACed under a key that the enrolment code gives; the code itself stays where it
// was typed. The device repeats it, poll after poll, with the same key and nonce until it is enrolled or refused.

import type { Frame } from '../compact/frame.ts'
import { bytes, type ContentOf, integer, record, seconds, text } from '../compact/shape.ts'
import type { EnrolmentKeys } from './enrolment-code.ts'
import { closeEnrolment, type EnrolmentBinding, openEnrolment } from './enrolment-envelope.ts'
import type { Closed, Opened, Unacceptable } from './envelope.ts'
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

export type EnrolmentRequest = ContentOf<typeof enrolmentRequest>

const message = { kind: 'enrolment-request', shape: enrolmentRequest } as const

export function closeEnrolmentRequest(
  content: EnrolmentRequest,
  keys: EnrolmentKeys,
  binding: EnrolmentBinding,
): Closed {
  return closeEnrolment(message, content, keys, binding)
}

/** `keys` are those of the enrolment that the frame's kid names (`peekKid`). */
export function openEnrolmentRequest(
  frame: Frame,
  keys: EnrolmentKeys,
  binding: EnrolmentBinding,
): Opened<'enrolment-request', EnrolmentRequest> | Unacceptable {
  const opened = openEnrolment(message, frame, keys, binding)
  if (opened === 'unacceptable' || opened.content.enrolmentNumber !== binding.enrolmentNumber)
    return 'unacceptable'
  return opened
}
