import { expect, test } from 'vitest'
import { SEAL_TAG_BYTES, sealedRun, sealedSize } from './sealed-code.ts'

const DIGITS = 14
const SIZE = 22
/** Three sealed codes, each of its own byte. */
const bytes = Buffer.concat([1, 2, 3].map((byte) => Buffer.alloc(SIZE, byte)))
const run = sealedRun<'centre'>(bytes, 3, DIGITS)

test('a sealed code is its packed digits and a tag of 16 bytes', () => {
  expect(SEAL_TAG_BYTES).toBe(16)
  expect([sealedSize(14), sealedSize(16)]).toEqual([22, 23])
})

test('a run is whole sealed codes, as many as it says', () => {
  const problem = new RangeError('a run has whole sealed codes only')
  expect(run).toBe(bytes)
  for (const count of [2, 4]) expect(() => sealedRun(bytes, count, DIGITS)).toThrow(problem)
  expect(() => sealedRun(bytes.subarray(1), 3, DIGITS)).toThrow(problem)
  expect(() => sealedRun(bytes, 3, 16)).toThrow(problem)
})
