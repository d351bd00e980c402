// Enrolment messages are MACed, not signed: there is no certificate yet, only the enrolment code. The kid is the
// enrolment number. External data as in every message, with the number in decimal where the terminal's id will
// be: CBOR[ kind, "1042", poll, hash of the request answered (h'' in a request) ]. The frame's sequence is the
// number of the poll, from 1: a terminal asks until it is answered, and an answer is good for one asking.

import { mac0, verifyMac0 } from '../compact/cose.ts'
import { type Frame, writeFrame } from '../compact/frame.ts'
import { contentOf, type Shape } from '../compact/shape.ts'
import type { EnrolmentKeys } from './enrolment-code.ts'
import { enrolmentKid } from './enrolment-code.ts'
import { externalData, KIND, payloadHash, type Signed, type Unacceptable, type Verified } from './envelope.ts'
import { encodeLevelled, LEVEL, peekLevel } from './level.ts'

interface EnrolmentBinding {
  readonly enrolmentNumber: number
  /** The asking this is, from 1; it is the frame's sequence. */
  readonly poll: number
  /** In an answer: `payloadHash` of the request. Null in a request. */
  readonly answering: Uint8Array | null
}

type EnrolmentKind = 'enrolment-request' | 'enrolment-answer'

/** One of the two enrolment messages: its schema, and the two acts on it. */
interface EnrolmentMessage<K extends EnrolmentKind, T> {
  readonly kind: K
  readonly shape: Shape<T>
  /** MACs a content into its frame. Throws a Misshapen where the content is outside its bounds. */
  mac(content: T, keys: EnrolmentKeys, binding: EnrolmentBinding): Signed
  /** The content of a frame whose kind, poll, MAC and shape are right; parsed from the verified bytes. */
  verify(frame: Frame, keys: EnrolmentKeys, binding: EnrolmentBinding): Verified<K, T> | Unacceptable
}

/** The one maker of enrolment messages. `belongs`: a rule between the content and what it is bound to. */
export function enrolmentMessage<K extends EnrolmentKind, T>(
  kind: K,
  shape: Shape<T>,
  belongs: (content: T, binding: EnrolmentBinding) => boolean = () => true,
): EnrolmentMessage<K, T> {
  return {
    kind,
    shape,
    mac(content, keys, binding) {
      const payload = encodeLevelled(shape, content, LEVEL)
      const kid = enrolmentKid(binding.enrolmentNumber)
      const message = mac0(payload, external(kind, binding), kid, keyOf(kind, keys))
      const frame = writeFrame({ kind: KIND[kind], sequence: binding.poll, message })
      return { frame, payloadHash: payloadHash(kind, payload) }
    },
    verify(frame, keys, binding) {
      if (frame.kind !== KIND[kind] || frame.sequence !== binding.poll) return 'unacceptable'
      const kid = enrolmentKid(binding.enrolmentNumber)
      const payload = verifyMac0(frame.message, external(kind, binding), kid, keyOf(kind, keys))
      const levelled = payload && peekLevel(payload)
      if (!payload || !levelled || levelled.level > LEVEL) return 'unacceptable'
      const content = contentOf(shape, levelled.fields, levelled.level)
      if (content === undefined || !belongs(content, binding)) return 'unacceptable'
      return { kind, content, payloadHash: payloadHash(kind, payload) }
    },
  }
}

function keyOf(kind: EnrolmentKind, keys: EnrolmentKeys) {
  return kind === 'enrolment-request' ? keys.request : keys.answer
}

function external(kind: EnrolmentKind, { enrolmentNumber, poll, answering }: EnrolmentBinding): Buffer {
  return externalData(kind, String(enrolmentNumber), poll, answering)
}
