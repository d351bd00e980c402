// What staff look at, in a large world: stock by product, depot and state; sales by day, hour, shop and product; the newest
// orders. Asked over HTTP as the screens ask, of a centre with 1,000,000 codes, 3,000 retailers and 2,000,000 sales. `value`:
// the slowest question's 95th percentile in milliseconds; `ratio`: over what is allowed.

import { createPool } from '@scratchless/office/database/database'
import { systemClock } from '@scratchless/voucher/clock'
import { CENTRE } from '../demo/parties.ts'
import type { Market } from '../demo/start-market.ts'
import { fillWorld } from '../world/fill-world.ts'
import { placeOf } from '../world/make-world.ts'
import type { WorldSize } from '../world/world-size.ts'
import { withBenchMarket } from './bench-market.ts'
import { median, quantile, rounded } from './figures.ts'
import type { BenchLine, BenchOptions } from './run.ts'

const WORLD: WorldSize = { codes: 1_000_000, retailers: 3_000, sales: 2_000_000 }
const ALLOWED_MS = 200
const TIMES = 60
const WARM_TIMES = 5
const DAY_MS = 24 * 3_600_000

export async function* bench(options: BenchOptions): AsyncIterable<BenchLine> {
  yield* await withBenchMarket(options, undefined, measure, 0)
}

async function* measure(market: Market): AsyncIterable<BenchLine> {
  await fillWorld(market.database.offices.get(CENTRE.party)!, WORLD, placeOf(market.data), () => {})
  const { staff, address } = market.offices.get(CENTRE.party)!
  const cookie = staff.cookie()
  const shops = await middleShops(market)
  const asked = questions(shops)
  const took = new Map(Object.keys(asked).map((name) => [name, [] as number[]]))
  // Each in turn, so that none of them finds its rows in memory because it was the last to ask.
  for (let time = -WARM_TIMES; time < TIMES; time++)
    for (const [name, ask] of Object.entries(asked)) {
      const path = ask(Math.max(0, time))
      const began = performance.now()
      const answer = await fetch(new URL(path, address), { headers: { cookie } })
      await answer.arrayBuffer()
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
      if (time >= 0) took.get(name)!.push(performance.now() - began)
    }
  for (const [name, times] of took) {
    const p95 = quantile(times, 0.95)
    yield {
      bench: `console, ${name}`,
      value: rounded(p95),
      unit: 'ms, 95th percentile',
      against: 'the time allowed',
      reference: ALLOWED_MS,
      ratio: rounded(p95 / ALLOWED_MS),
      p50Ms: rounded(median(times)),
      times: TIMES,
    }
  }
}

/** The questions by name, each with its path at one time or another: not always the same page or days. */
function questions(shops: readonly string[]): Record<string, (time: number) => string> {
  const day = (ago: number) => new Date(systemClock.nowMs() - ago * DAY_MS).toISOString().slice(0, 10)
  const days = (ago: number, count: number) => `from=${day(ago + count - 1)}&to=${day(ago)}`
  const shop = (time: number) => shops[time % shops.length]!
  return {
    'stock by product, depot and state': () => '/api/stock',
    'sales of half a year by day and product': (time) => `/api/sales/days?${days(time % 7, 180)}`,
    'sales of half a year by hour and product': (time) => `/api/sales/hours?${days(time % 7, 180)}`,
    'sales of a day by hour and product': (time) => `/api/sales/hours?${days(1 + time, 1)}`,
    'sales of a month by shop and product, a page': (time) =>
      `/api/sales/shops?${days(time, 31)}&after=${shop(time)}`,
    'sales of half a year of a shop by day and product': (time) =>
      `/api/retailers/${shop(time)}/sales?${days(time % 7, 180)}`,
    'newest orders': () => '/api/supply/orders',
    'newest orders, a page farther back': (time) =>
      `/api/supply/orders?before=${encodeURIComponent(`${day(30 + time)}T12:00:00.000Z~T00001~1`)}`,
    'the status page': (time) => (time % 2 === 0 ? '/?lang=fr' : '/?lang=en'),
  }
}

async function middleShops(market: Market): Promise<string[]> {
  const pool = createPool({
    url: market.database.offices.get(CENTRE.party)!.books.owner,
    name: 'bench',
    max: 1,
  })
  try {
    const { rows } = await pool.query<{ id: string }>(
      'SELECT id FROM retailer WHERE right(id, 2) = $1 ORDER BY id',
      ['50'],
    )
    return rows.map(({ id }) => id)
  } finally {
    await pool.end()
  }
}
