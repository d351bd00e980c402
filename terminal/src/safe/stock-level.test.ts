import { expect, test } from 'vitest'
import { stockLevel } from './stock-level.ts'

test.each([
  [0, 0, 'none'],
  [0, 5, 'none'],
  [1, 5, 'low'],
  [4, 5, 'low'],
  [5, 5, 'normal'],
  [1, 0, 'normal'],
])('%i codes where %i are the least: %s', (stock, minimum, level) => {
  expect(stockLevel(stock, minimum)).toBe(level)
})
