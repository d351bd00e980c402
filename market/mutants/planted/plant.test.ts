import path from 'node:path'
import { expect, test } from 'vitest'
import { PLANTED_BUGS, plant } from './plant.ts'

const root = path.join(import.meta.dirname, '..', '..', '..')

test.each(PLANTED_BUGS)('$file has the place where $why', (bug) => {
  expect(bug.replace).not.toBe(bug.find)
  expect(plant(root, [bug], () => 'room')).toHaveLength(1)
})

test('no bug stands in the list twice', () => {
  const names = PLANTED_BUGS.map(({ file, find, replace }) => `${file} ${find} ${replace}`)
  expect(new Set(names).size).toBe(names.length)
})
