// A peer that holds a good key may still sign nonsense: every shape must refuse it, and none may throw or hang.

import { createPublicKey } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CborValue, encodeCbor } from '../compact/cbor.ts'
import { decodeShape, type Shape } from '../compact/shape.ts'
import * as example from '../testing/supply-examples.ts'
import { acknowledgement } from './acknowledgement.ts'
import { cardLetter, wrapForCard } from './card-letter.ts'
import { catalogue } from './catalogue.ts'
import { enrolmentAnswer } from './enrolment-answer.ts'
import { enrolmentRequest } from './enrolment-request.ts'
import { salesReport } from './sales-report.ts'
import { supplyDelivery } from './supply-delivery.ts'
import { supplyOrder } from './supply-order.ts'
import { supplyRefusal } from './supply-refusal.ts'

const letter = {
  standing: example.standing,
  number: 4,
  epoch: 12,
  epochEndsS: example.NOW_S,
  otherCards: 0,
  recipients: [wrapForCard(example.safeKey, example.card, createPublicKey(example.cardKey), 'sha256')],
}

const samples: { name: string; shape: Shape<unknown>; line: CborValue }[] = [
  {
    name: 'acknowledgement',
    shape: acknowledgement,
    line: acknowledgement.toLine(example.acknowledgement),
  },
  { name: 'card letter', shape: cardLetter, line: cardLetter.toLine(letter) },
  { name: 'catalogue', shape: catalogue, line: catalogue.toLine(example.catalogue) },
  { name: 'enrolment answer', shape: enrolmentAnswer, line: enrolmentAnswer.toLine(example.enrolled()) },
  {
    name: 'enrolment request',
    shape: enrolmentRequest,
    line: enrolmentRequest.toLine(example.enrolmentRequest),
  },
  { name: 'sales report', shape: salesReport, line: salesReport.toLine(example.salesReport) },
  { name: 'supply delivery', shape: supplyDelivery, line: supplyDelivery.toLine(example.supplyDelivery(3)) },
  { name: 'supply order', shape: supplyOrder, line: supplyOrder.toLine(example.supplyOrder(3)) },
  { name: 'supply refusal', shape: supplyRefusal, line: supplyRefusal.toLine(example.supplyRefusal) },
]

const nonsense: fc.Arbitrary<CborValue> = fc.oneof(
  fc.constantFrom<CborValue>(null, true, -1, 0, 2 ** 53 - 1, '', '\u0000', '__proto__', [], [[]], new Map()),
  fc.maxSafeInteger(),
  fc.string(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
)

/** How many places a value has, itself included. */
function places(value: CborValue): number {
  return Array.isArray(value) ? 1 + value.reduce((sum: number, item: CborValue) => sum + places(item), 0) : 1
}

/** The value with another at one of its places. */
function withAt(value: CborValue, place: number, other: CborValue): CborValue {
  if (place === 0) return other
  let left = place - 1
  return (value as CborValue[]).map((item) => {
    const inside = places(item)
    const here = left >= 0 && left < inside ? withAt(item, left, other) : item
    left -= inside
    return here
  })
}

describe('a well signed payload', () => {
  it.each(samples)('with nonsense at one place is no $name, or one within every bound', ({ shape, line }) => {
    fc.assert(
      fc.property(fc.nat({ max: places(line) - 1 }), nonsense, (place, other) => {
        const bytes = encodeCbor(withAt(line, place, other))
        const content = decodeShape(shape, bytes)
        // What is taken can be said again, in the same bytes: nothing was bent into shape.
        if (content !== undefined) expect(encodeCbor(shape.toLine(content)).equals(bytes)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it.each(samples)('with a field more or less anywhere is no $name', ({ shape, line }) => {
    const grow = (value: CborValue): CborValue[] =>
      Array.isArray(value) && value.length > 0
        ? [
            [...value, 0],
            value.slice(0, -1),
            ...value.flatMap((item: CborValue, at: number) =>
              grow(item).map((other) => value.with(at, other)),
            ),
          ]
        : []
    for (const other of grow(line)) {
      const content = decodeShape(shape, encodeCbor(other))
      if (content !== undefined)
        expect(encodeCbor(shape.toLine(content)).equals(encodeCbor(other))).toBe(true)
    }
  })
})
