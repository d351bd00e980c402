// The story of two-centres.ts, a small part of it; `npm run scenario -- two-centres` tells all of it.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { leftovers } from './killed-at-any-moment.ts'
import { runTwoCentres } from './two-centres.ts'

const MINUTE_MS = 60_000

test('two centres on one database, each killed while it is asked, withhold nothing and give no code twice', {
  timeout: 5 * MINUTE_MS,
}, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'two-centres-'))
  const size = { terminals: 16, orders: 800, kills: 2, leastShare: 0.1 }
  const told: string[] = []
  try {
    const result = await runTwoCentres(path.join(folder, 'data'), size, (progress) => told.push(progress))
    expect(result).toMatchObject({ ok: true, withheld: 0, overdrafts: 0, codesTwice: 0, problems: [] })
    expect(result.fleet).toMatchObject({ orders: 800, retries: 80 })
    // Poor shops were told so: balances were at their limit while both centres decided.
    expect(result.fleet.refused).toEqual({ 'balance-too-low': expect.any(Number) })
    for (const { times, leastWaiting } of result.kills) {
      expect(times).toBe(2)
      expect(leastWaiting).toBeGreaterThan(0)
    }
    expect(told.filter((line) => line.includes('is killed'))).toHaveLength(4)
    expect(await leftovers(folder)).toEqual([])
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
})
