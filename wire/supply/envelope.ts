// What every supply message has in common: a kind, a place in the terminal's sequence, and a signature that
// covers both. The external data of a message's signature (nothing of them travels) are
//
//   CBOR[ kind, terminal, sequence, hash of the request answered (h'' in a request) ]
//   hash of a message = SHA-256(kind's byte || payload)
//
// so that an answer is good for one request of one terminal. The hash leaves the signature out because an ECDSA signature can be altered and still verify: a message hash would let anybody on the
// line make the centre store an answer that the true asker could never accept.

import { createHash } from 'node:crypto'
import type { TerminalId } from '@scratchless/voucher/ids'
import { encodeCbor } from '../compact/cbor.ts'
import { type Signer, sign1, type Verifier, verify1 } from '../compact/cose.ts'
import { type Frame, MAX_SEQUENCE, writeFrame } from '../compact/frame.ts'
import { decodeShape, encodeShape, type Shape } from '../compact/shape.ts'

/** The frame's first byte. A number is never given a second meaning. */
export const KIND = {
  'enrolment-request': 1,
  'enrolment-answer': 2,
  'card-letter-request': 3,
  'card-letter': 4,
  'catalogue-request': 5,
  catalogue: 6,
  'supply-order': 7,
  'supply-delivery': 8,
  'supply-receipt': 9,
  'sales-report': 10,
  'status-request': 11,
  'status-answer': 12,
  acknowledgement: 13,
  'supply-refusal': 14,
  unacceptable: 15,
} as const

export type KindName = keyof typeof KIND

/** The name of a frame's kind, unverified; undefined for a number that is none. */
export function kindName(frame: Frame): KindName | undefined {
  return (Object.keys(KIND) as KindName[]).find((name) => KIND[name] === frame.kind)
}

/** What the signature binds beside the content. */
export interface Binding {
  /** Who asks, or whom the answer is for. */
  readonly terminal: TerminalId
  /** The request's place in the terminal's sequence; an answer has its request's. */
  readonly sequence: number
  /** In an answer: `payloadHash` of the request. Null in a request. */
  readonly answering: Uint8Array | null
}

export interface Verified<K extends KindName, T> {
  readonly kind: K
  readonly content: T
  /** SHA-256 of kind and verified payload, 32 bytes: what "same content" means, what an answer is bound to. */
  readonly payloadHash: Buffer
}

/** The one refusal of whatever is not a good message in its place; why is nobody's business on the line. */
export type Unacceptable = 'unacceptable'

export function payloadHash(kind: KindName, payload: Uint8Array): Buffer {
  return createHash('sha256').update(Buffer.of(KIND[kind])).update(payload).digest()
}

export function externalData(
  kind: KindName,
  who: string,
  sequence: number,
  answering: Uint8Array | null,
): Buffer {
  if (!Number.isInteger(sequence) || sequence < 0 || sequence > MAX_SEQUENCE)
    throw new RangeError('no message has this sequence')
  return encodeCbor([KIND[kind], who, sequence, answering ?? new Uint8Array(0)])
}

export interface Signed {
  /** The whole frame: what is stored, then sent. */
  readonly frame: Buffer
  /** The asker keeps it: the answer is bound to it. */
  readonly payloadHash: Buffer
}

/** One kind of signed message: its schema, and the two acts on it. */
export interface SupplyMessage<K extends KindName, T> {
  readonly kind: K
  readonly shape: Shape<T>
  /** Signs a content into its frame. Throws a Misshapen where the content is outside its bounds. */
  sign(content: T, signer: Signer, binding: Binding): Signed
  /** The content of a frame whose kind, sequence, signature and shape are right; parsed from the verified bytes. */
  verify(frame: Frame, verifier: Verifier, binding: Binding): Verified<K, T> | Unacceptable
}

/** The one maker of signed messages. Each kind is made once, beside its shape. */
export function supplyMessage<K extends KindName, T>(kind: K, shape: Shape<T>): SupplyMessage<K, T> {
  return {
    kind,
    shape,
    sign(content, signer, binding) {
      const payload = encodeShape(shape, content)
      const external = externalData(kind, binding.terminal, binding.sequence, binding.answering)
      const message = sign1(payload, external, signer)
      const frame = writeFrame({ kind: KIND[kind], sequence: binding.sequence, message })
      return { frame, payloadHash: payloadHash(kind, payload) }
    },
    verify(frame, verifier, binding) {
      if (frame.kind !== KIND[kind] || frame.sequence !== binding.sequence) return 'unacceptable'
      const external = externalData(kind, binding.terminal, binding.sequence, binding.answering)
      const payload = verify1(frame.message, external, verifier)
      if (payload === undefined) return 'unacceptable'
      const content = decodeShape(shape, payload)
      if (content === undefined) return 'unacceptable'
      return { kind, content, payloadHash: payloadHash(kind, payload) }
    },
  }
}

/** The constant frame for a peer whose message is not acceptable: kind 15, sequence 0, no message. Unsigned. */
export const UNACCEPTABLE_FRAME: Buffer = writeFrame({
  kind: KIND.unacceptable,
  sequence: 0,
  message: new Uint8Array(0),
})
