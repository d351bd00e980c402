// Enrolment messages are MACed, not signed: there is no certificate yet, only the enrolment code. The kid is the
// enrolment number. External data as in every message, with the number in decimal where the terminal's id will
// be: CBOR[ kind, "1042", poll, hash of the request answered (h'' in a request) ]. The frame's sequence is the
// number of the poll, from 1: a terminal asks until it is answered, and an answer is good for one asking.

import { mac0, verifyMac0 } from '../compact/cose.ts'
import { type Frame, writeFrame } from '../compact/frame.ts'
import { decodeShape, encodeShape } from '../compact/shape.ts'
import type { EnrolmentKeys } from './enrolment-code.ts'
import { enrolmentKid } from './enrolment-code.ts'
import {
  type Closed,
  externalData,
  KIND,
  type Message,
  type Opened,
  payloadHash,
  type Unacceptable,
} from './envelope.ts'

export interface EnrolmentBinding {
  readonly enrolmentNumber: number
  /** The asking this is, from 1; it is the frame's sequence. */
  readonly poll: number
  /** In an answer: `payloadHash` of the request. Null in a request. */
  readonly answering: Uint8Array | null
}

type EnrolmentKind = 'enrolment-request' | 'enrolment-answer'

export function closeEnrolment<K extends EnrolmentKind, T>(
  message: Message<K, T>,
  content: T,
  keys: EnrolmentKeys,
  binding: EnrolmentBinding,
): Closed {
  const payload = encodeShape(message.shape, content)
  const kid = enrolmentKid(binding.enrolmentNumber)
  const maced = mac0(payload, external(message.kind, binding), kid, keyOf(message.kind, keys))
  const frame = writeFrame({ kind: KIND[message.kind], sequence: binding.poll, message: maced })
  return { frame, payloadHash: payloadHash(message.kind, payload) }
}

export function openEnrolment<K extends EnrolmentKind, T>(
  message: Message<K, T>,
  frame: Frame,
  keys: EnrolmentKeys,
  binding: EnrolmentBinding,
): Opened<K, T> | Unacceptable {
  if (frame.kind !== KIND[message.kind] || frame.sequence !== binding.poll) return 'unacceptable'
  const kid = enrolmentKid(binding.enrolmentNumber)
  const payload = verifyMac0(frame.message, external(message.kind, binding), kid, keyOf(message.kind, keys))
  const content = payload && decodeShape(message.shape, payload)
  if (!payload || content === undefined) return 'unacceptable'
  return { kind: message.kind, content, payloadHash: payloadHash(message.kind, payload) }
}

function keyOf(kind: EnrolmentKind, keys: EnrolmentKeys) {
  return kind === 'enrolment-request' ? keys.request : keys.answer
}

function external(kind: EnrolmentKind, { enrolmentNumber, poll, answering }: EnrolmentBinding): Buffer {
  return externalData(kind, String(enrolmentNumber), poll, answering)
}
