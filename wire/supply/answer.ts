// What the terminal may get for each signed request. Opening an answer tells which of them it is.

import type { Verifier } from '../compact/cose.ts'
import type { Frame } from '../compact/frame.ts'
import { acknowledgementMessage } from './acknowledgement.ts'
import { cardLetterMessage } from './card-letter.ts'
import { catalogueMessage } from './catalogue.ts'
import { type Binding, KIND, type Opened, openMessage, type Unacceptable } from './envelope.ts'
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

type OpenedAs<M> = M extends { kind: infer K; shape: infer S }
  ? K extends keyof typeof KIND
    ? S extends { fromLine(value: never): infer T }
      ? Opened<K, T>
      : never
    : never
  : never

/** An opened answer to such a request: `kind` says which. */
export type AnswerTo<R extends RequestKind> = OpenedAs<(typeof ANSWERS)[R][number]>

/**
 * Opens the answer to a request. `binding.answering` is the request's payload hash. Everything that is not a good
 * answer to just this request is `unacceptable`: the terminal then asks again with its stored bytes.
 */
export function openAnswer<R extends RequestKind>(
  request: R,
  frame: Frame,
  centre: Verifier,
  binding: Binding,
): AnswerTo<R> | Unacceptable {
  const message = ANSWERS[request].find(({ kind }) => KIND[kind] === frame.kind)
  if (!message) return 'unacceptable'
  return openMessage<typeof message.kind, unknown>(message, frame, centre, binding) as
    | AnswerTo<R>
    | Unacceptable
}
