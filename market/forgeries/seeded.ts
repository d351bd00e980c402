/** A reproducible source of choices (mulberry32): the same seed, the same sequence. Never for keys or codes. */
export function seeded(seed: number) {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    /** A whole number from 0 to below `end`. */
    below: (end: number) => Math.floor(next() * end),
    pick: <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!,
    chance: (share: number) => next() < share,
  }
}

export type Seeded = ReturnType<typeof seeded>
