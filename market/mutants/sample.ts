// A sample spread over everything in order: of files with twice the mutants, twice as many.

import { seeded } from '../forgeries/seeded.ts'

/** The same seed, the same sample. `all` is in the order of file and line. */
export function sample<T>(all: readonly T[], count: number, seed: number): T[] {
  if (count >= all.length) return [...all]
  const random = seeded(seed)
  // One from each of `count` strides of equal length.
  const stride = all.length / count
  return Array.from({ length: count }, (_, n) => {
    const first = Math.ceil(n * stride)
    const end = Math.ceil((n + 1) * stride)
    return all[first + random.below(end - first)]!
  })
}
