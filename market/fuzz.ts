// npm run fuzz -- xml|compact --count N --json: mutated messages, none of which may be accepted.

import { parseArgs } from 'node:util'
import { mutate } from './forgeries/mutate.ts'
import { seeded } from './forgeries/seeded.ts'
import { restockTargets, supplyTargets } from './forgeries/try-forgeries.ts'

const MOST = 10_000_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string' }, seed: { type: 'string' }, json: { type: 'boolean' } },
})
const kind = positionals[0]
const count = Number(values.count ?? 10_000)
if ((kind !== 'xml' && kind !== 'compact') || !Number.isInteger(count) || count < 1 || count > MOST) {
  process.stderr.write(`Say which and how many: npm run fuzz -- xml|compact --count 1…${MOST} --json\n`)
  process.exit(1)
}

// Another seed each time finds more; the seed is printed so that a finding can be repeated.
const seed = Number(values.seed ?? Date.now() % 2 ** 32)
const random = seeded(seed)
const targets = kind === 'xml' ? restockTargets : supplyTargets
const others = targets.map(({ good }) => good)
let tried = 0
let accepted = 0
let slowestMs = 0

for (let i = 0; i < count; i++) {
  const target = targets[i % targets.length]!
  const bytes = mutate(target.good, others, kind, random)
  if (others.some((other) => other.equals(bytes))) continue
  const began = performance.now()
  const taken = await target.accepts(bytes)
  slowestMs = Math.max(slowestMs, performance.now() - began)
  tried++
  if (!taken) continue
  accepted++
  process.stderr.write(`accepted: mutation ${i} of ${target.name}, seed ${seed}\n`)
}

const result = { tried, accepted, slowestMs: Number(slowestMs.toFixed(1)), seed }
process.stdout.write(
  values.json
    ? `${JSON.stringify(result)}\n`
    : `${tried} tried, ${accepted} accepted, slowest ${result.slowestMs} ms, seed ${seed}\n`,
)
process.exit(accepted > 0 ? 1 : 0)
