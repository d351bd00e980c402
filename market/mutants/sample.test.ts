import { expect, test } from 'vitest'
import { sample } from './sample.ts'

const all = Array.from({ length: 1_000 }, (_, n) => n)

test('the same seed gives the same sample, another seed another one', () => {
  expect(sample(all, 60, 7)).toEqual(sample(all, 60, 7))
  expect(sample(all, 60, 7)).not.toEqual(sample(all, 60, 8))
})

test('a sample has no member twice and takes from every part as much as the part has', () => {
  const taken = sample(all, 100, 1)
  expect(new Set(taken).size).toBe(100)
  expect(taken.filter((n) => n < 300)).toHaveLength(30)
})

test('whoever asks for more than there are gets them all', () => {
  expect(sample(all, 1_000, 1)).toEqual(all)
  expect(sample(all, 5_000, 1)).toEqual(all)
})
