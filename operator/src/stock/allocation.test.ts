import { lotId } from '@scratchless/voucher/ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type FreePack, freeCodes, planParts } from './allocation.ts'

const pack = (id: number, over: Partial<FreePack> = {}): FreePack => ({
  id: BigInt(id),
  lot: lotId('L000001'),
  activatedAt: null,
  firstSerial: id * 1_000,
  count: 1_000,
  free: 1_000,
  gone: '0'.repeat(1_000),
  ...over,
})
/** The first codes of a pack are gone. */
const from = (gone: number, count = 1_000) => ({
  ...{ count, free: count - gone, gone: '1'.repeat(gone).padEnd(1_000, '0') },
})

test('a part ends where a pack ends, so no two parts share one', () => {
  const packs = [pack(0, from(500)), ...Array.from({ length: 20 }, (_, i) => pack(i + 1))]
  const parts = planParts(packs, 20_000)
  expect(parts.map(({ codes }) => codes)).toEqual([9_500, 10_000, 500])
  expect(parts[0]!.runs[0]).toEqual({ pack: 0n, firstSerial: '000000000500', count: 500 })
  expect(parts[2]!.runs).toEqual([{ pack: 20n, firstSerial: '000000020000', count: 500 }])
})

test('what is gone in the middle of a pack is passed over', () => {
  const gone = `${'0'.repeat(2)}11${'0'.repeat(3)}1${'0'.repeat(992)}`
  const [part] = planParts([pack(5, { count: 10, free: 7, gone }), pack(6)], 8)
  expect(part!.runs.map(({ firstSerial, count }) => [Number(firstSerial), count])).toEqual([
    [5_000, 2],
    [5_004, 3],
    [5_008, 2],
    [6_000, 1],
  ])
  expect(planParts([pack(5, { count: 10, free: 7, gone })], 3)[0]!.runs.map(({ count }) => count)).toEqual([
    2, 1,
  ])
})

test('a part is of one lot', () => {
  const parts = planParts([pack(0), pack(1, { lot: lotId('L000002') })], 1_500)
  expect(parts.map(({ lot, codes }) => [lot, codes])).toEqual([
    ['L000001', 1_000],
    ['L000002', 500],
  ])
})

test('whatever is free and asked: every code once, in rising runs, in parts of at most 10,000', () => {
  const packs = fc
    .array(
      fc.record({
        count: fc.integer({ min: 1, max: 1_000 }),
        used: fc.double({ min: 0, max: 0.99, noNaN: true }),
        lot: fc.integer({ min: 1, max: 2 }),
      }),
      { minLength: 1, maxLength: 60 },
    )
    .map((all) =>
      all
        .toSorted((a, b) => a.lot - b.lot)
        .map(({ count, used, lot }, i) =>
          pack(i, { ...from(Math.floor(count * used), count), lot: lotId(`L00000${lot}`) }),
        ),
    )
  fc.assert(
    fc.property(packs, fc.double({ min: 0, max: 1, noNaN: true }), (free, share) => {
      const quantity = Math.floor(freeCodes(free) * share)
      const parts = planParts(free, quantity)
      expect(parts.reduce((sum, { codes }) => sum + codes, 0)).toBe(quantity)
      const seen = new Set<number>()
      for (const part of parts) {
        expect(part.codes).toBeGreaterThan(0)
        expect(part.codes).toBeLessThanOrEqual(10_000)
        let next = 0
        for (const run of part.runs) {
          const first = Number(run.firstSerial)
          expect(first).toBeGreaterThanOrEqual(next)
          next = first + run.count
          for (let serial = first; serial < next; serial++) {
            expect(seen.has(serial)).toBe(false)
            seen.add(serial)
          }
        }
      }
    }),
    { numRuns: 50 },
  )
})

test('more than is free is a fault, not a plan', () => {
  expect(() => planParts([pack(0)], 1_001)).toThrow(RangeError)
})
