// A market of its own for a measurement, in a temporary folder that goes away with it.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { claimDataFolder } from '../demo/data-folder.ts'
import { type Market, type MarketOptions, startMarket } from '../demo/start-market.ts'
import type { BenchOptions } from './run.ts'

export async function withBenchMarket<T>(
  { databaseUrl }: BenchOptions,
  adjust: MarketOptions['adjust'],
  measure: (market: Market) => AsyncIterable<T>,
  terminals = 1,
): Promise<AsyncIterable<T>> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'scratchless-bench-'))
  const data = claimDataFolder(dir)
  if ('problem' in data) throw new Error(data.problem)
  const market = await startMarket(data, {
    databaseUrl,
    terminals,
    unpaced: true,
    onPaper: () => {},
    say: () => {},
    ...(adjust && { adjust }),
  })
  return (async function* () {
    try {
      yield* measure(market)
    } finally {
      await market.stop()
      fs.rmSync(dir, { recursive: true, force: true })
    }
  })()
}
