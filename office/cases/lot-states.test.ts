import { expect, test } from 'vitest'
import { actOfLot, LOT_STATES, LOT_TARGETS, mayExpire } from './lot-states.ts'

/** Written by hand: a column for each of in_stock, held, recalled, void; then whether it expires by itself. */
const TABLE = {
  validated: '- - - - no',
  in_stock: '- hold-lot recall-lot void-lot yes',
  held: 'release-lot - recall-lot void-lot yes',
  recalled: 'end-recall - - void-lot yes',
  void: '- - - - no',
  expired: '- - - - no',
}

test('each pair of a lot’s states is as the table says', () => {
  const found = LOT_STATES.map((from) => [
    from,
    [...LOT_TARGETS.map((to) => actOfLot(from, to) ?? '-'), mayExpire(from) ? 'yes' : 'no'].join(' '),
  ])
  expect(Object.fromEntries(found)).toEqual(TABLE)
})
