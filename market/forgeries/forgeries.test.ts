// What anybody may try with a message and a text editor. The last line counts: none may be accepted.

import { afterAll, expect, test } from 'vitest'
import { damaged } from '../../wire/testing/damaged.ts'
import { wrappings } from '../../wire/testing/forged-shapes.ts'
import { badVectors, vectorBytes, verifyAs, verifyingOf } from '../../wire/testing/restock-vectors.ts'
import { insertions } from './insertions.ts'
import { mutate } from './mutate.ts'
import { seeded } from './seeded.ts'
import { restockTargets, supplyTargets, type Target } from './try-forgeries.ts'

const MUTATIONS = 100_000
let tried = 0
let accepted = 0

afterAll(() => {
  process.stdout.write(`forgeries: ${tried} tried, ${accepted} accepted\n`)
})

async function attempt(target: Target, bytes: Buffer): Promise<boolean> {
  tried++
  const taken = await target.accepts(bytes)
  if (taken) accepted++
  return taken
}

test.each(restockTargets)('no wrapping of $name is accepted', async (target) => {
  const document = target.good.toString('utf8')
  for (const [shape, [forged]] of Object.entries(wrappings(document))) {
    if (await attempt(target, Buffer.from(forged))) throw new Error(`accepted: ${shape}`)
  }
  for (const { shape, document: forged } of insertions(document)) {
    if (await attempt(target, Buffer.from(forged))) throw new Error(`accepted: ${shape}`)
  }
})

test.each(badVectors)('$file is refused', async (vector) => {
  tried++
  const opened = await verifyAs[vector.message](vectorBytes(vector), verifyingOf(vector))
  if (!('refusal' in opened)) accepted++
  expect(opened).toHaveProperty('refusal')
})

test.each(supplyTargets)('no damage to $name is accepted', async (target) => {
  for (const bytes of damaged(target.good)) {
    if (await attempt(target, bytes)) throw new Error(`accepted: ${bytes.toString('hex')}`)
  }
})

test.each([
  ['restock', 'xml', restockTargets],
  ['supply', 'compact', supplyTargets],
] as const)('no mutation of %s messages is accepted', { timeout: 300_000 }, async (_, kind, targets) => {
  const random = seeded(20261122)
  const others = targets.map(({ good }) => good)
  for (let i = 0; i < MUTATIONS; i++) {
    const target = targets[i % targets.length]!
    const bytes = mutate(target.good, others, kind, random)
    // A splice may put a good message together again.
    if (others.some((other) => other.equals(bytes))) continue
    if (await attempt(target, bytes)) throw new Error(`accepted: mutation ${i} of ${target.name}`)
  }
  expect(accepted).toBe(0)
})
