// A market of its own for a measurement, in a temporary folder that goes away with it.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openDataFolder } from '../demo/data-folder.ts'
import { type Market, type MarketOptions, openMarket } from '../demo/open-market.ts'
import type { BenchOptions } from './run.ts'

export async function withBenchMarket<T>(
  { databaseUrl }: BenchOptions,
  adjust: MarketOptions['adjust'],
  measure: (market: Market) => AsyncIterable<T>,
): Promise<AsyncIterable<T>> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'scratchless-bench-'))
  const data = openDataFolder(dir)
  if ('problem' in data) throw new Error(data.problem)
  const market = await openMarket(data, {
    databaseUrl,
    terminals: 1,
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
