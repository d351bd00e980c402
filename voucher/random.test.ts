import { expect, test } from 'vitest'
import { newMessageId, type Random, randomBytes, systemRandom } from './random.ts'

const counting: Random = {
  fill: (target) => {
    target.forEach((_, at) => {
      target[at] = at
    })
  },
}
const filledWith = (byte: number): Random => ({ fill: (target) => void target.fill(byte) })

test('random bytes are as many as asked for, and the source made each', () => {
  expect(randomBytes(counting, 5)).toEqual(Buffer.from([0, 1, 2, 3, 4]))
  expect(randomBytes(counting, 0)).toEqual(Buffer.alloc(0))
})

test('the system fills every byte, and never twice the same', () => {
  const [one, other] = [randomBytes(systemRandom, 64), randomBytes(systemRandom, 64)]
  expect(one.equals(other)).toBe(false)
  // Of 64 random bytes a run of eight zeros has a chance of one in 2^58.
  expect([one, other].some((bytes) => bytes.includes(Buffer.alloc(8)))).toBe(false)
})

test('a message id is a random UUID of version 4 in lower case', () => {
  expect(newMessageId(counting)).toBe('00010203-0405-4607-8809-0a0b0c0d0e0f')
  expect(newMessageId(filledWith(0xff))).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff')
  expect(newMessageId(filledWith(0x00))).toBe('00000000-0000-4000-8000-000000000000')
  expect(newMessageId(systemRandom)).not.toBe(newMessageId(systemRandom))
})
