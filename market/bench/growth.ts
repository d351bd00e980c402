// Whether a supply order costs more where there is more: the same orders, asked in turn of a centre with 10,000 codes and 100
// retailers and of one with 1,000,000 codes and 100,000 retailers, each of which has worked for half a year. Buffers: all
// that PostgreSQL touched of the tables and indexes in the centre's two databases meanwhile, over the orders with their
// receipts. Both by the real processes, over frame sockets.

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
/** Shops that order in turn, each with a terminal. */
const SHOPS = 10
const WARM_ORDERS = 40
/** Of each centre, in rounds of which each has a figure of its own. */
const ROUNDS = 5
const ORDERS = 80
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
  const shops = [await openShops(small, SMALL), await openShops(large, LARGE)] as const
  try {
    await shops[1].rest()
    for (let order = 0; order < WARM_ORDERS; order++) for (const shop of shops) await shop.order()
    const rounds: { buffers: number[]; ms: number[] }[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const times: [number[], number[]] = [[], []]
      const touched = await touchedWhile(shops, async () => {
        for (let order = 0; order < ORDERS; order++)
          for (const [index, shop] of shops.entries()) times[index]!.push(await shop.order())
      })
      const buffers = touched.map((blocks) => blocks / ORDERS)
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
  /** Blocks that PostgreSQL has touched of the centre's tables so far. */
  touched(): Promise<number>
  rest(): Promise<void>
  close(): Promise<void>
}

/** Shops of a centre that is then filled: its codes are real ones, and expire before the world's. */
async function openShops(market: Market, size: WorldSize): Promise<Shop> {
  const orders = WARM_ORDERS + ROUNDS * ORDERS
  await loadStock(market, PRODUCT, orders * CODES + 1_000, () => {})
  const { frames } = readConfigFile(market.data.path(CENTRE.party, 'config.json')) as {
    frames: { port: number }
  }
  const place = { host: LOOPBACK, port: frames.port }
  const deposit = toDecimal(money(BigInt(orders * CODES) * UNIT_PRICE_MINOR, PRODUCT.publicPrice.currency))
  const ordering = Array.from({ length: SHOPS }, () => ({ deposit, terminals: 1 }))
  const devices = await enrolLightTerminals(market, place, ordering)
  const databases = market.database.offices.get(CENTRE.party)!
  const shelf = { product: PRODUCT.id, activated: true }
  await fillWorld(databases, size, { ...placeOf(market.data), shelf }, () => {})
  const pools = [databases.books.owner, databases.vault.owner].map((url) =>
    createPool({ url, name: 'bench', max: 1 }),
  )
  const terminals = devices.map(lightTerminal)
  const line = openFrameLine(place)
  let asked = 0
  return {
    async order() {
      const terminal = terminals[asked++ % SHOPS]!
      const lines = [{ product: PRODUCT.id, quantity: CODES, unitPriceMinor: UNIT_PRICE_MINOR }]
      const expiresAtS = nowSeconds(systemClock) + DAY_S
      const order = terminal.sign(supplyOrderMessage, { expiresAtS, because: 'person', lines })
      const began = performance.now()
      const delivery = terminal.read('supply-order', await line.ask(order.frame), order)
      const tookMs = performance.now() - began
      if (delivery.kind !== 'supply-delivery') throw new Error(`an order was answered by a ${delivery.kind}`)
      const deliveryHash = delivery.payloadHash.subarray(0, DELIVERY_HASH_BYTES)
      const receipt = terminal.sign(supplyReceiptMessage, { delivery: order.sequence, deliveryHash })
      terminal.read('supply-receipt', await line.ask(receipt.frame), receipt)
      return tookMs
    },
    rest: () => untilTimedWorkRests(pools[0]!),
    async touched() {
      const found = await Promise.all(
        pools.map((pool) =>
          pool.query<{ blocks: string }>(
            `SELECT sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0)
                        + coalesce(toast_blks_hit + toast_blks_read + tidx_blks_hit + tidx_blks_read, 0))::text AS blocks
               FROM pg_statio_user_tables WHERE schemaname = 'public'`,
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

/** The hourly look at every terminal's catalogue (minute 17) is not the orders': it is waited for where it would come between. */
const LOOK_MINUTE = 17
const MEASURED_WITHIN_MINUTES = 4

async function untilTimedWorkRests(pool: Pool): Promise<void> {
  const minute = () => new Date(systemClock.nowMs()).getMinutes()
  while (minute() <= LOOK_MINUTE && minute() + MEASURED_WITHIN_MINUTES >= LOOK_MINUTE)
    await sleep(TOLD_WITHIN_MS)
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
