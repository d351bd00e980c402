// What the terminal may get for each signed request. Verifying an answer tells which of them it is.

import type { Verifier } from '../compact/cose.ts'
import type { Frame } from '../compact/frame.ts'
import { acknowledgementMessage } from './acknowledgement.ts'
import { cardLetterMessage } from './card-letter.ts'
import { catalogueMessage } from './catalogue.ts'
import { type Binding, KIND, type SupplyMessage, type Unacceptable, type Verified } from './envelope.ts'
import { statusAnswerMessage } from './status-answer.ts'
import { supplyDeliveryMessage } from './supply-delivery.ts'
import { supplyRefusalMessage } from './supply-refusal.ts'

export const ANSWERS = {
  'card-letter-request': [cardLetterMessage, supplyRefusalMessage],
  'catalogue-request': [catalogueMessage, acknowledgementMessage, supplyRefusalMessage],
  'supply-order': [supplyDeliveryMessage, supplyRefusalMessage],
  'supply-receipt': [acknowledgementMessage, supplyRefusalMessage],
  'sales-report': [acknowledgementMessage, supplyRefusalMessage],
  'status-request': [statusAnswerMessage, supplyRefusalMessage],
} as const

export type RequestKind = keyof typeof ANSWERS

type VerifiedAs<M> = M extends SupplyMessage<infer K, infer T> ? Verified<K, T> : never

/** A verified answer to such a request: `kind` says which. */
export type AnswerTo<R extends RequestKind> = VerifiedAs<(typeof ANSWERS)[R][number]>

/**
 * Verifies the answer to a request. `binding.answering` is the request's payload hash. Everything that is not a good
 * answer to just this request is `unacceptable`: the terminal then asks again with its stored bytes.
 */
export function verifyAnswer<R extends RequestKind>(
  request: R,
  frame: Frame,
  centre: Verifier,
  binding: Binding,
): AnswerTo<R> | Unacceptable {
  const message = ANSWERS[request].find(({ kind }) => KIND[kind] === frame.kind)
  if (!message) return 'unacceptable'
  return message.verify(frame, centre, binding) as AnswerTo<R> | Unacceptable
}
