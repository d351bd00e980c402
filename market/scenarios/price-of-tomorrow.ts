// A price is set for tomorrow. Two tills learn it today; one of them has no line over midnight. Both sell at the price
// of the moment, and what was sold and ordered can be recomputed from the books afterwards.

import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PriceView, ProductView, RateView, RetailerView } from '@scratchless/centre/staff-api'
import { officeTime, startOfDay } from '@scratchless/office/calendar/office-day'
import { createPool } from '@scratchless/office/database/database'
import { connectStoreForReading } from '@scratchless/terminal/store/connect-store'
import { getCatalogue } from '@scratchless/terminal/supply/centre-word.sql'
import type { HomeView } from '@scratchless/terminal/till/till-contract'
import { money, parseDecimal, shareOf, subtractMoney, toDecimal } from '@scratchless/voucher/money'
import { auditMarket } from '../audit/audit-market.ts'
import type { MarketSettings } from '../demo/ceremony.ts'
import { claimDataFolder } from '../demo/data-folder.ts'
import { loadTills, type OpenTill } from '../demo/fill-till.ts'
import { VENDOR } from '../demo/parties.ts'
import { orderCodes, sellOne } from '../demo/sell.ts'
import { type Market, STAFF, startMarket } from '../demo/start-market.ts'
import { loadCentre, loadOperators } from '../demo/stock-market.ts'
import { waitUntil } from '../demo/wait-until.ts'
import { type SlowLine, startSlowLine } from '../line/slow-line.ts'
import { moveTime } from './moved-time.ts'

export interface PriceOfTomorrow {
  readonly ok: boolean
  /** Prices seen on both screens within ten seconds of midnight, and sales made then. */
  readonly looks: number
  readonly salesBefore: number
  readonly salesAfter: number
  /** Orders refused because the price had changed: one a till is to be expected at most. */
  readonly priceChanged: number
  /** Orders and sales in the books that their prices and rates give again. */
  readonly recomputed: number
  readonly problems: readonly string[]
  readonly seconds: number
}

const PRODUCT = 'ATLAS-1'
const TIME_ZONE = 'Africa/Tunis'
/** The centre's own discount where no rate holds. */
const DEFAULT_BASIS_POINTS = 400
const RATE_BASIS_POINTS = 455
const BEFORE_MIDNIGHT_MS = 20_000
const LOOKED_AT_MS = 12_000
const LOOK_EVERY_MS = 400

export async function runPriceOfTomorrow(
  dataDir: string,
  say: (progress: string) => void,
): Promise<PriceOfTomorrow> {
  const startedMs = performance.now()
  const data = claimDataFolder(dataDir)
  if ('problem' in data) throw new Error(data.problem)
  const time = moveTime()
  const lines: SlowLine[] = []
  const layLines = async ({ terminals }: MarketSettings) => {
    for (const { config } of terminals) {
      const known = JSON.parse(fs.readFileSync(config, 'utf8'))
      const line = await startSlowLine({ to: known.centre.frames, bytesPerSecond: null, delayMs: 0 })
      lines.push(line)
      const centre = {
        ...known.centre,
        transport: 'frames',
        frames: { host: '127.0.0.1', port: line.port },
      }
      fs.writeFileSync(config, JSON.stringify({ ...known, centre }))
    }
  }
  const problems: string[] = []
  let story: Omit<PriceOfTomorrow, 'ok' | 'problems' | 'seconds'>
  try {
    const market = await startMarket(data, {
      ...{ databaseUrl: null, terminals: 2, unpaced: true, adjust: layLines, onPaper: () => undefined, say },
    })
    try {
      await loadOperators(market, [], say)
      await loadCentre(market, say)
      story = await tell({ market, tills: await loadTills(market, say), lines, time, problems, say })
    } finally {
      await market.stop()
    }
  } finally {
    await Promise.all(lines.map((line) => line.stop()))
    time.end()
    data.release()
  }
  const broken = (await auditMarket(dataDir)).filter(({ ok }) => !ok)
  problems.push(...broken.map(({ invariant, name, detail }) => `audit: ${invariant}, ${name}: ${detail}`))
  const seconds = Math.round((performance.now() - startedMs) / 1000)
  return { ok: problems.length === 0, ...story, problems, seconds }
}

interface Scene {
  readonly market: Market
  readonly tills: readonly OpenTill[]
  readonly lines: readonly SlowLine[]
  readonly time: ReturnType<typeof moveTime>
  readonly problems: string[]
  readonly say: (progress: string) => void
}

