// What a terminal may ask, and what it may get for each signed request. Verifying an answer tells which of them it is.

import type { Verifier } from '../compact/cose.ts'
import type { Frame } from '../compact/frame.ts'
import { acknowledgementMessage } from './acknowledgement.ts'
import { balanceMessage } from './balance.ts'
import { cardLetterMessage } from './card-letter.ts'
import { catalogueMessage } from './catalogue.ts'
import { type Binding, KIND, type SupplyMessage, type Unacceptable, type Verified } from './envelope.ts'
import { renewalMessage } from './renewal.ts'
import { shopSettingsMessage } from './shop-settings.ts'
import { statusAnswerMessage } from './status-answer.ts'
import { supplyDeliveryMessage } from './supply-delivery.ts'
import { supplyRefusalMessage } from './supply-refusal.ts'

const acknowledged = [acknowledgementMessage, supplyRefusalMessage] as const
const delivered = [supplyDeliveryMessage, supplyRefusalMessage] as const
const balanced = [balanceMessage, supplyRefusalMessage] as const

export const ANSWERS = {
  'card-letter-request': [cardLetterMessage, supplyRefusalMessage],
  'catalogue-request': [catalogueMessage, acknowledgementMessage, supplyRefusalMessage],
  'supply-order': delivered,
  'supply-receipt': acknowledged,
  'sales-report': acknowledged,
  'status-request': [statusAnswerMessage, supplyRefusalMessage],
  'renewal-request': [renewalMessage, supplyRefusalMessage],
  'settings-request': [shopSettingsMessage, acknowledgementMessage, supplyRefusalMessage],
  'state-report': acknowledged,
  claim: acknowledged,
  'one-code-order': delivered,
  'balance-request': balanced,
  'collection-receipt': balanced,
  'payment-declaration': balanced,
  'proposal-answer': acknowledged,
  'return-request': acknowledged,
  'card-request': acknowledged,
  'vendor-request': acknowledged,
} as const

export type RequestKind = keyof typeof ANSWERS

type VerifiedAs<M> = M extends SupplyMessage<infer K, infer T> ? Verified<K, T> : never

/** A verified answer to such a request: `kind` says which. */
export type AnswerTo<R extends RequestKind> = VerifiedAs<(typeof ANSWERS)[R][number]>

/**
 * Verifies the answer to a request. `binding.answering` is the request's payload hash, `binding.level` the level at
 * which it was asked. Everything that is not a good answer to just this request is `unacceptable`: the terminal then
 * asks again with its stored bytes.
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
