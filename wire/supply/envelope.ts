// What every supply message has in common: a kind, a place in the terminal's sequence, and a signature that
// covers both. The external data of a message's signature (nothing of them travels) are
//
//   CBOR[ kind, terminal, sequence, hash of the request answered (h'' in a request) ]
//   hash of a message = SHA-256(kind's byte || payload)
//
// so that an answer is good for one request of one terminal. The hash leaves the signature out because an ECDSA
// signature can be altered and still verify: a message hash would let anybody on the line make the centre store an
// answer that the true asker could never accept.
//
// The payload is an array that begins with the level at which it is written (`level.ts`).

import { createHash } from 'node:crypto'
import type { TerminalId } from '@scratchless/voucher/ids'
import { encodeCbor } from '../compact/cbor.ts'
import { type Signer, sign1, type Verifier, verify1 } from '../compact/cose.ts'
import { type Frame, MAX_SEQUENCE, writeFrame } from '../compact/frame.ts'
import { contentOf, type Shape } from '../compact/shape.ts'
import { encodeLevelled, LEVEL, type Levelled, peekLevel } from './level.ts'

/** The frame's first byte, 1 to 127. A number is never given a second meaning. */
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
  'renewal-request': 16,
  renewal: 17,
  'settings-request': 18,
  'shop-settings': 19,
  'state-report': 20,
  claim: 21,
  'one-code-order': 22,
  'balance-request': 23,
  balance: 24,
  'collection-receipt': 25,
  'payment-declaration': 26,
  'proposal-answer': 27,
  'return-request': 28,
  'card-request': 29,
  'vendor-request': 30,
} as const

const MAX_KIND = 127

export type KindName = keyof typeof KIND

/** The name of a kind's number, of a frame unverified; undefined for a number that is none. */
export function kindName(frame: { readonly kind: number }): KindName | undefined {
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
  /**
   * The level at which to write; in verifying, the highest to take: an answer's is never above its request's. The
   * software's own where it is left out.
   */
  readonly level?: number
}

/** A message whose signature holds, of a kind and level that its reader may not know. */
export interface OpenedMessage extends Levelled {
  readonly kind: number
  readonly payloadHash: Buffer
}

export interface Verified<K extends KindName, T> {
  readonly kind: K
  readonly content: T
  /** SHA-256 of kind and verified payload, 32 bytes: what "same content" means, what an answer is bound to. */
  readonly payloadHash: Buffer
}

/** The one refusal of whatever is not a good message in its place; why is nobody's business on the line. */
export type Unacceptable = 'unacceptable'

export function payloadHash(kind: KindName | number, payload: Uint8Array): Buffer {
  return createHash('sha256')
    .update(Buffer.of(kindNumber(kind)))
    .update(payload)
    .digest()
}

function kindNumber(kind: KindName | number): number {
  return typeof kind === 'number' ? kind : KIND[kind]
}

export function externalData(
  kind: KindName | number,
  who: string,
  sequence: number,
  answering: Uint8Array | null,
): Buffer {
  if (!Number.isInteger(sequence) || sequence < 0 || sequence > MAX_SEQUENCE)
    throw new RangeError('no message has this sequence')
  return encodeCbor([kindNumber(kind), who, sequence, answering ?? new Uint8Array(0)])
}

export interface Signed {
  /** The whole frame: what is stored, then sent. */
  readonly frame: Buffer
  /** The asker keeps it: the answer is bound to it. */
  readonly payloadHash: Buffer
}

/**
 * Opens a frame of any kind, known or not: its signature holds, and its payload begins with a level. So a centre can
 * say to a terminal that knows more than itself that it did not understand.
 */
export function openSigned(frame: Frame, verifier: Verifier, binding: Binding): OpenedMessage | Unacceptable {
  const { kind, sequence, message } = frame
  if (sequence !== binding.sequence || kind < 1 || kind > MAX_KIND) return 'unacceptable'
  const external = externalData(kind, binding.terminal, sequence, binding.answering)
  const payload = verify1(message, external, verifier)
  const levelled = payload && peekLevel(payload)
  if (payload === undefined || levelled === undefined) return 'unacceptable'
  return { kind, ...levelled, payloadHash: payloadHash(kind, payload) }
}

/** One kind of signed message: its schema, and the acts on it. */
export interface SupplyMessage<K extends KindName, T> {
  readonly kind: K
  readonly shape: Shape<T>
  /** Signs a content into its frame. Throws a Misshapen where the content is outside its bounds. */
  sign(content: T, signer: Signer, binding: Binding): Signed
  /** The content of an opened message of this kind, of the shape that its level has; of no level above `highest`. */
  read(opened: OpenedMessage, highest?: number): Verified<K, T> | Unacceptable
  /** The content of a frame whose kind, sequence, signature and shape are right; parsed from the verified bytes. */
  verify(frame: Frame, verifier: Verifier, binding: Binding): Verified<K, T> | Unacceptable
}

/** The one maker of signed messages. Each kind is made once, beside its shape; `own` is the level of its reader. */
export function supplyMessage<K extends KindName, T>(
  kind: K,
  shape: Shape<T>,
  own: number = LEVEL,
): SupplyMessage<K, T> {
  const read = (opened: OpenedMessage, highest: number = own): Verified<K, T> | Unacceptable => {
    const { level, fields, payloadHash } = opened
    if (opened.kind !== KIND[kind] || level > Math.min(highest, own)) return 'unacceptable'
    const content = contentOf(shape, fields, level)
    return content === undefined ? 'unacceptable' : { kind, content, payloadHash }
  }
  return {
    kind,
    shape,
    sign(content, signer, binding) {
      const payload = encodeLevelled(shape, content, binding.level ?? own)
      const external = externalData(kind, binding.terminal, binding.sequence, binding.answering)
      const message = sign1(payload, external, signer)
      const frame = writeFrame({ kind: KIND[kind], sequence: binding.sequence, message })
      return { frame, payloadHash: payloadHash(kind, payload) }
    },
    read,
    verify(frame, verifier, binding) {
      if (frame.kind !== KIND[kind]) return 'unacceptable'
      const opened = openSigned(frame, verifier, binding)
      return opened === 'unacceptable' ? 'unacceptable' : read(opened, binding.level)
    },
  }
}

/** The constant frame for a peer whose message is not acceptable: kind 15, sequence 0, no message. Unsigned. */
export const UNACCEPTABLE_FRAME: Buffer = writeFrame({
  kind: KIND.unacceptable,
  sequence: 0,
  message: new Uint8Array(0),
})