async function tell(scene: Scene): Promise<Omit<PriceOfTomorrow, 'ok' | 'problems' | 'seconds'>> {
  const { market, tills, lines, time, problems, say } = scene
  const { staff } = market.offices.get('centre')!
  const today = officeTime(new Date(time.nowMs()), TIME_ZONE).day
  const tomorrow = nextDay(today)
  const midnightMs = startOfDay(tomorrow, TIME_ZONE)!.getTime()

  const { products } = await staff.get<{ products: readonly ProductView[] }>('/api/products')
  const before = minorOf(products.find(({ id }) => id === PRODUCT)!.publicPrice)
  const after = before + 150n
  const dinars = (minor: bigint) => toDecimal(money(minor, 'TND'))
  await staff.post<PriceView>('/api/prices', {
    ...{ product: PRODUCT, publicPrice: dinars(after), tax: dinars(70n), netCredit: dinars(after - 70n) },
    validFrom: tomorrow,
  })
  const { retailers } = await staff.get<{ retailers: readonly RetailerView[] }>('/api/retailers')
  await staff.post<RateView>('/api/rates', {
    ...{ retailer: retailers[0]!.id, product: PRODUCT, discountBasisPoints: RATE_BASIS_POINTS },
    validFrom: tomorrow,
  })
  say(`centre: ${PRODUCT} costs ${dinars(after)} from ${tomorrow}, at a discount of its own for the shop`)

  // Any answer of the centre says that there is a new catalogue.
  for (const till of tills) await orderCodes(till.vendor, [{ product: PRODUCT, quantity: 20 }])
  for (const till of tills)
    await waitUntil('The price of tomorrow at the till', () => knows(till, midnightMs))
  say('both tills know the price of tomorrow')
  lines[1]!.goDown()
  say(`${tills[1]!.terminal.name}: no line`)

  await time.moveTo(midnightMs - BEFORE_MIDNIGHT_MS)
  for (const till of tills) await signIn(till)
  const sales = { before: 0, after: 0 }
  let looks = 0
  const priceAt = (ms: number) => (ms < midnightMs ? before : after)
  const judge = (what: string, atMs: number, minor: bigint) => {
    if (minor !== priceAt(atMs))
      problems.push(`${what}: ${minor} at ${new Date(atMs).toISOString()}, not ${priceAt(atMs)}`)
  }
  await sleep(Math.max(0, midnightMs - LOOKED_AT_MS - time.nowMs()))
  while (time.nowMs() < midnightMs + LOOKED_AT_MS) {
    for (const till of tills) {
      const home = await till.vendor.get<HomeView>('/api/home')
      const tile = home.operators.flatMap(({ tiles }) => tiles).find(({ product }) => product === PRODUCT)!
      judge(`${till.terminal.name}: screen`, home.nowMs, BigInt(tile.price.amountMinor))
      looks++
      // Half of what is on board is sold, on both sides of midnight.
      const side = home.nowMs < midnightMs ? 'before' : 'after'
      if (looks % 6 >= 2 || sales[side] >= 10) continue
      const sale = await sellOne(till.vendor, PRODUCT)
      judge(`${till.terminal.name}: ticket ${sale.number}`, sale.atMs, BigInt(sale.price.amountMinor))
      sales[sale.atMs < midnightMs ? 'before' : 'after']++
    }
    await sleep(LOOK_EVERY_MS)
  }
  say(`midnight: ${looks} looks, ${sales.before} sales before and ${sales.after} after`)
  if (sales.before < 4 || sales.after < 4) problems.push('too few sales on one side of midnight')

  lines[1]!.goUp()
  await signInStaff(market)
  let priceChanged = 0
  for (const till of tills) {
    priceChanged += await orderUntilTaken(till, 7)
    await orderUntilTaken(till, 3)
  }
  if (priceChanged > tills.length) problems.push(`${priceChanged} orders were refused for their price`)
  say(`new orders: ${priceChanged} refused because the price had changed`)

  await allReported(scene)
  const recomputed = await recompute(scene, { before, after, midnightMs })
  return { looks, salesBefore: sales.before, salesAfter: sales.after, priceChanged, recomputed }
}

function nextDay(day: string): string {
  const date = new Date(`${day}T12:00:00Z`)
  date.setUTCDate(date.getUTCDate() + 1)
  return date.toISOString().slice(0, 10)
}

const minorOf = (decimal: string): bigint => parseDecimal(decimal, 'TND')!.amountMinor

const storeOf = ({ terminal }: OpenTill) => path.join(terminal.dataFolder, 'store', 'terminal.sqlite')

async function knows(till: OpenTill, midnightMs: number): Promise<true | null> {
  const store = connectStoreForReading(storeOf(till))
  try {
    const product = getCatalogue(store)?.products.find(({ id }) => id === PRODUCT)
    return product?.prices.some(({ validFromS }) => validFromS * 1000 === midnightMs) ? true : null
  } finally {
    store.close()
  }
}

