// For tests of compact messages: what fields have in common, and the walk over all of them.

import { describe, expect, it } from 'vitest'
import type { CborValue } from '../compact/cbor.ts'
import { Misshapen, type Shape } from '../compact/shape.ts'

export const U32 = 0xffff_ffff
export const AMOUNT = 999_999_999_999_999
export const SERIAL = 999_999_999_999
export const time = [
  [0, U32],
  [-1, U32 + 1, '1', null],
] as const
export const amount = [
  [0, AMOUNT],
  [-1, AMOUNT + 1, '1'],
] as const
export const epoch = [
  [1, 65_535],
  [0, 65_536],
] as const
export const product = [
  ['ATLAS-5', 'SAHEL-20'],
  ['atlas-5', '', 5, 'T00001'],
] as const
export const text = (longest: number) =>
  [
    ['a', 'x'.repeat(longest)],
    ['', 'x'.repeat(longest + 1), 'a\n', 5],
  ] as const
export const phone = [
  ['', '71000000', '1'.repeat(20)],
  ['1'.repeat(21), 5],
] as const
export const list = (item: CborValue, least: number, most: number) =>
  [
    [Array(least).fill(item), Array(most).fill(item)],
    [...(least > 0 ? [Array(least - 1).fill(item)] : []), Array(most + 1).fill(item), null, 'a'],
  ] as const
export const products = (least: number, most: number, from = 0) => {
  const names = (count: number) =>
    Array.from({ length: count }, (_, n) => `A${n + from}-1`.replace('A', 'AB'))
  return [
    [names(least), names(most)],
    [...(least > 0 ? [names(least - 1)] : []), names(most + 1)],
  ] as const
}

export type Place = readonly [
  path: readonly number[],
  edges: readonly [readonly CborValue[], readonly CborValue[]],
]

export const standingPlaces = (at: readonly number[]): Place[] => [
  [[...at, 0], time],
  [[...at, 1], time],
  [
    [...at, 2],
    [
      [0, 65_535],
      [-1, 65_536],
    ],
  ],
  [[...at, 3], list('C0000001', 0, 20)],
  [
    [...at, 3],
    [[['C0000001', 'C9999999']], [['C000001'], ['T00001'], [1]]],
  ],
  [
    [...at, 4],
    [
      [0, U32],
      [-1, U32 + 1],
    ],
  ],
  [
    [...at, 5],
    [
      [0, U32],
      [-1, U32 + 1],
    ],
  ],
  [
    [...at, 6],
    [
      [0, U32],
      [-1, U32 + 1],
    ],
  ],
  [[...at, 7], list([1, Buffer.alloc(0)], 0, 8)],
  [
    [...at, 7],
    [
      [[[0, Buffer.alloc(0)]], [[65_535, Buffer.alloc(256)]]],
      [[[-1, Buffer.alloc(0)]], [[65_536, Buffer.alloc(0)]], [[1, Buffer.alloc(257)]], [[1]]],
    ],
  ],
]

export interface BoundedMessage {
  readonly name: string
  readonly shape: Shape<unknown>
  readonly line: CborValue
  readonly places: readonly Place[]
}

function withAt(line: CborValue, [at, ...rest]: readonly number[], value: CborValue): CborValue {
  return at === undefined
    ? value
    : (line as CborValue[]).with(at, withAt((line as CborValue[])[at]!, rest, value))
}

/** Each field of each message at both of its bounds and just beyond them, as it stands on the line. */
export function fieldsHoldTheirBounds(messages: readonly BoundedMessage[]): void {
  describe.each(messages)('$name', ({ shape, line, places }) => {
    it('is an array of as many fields as its places speak of', () => {
      expect(shape.toLine(shape.fromLine(line))).toEqual(line)
    })

    it.each(places.map(([path, [taken, refused]]) => ({ path: path.join('.'), at: path, taken, refused })))(
      'takes its field $path up to its bounds and no further',
      ({ at, taken, refused }) => {
        for (const value of taken) {
          const changed = withAt(line, at, value)
          expect(shape.toLine(shape.fromLine(changed))).toEqual(changed)
        }
        for (const value of refused)
          expect(() => shape.fromLine(withAt(line, at, value)), JSON.stringify(value)?.slice(0, 80)).toThrow(
            Misshapen,
          )
      },
    )
  })
}
