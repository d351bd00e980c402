import { expect, test } from 'vitest'
import {
  ASIDE_STATES,
  CODE_PLACES,
  type CodeState,
  mayBecome,
  mayBeReleased,
  mayBeReplaced,
  mayReplace,
} from './code-states.ts'

/** Written by hand: a column for each of on_hold, in_doubt, damaged, stolen, expired, returned, void; then released. */
const TABLE: Record<CodeState, string> = {
  in_stock: 'yes yes yes yes yes no yes no',
  despatched: 'yes yes yes yes yes yes yes no',
  delivered: 'yes yes yes yes yes yes yes no',
  provisional: 'yes yes yes yes yes yes yes no',
  sold: 'no no no no no no no no',
  redeemed: 'no no no no no no no no',
  on_hold: 'no yes yes yes yes yes yes yes',
  in_doubt: 'yes no yes yes yes yes yes yes',
  damaged: 'yes no no no no yes yes yes',
  stolen: 'yes no no no no yes yes yes',
  expired: 'yes no no no no no yes no',
  returned: 'yes yes yes yes yes no yes no',
  void: 'no no no no no no no no',
}

test('each pair of states is as the table says', () => {
  const found = Object.fromEntries(
    (Object.keys(CODE_PLACES) as CodeState[]).map((from) => [
      from,
      [
        ...ASIDE_STATES.map((to) => mayBecome(from, to)),
        ASIDE_STATES.some((state) => state === from && mayBeReleased(state)),
      ]
        .map((may) => (may ? 'yes' : 'no'))
        .join(' '),
    ]),
  )
  expect(found).toEqual(TABLE)
})

test('what is void may be replaced, by what has left', () => {
  const states = Object.keys(CODE_PLACES) as CodeState[]
  expect(states.filter(mayBeReplaced)).toEqual(['void'])
  expect(states.filter(mayReplace)).toEqual(['despatched', 'delivered', 'sold'])
})