/** Hours have passed: whoever comes back to a screen signs in again. */
async function signIn({ vendor }: OpenTill): Promise<void> {
  await vendor.post('/api/sign-in', { vendor: VENDOR.id, password: VENDOR.password, pin: VENDOR.pin })
}

async function signInStaff({ offices }: Market): Promise<void> {
  for (const { staff } of offices.values())
    await staff.post('/api/sign-in', { signInName: STAFF.signInName, password: STAFF.password })
}

/** Returns how often the centre said that the price had changed. */
async function orderUntilTaken({ vendor }: OpenTill, quantity: number): Promise<number> {
  for (let refused = 0; ; refused++) {
    try {
      await orderCodes(vendor, [{ product: PRODUCT, quantity }])
      return refused
    } catch (error) {
      if (!String(error).includes('price-changed') || refused >= 3) throw error
    }
  }
}

async function withBooks<T>({ market }: Scene, work: (pool: ReturnType<typeof createPool>) => Promise<T>) {
  const pool = createPool({
    url: market.database.offices.get('centre')!.books.owner,
    ...{ name: 'recomputation', max: 1 },
  })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

async function allReported(scene: Scene): Promise<void> {
  const printed = scene.tills.map((till) => {
    const store = connectStoreForReading(storeOf(till))
    try {
      return Number(store.statement(`SELECT count(*) AS n FROM sale WHERE state = 'printed'`).get()!.n)
    } finally {
      store.close()
    }
  })
  const sold = printed.reduce((sum, n) => sum + n, 0)
  await withBooks(scene, (pool) =>
    waitUntil('The report of every sale', async () => {
      const { rows } = await pool.query('SELECT count(*) AS n FROM sale')
      return Number(rows[0].n) === sold ? true : null
    }),
  )
}

interface Change {
  readonly before: bigint
  readonly after: bigint
  readonly midnightMs: number
}

/** Every sale and every order line of the product again, from the moment and what was decided for it. */
async function recompute(scene: Scene, { before, after, midnightMs }: Change): Promise<number> {
  const { problems } = scene
  return withBooks(scene, async (pool) => {
    const { rows: sales } = await pool.query(
      `SELECT terminal_id, ticket, sold_at, sale.amount_minor, price.public_price_minor
         FROM sale LEFT JOIN product_price AS price ON price.id = sale.price_id
        WHERE sale.product_id = $1`,
      [PRODUCT],
    )
    for (const { terminal_id, ticket, sold_at, amount_minor, public_price_minor } of sales) {
      const expected = sold_at.getTime() < midnightMs ? before : after
      if (BigInt(amount_minor) !== expected || BigInt(public_price_minor) !== expected)
        problems.push(`ticket ${terminal_id} ${ticket}: ${amount_minor}, not ${expected}`)
    }
    const { rows: orders } = await pool.query(
      `SELECT terminal_id, sequence, decided_at, supplied, unit_price_minor, line.discount_basis_points,
              line.public_price_minor, price.public_price_minor AS of_price, rate.discount_basis_points AS of_rate
         FROM supply_order_line AS line JOIN supply_order USING (depot_id, terminal_id, sequence)
         JOIN product_price AS price ON price.id = line.price_id LEFT JOIN rate ON rate.id = line.rate_id
        WHERE line.product_id = $1`,
      [PRODUCT],
    )
    for (const order of orders) {
      const isNew = order.decided_at.getTime() >= midnightMs
      const publicPrice = money(isNew ? after : before, 'TND')
      const points = isNew ? RATE_BASIS_POINTS : DEFAULT_BASIS_POINTS
      const unitPrice = subtractMoney(publicPrice, shareOf(publicPrice, points)).amountMinor
      const holds =
        BigInt(order.unit_price_minor) === unitPrice &&
        BigInt(order.public_price_minor) === publicPrice.amountMinor &&
        BigInt(order.of_price) === publicPrice.amountMinor &&
        order.discount_basis_points === points &&
        (order.of_rate ?? DEFAULT_BASIS_POINTS) === points
      if (!holds)
        problems.push(
          `order ${order.terminal_id} ${order.sequence}: ${order.unit_price_minor}, not ${unitPrice}`,
        )
    }
    const { rows: totals } = await pool.query(
      `SELECT debited_minor, (SELECT sum(unit_price_minor * supplied) FROM supply_order_line AS line
                                WHERE (line.depot_id, line.terminal_id, line.sequence) =
                                      (o.depot_id, o.terminal_id, o.sequence)) AS sum
         FROM supply_order AS o`,
    )
    for (const { debited_minor, sum } of totals)
      if (BigInt(debited_minor) !== BigInt(sum))
        problems.push(`an order was charged ${debited_minor}, not ${sum}`)
    if (!orders.some(({ decided_at }) => decided_at.getTime() >= midnightMs))
      problems.push('no order was made after midnight')
    return sales.length + orders.length + totals.length
  })
}
