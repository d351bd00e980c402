// Whether a supply order costs more where there is more: the same orders, asked in turn of a centre with 10,000 codes and 100
// retailers and of one with 1,000,000 codes and 100,000 retailers, each of which has worked for half a year. Buffers: all
// that PostgreSQL touched in the centre's two databases meanwhile, over the orders; what it touches while nobody asks is
// taken off. Both by the real processes, over frame sockets.

import { setTimeout as sleep } from 'node:timers/promises'
import { createPool, type Pool } from '@scratchless/office/database/database'
import { readConfigFile } from '@scratchless/program/config-file'
import { LOOPBACK } from '@scratchless/program/http/listener'
import { nowSeconds, systemClock } from '@scratchless/voucher/clock'
import { money, toDecimal } from '@scratchless/voucher/money'
import { supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { supplyReceiptMessage } from '@scratchless/wire/supply/supply-receipt'
import { CENTRE, OPERATORS, productsOf } from '../demo/parties.ts'
import type { Market } from '../demo/start-market.ts'
import { waitUntil } from '../demo/wait-until.ts'
import { enrolLightTerminals } from '../load/enrol-light-terminals.ts'
import { openFrameLine } from '../load/frame-line.ts'
import { lightTerminal } from '../load/light-terminal.ts'
import { loadStock } from '../load/load-stock.ts'
import { fillWorld } from '../world/fill-world.ts'
import { placeOf } from '../world/make-world.ts'
import type { WorldSize } from '../world/world-size.ts'
import { withBenchMarket } from './bench-market.ts'
import { median, rounded } from './figures.ts'
import type { BenchLine, BenchOptions } from './run.ts'

const SMALL: WorldSize = { codes: 10_000, retailers: 100, sales: 10_000 }
const LARGE: WorldSize = { codes: 1_000_000, retailers: 100_000, sales: 1_000_000 }
const CODES = 20
const WARM_ORDERS = 40
/** Of each centre, in rounds of which each has a figure of its own. */
const ROUNDS = 5
const ORDERS = 80
const IDLE_MS = 5_000
/** PostgreSQL's backends tell what they touched once a second, or when they rest. */
const TOLD_WITHIN_MS = 1_500
const DAY_S = 86_400
const DELIVERY_HASH_BYTES = 8
const PRODUCT = productsOf(OPERATORS[0]!).find(({ id }) => id === 'ATLAS-5')!
/** The centre's own discount of 4 %. */
const UNIT_PRICE_MINOR = (PRODUCT.publicPrice.amountMinor * 96n) / 100n

export async function* bench(options: BenchOptions): AsyncIterable<BenchLine> {
  yield* await withBenchMarket(
    options,
    undefined,
    async function* (small) {
      yield* await withBenchMarket(options, undefined, (large) => compare(small, large), 0)
    },
    0,
  )
}

async function* compare(small: Market, large: Market): AsyncIterable<BenchLine> {
  const shops = [await openShop(small, SMALL), await openShop(large, LARGE)] as const
  try {
    for (let order = 0; order < WARM_ORDERS; order++) for (const shop of shops) await shop.order()
    const idle = await touchedWhile(shops, () => sleep(IDLE_MS))
    const rounds: { buffers: number[]; ms: number[] }[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const times: [number[], number[]] = [[], []]
      const began = performance.now()
      const touched = await touchedWhile(shops, async () => {
        for (let order = 0; order < ORDERS; order++)
          for (const [index, shop] of shops.entries()) times[index]!.push(await shop.order())
      })
      const idleFor = (performance.now() - began) / (IDLE_MS + TOLD_WITHIN_MS)
      const buffers = touched.map((blocks, index) => (blocks - idle[index]! * idleFor) / ORDERS)
      rounds.push({ buffers, ms: times.map(median) })
    }
    const of = (figure: 'buffers' | 'ms', index: number) =>
      median(rounds.map((round) => round[figure][index]!))
    const sizes = { small: '10,000 codes, 100 retailers', large: '1,000,000 codes, 100,000 retailers' }
    for (const [figure, unit] of [
      ['buffers', 'buffers an order'],
      ['ms', 'ms, p50 of an order'],
    ] as const)
      yield {
        bench: `growth, ${figure === 'ms' ? 'p50' : figure}`,
        value: rounded(of(figure, 1)),
        unit: `${unit}, ${sizes.large}`,
        against: sizes.small,
        reference: rounded(of(figure, 0)),
        ratio: rounded(median(rounds.map((round) => round[figure][1]! / round[figure][0]!))),
        rounds: rounds.map((round) => rounded(round[figure][1]! / round[figure][0]!)),
      }
  } finally {
    for (const shop of shops) await shop.close()
  }
}

interface Shop {
  /** One order with its receipt; how long its delivery took, in milliseconds. */
  order(): Promise<number>
  /** Blocks that PostgreSQL has touched in the centre's databases so far. */
  touched(): Promise<number>
  close(): Promise<void>
}

/** A shop of a centre that is then filled: its codes are real ones, and expire before the world's. */
async function openShop(market: Market, size: WorldSize): Promise<Shop> {
  const orders = WARM_ORDERS + ROUNDS * ORDERS
  await loadStock(market, PRODUCT, orders * CODES + 1_000, () => {})
  const { frames } = readConfigFile(market.data.path(CENTRE.party, 'config.json')) as {
    frames: { port: number }
  }
  const place = { host: LOOPBACK, port: frames.port }
  const deposit = toDecimal(money(BigInt(orders * CODES) * UNIT_PRICE_MINOR, PRODUCT.publicPrice.currency))
  const [device] = await enrolLightTerminals(market, place, [{ deposit, terminals: 1 }])
  const databases = market.database.offices.get(CENTRE.party)!
  const shelf = { product: PRODUCT.id, activated: true }
  await fillWorld(databases, size, { ...placeOf(market.data), shelf }, () => {})
  const pools = [databases.books.owner, databases.vault.owner].map((url) =>
    createPool({ url, name: 'bench', max: 1 }),
  )
  await untilTimedWorkRests(pools[0]!)
  const terminal = lightTerminal(device!)
  const line = openFrameLine(place)
  return {
    async order() {
      const lines = [{ product: PRODUCT.id, quantity: CODES, unitPriceMinor: UNIT_PRICE_MINOR }]
      const expiresAtS = nowSeconds(systemClock) + DAY_S
      const asked = terminal.sign(supplyOrderMessage, { expiresAtS, because: 'person', lines })
      const began = performance.now()
      const delivery = terminal.read('supply-order', await line.ask(asked.frame), asked)
      const tookMs = performance.now() - began
      if (delivery.kind !== 'supply-delivery') throw new Error(`an order was answered by a ${delivery.kind}`)
      const deliveryHash = delivery.payloadHash.subarray(0, DELIVERY_HASH_BYTES)
      const receipt = terminal.sign(supplyReceiptMessage, { delivery: asked.sequence, deliveryHash })
      terminal.read('supply-receipt', await line.ask(receipt.frame), receipt)
      return tookMs
    },
    async touched() {
      const found = await Promise.all(
        pools.map((pool) =>
          pool.query<{ blocks: string }>(
            `SELECT (blks_hit + blks_read)::text AS blocks FROM pg_stat_database WHERE datname = current_database()`,
          ),
        ),
      )
      return found.reduce((sum, { rows }) => sum + Number(rows[0]!.blocks), 0)
    },
    async close() {
      line.close()
      await Promise.all(pools.map((pool) => pool.end()))
    },
  }
}

async function touchedWhile(shops: readonly Shop[], work: () => Promise<unknown>): Promise<number[]> {
  const before = await Promise.all(shops.map((shop) => shop.touched()))
  await work()
  await sleep(TOLD_WITHIN_MS)
  const after = await Promise.all(shops.map((shop) => shop.touched()))
  return after.map((blocks, index) => blocks - before[index]!)
}

/** A start looks at every terminal's catalogue: what comes of the new ones is not the orders'. */
async function untilTimedWorkRests(pool: Pool): Promise<void> {
  await waitUntil(
    'The timed work',
    async () => {
      const { rows } = await pool.query<{ jobs: string }>(
        'SELECT count(*)::text AS jobs FROM graphile_worker.jobs',
      )
      return rows[0]!.jobs === '0' ? true : null
    },
    { everyMs: 200, withinMs: 120_000 },
  )
}
