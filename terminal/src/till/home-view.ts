// Everything the home screen shows, read together.

import type { Currency } from '@scratchless/voucher/money'
import { type Catalogue, priceAt } from '@scratchless/wire/supply/catalogue'
import type { Standing } from '@scratchless/wire/supply/standing'
import { shelves, stockOnBoard } from '../safe/safe-run.sql.ts'
import { stockLevel } from '../safe/stock-level.ts'
import { unsent } from '../sale/report.sql.ts'
import {
  countUnreported,
  firstSaleMs,
  latestSales,
  type StoredSale,
  salesIn,
  soldByHour,
  soldSince,
} from '../sale/sale.sql.ts'
import { tillLock } from '../sale/till-lock.ts'
import type { Store } from '../store/connect-store.ts'
import { available } from '../supply/device.sql.ts'
import type { Identity } from '../supply/identity.ts'
import { stopOf } from '../supply/stop.sql.ts'
import { firstOrderIn, onTheWay } from '../supply/supply-order.sql.ts'
import type { VendorSession } from '../vendors/sessions.ts'
import { amountView } from './sale-view.ts'
import type { HomeView, OperatorTiles, Tile } from './till-contract.ts'
import type { CardStatus, LineStatus, PrinterStatus, SaleView } from './till-shapes.ts'

interface HomeFacts {
  readonly store: Store
  readonly nowMs: number
  /** The terminal's clock waits for the centre's time. */
  readonly clockWaits: boolean
  readonly session: VendorSession
  readonly identity: Identity
  readonly standing: Standing
  /** Null before the first one came: there is nothing to sell. */
  readonly catalogue: Catalogue | null
  readonly line: LineStatus
  readonly printer: PrinterStatus
  readonly card: { readonly status: CardStatus; readonly id: string | null }
  /** Below how many codes a product is low. */
  readonly minimumStock: (product: string) => number
  readonly view: (sale: StoredSale) => SaleView
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** The usual pace is that of the last week; under a day of sales there is none yet. */
const PACE_DAYS = 7

export function homeView(facts: HomeFacts): HomeView {
  const { store, nowMs, session, identity, standing, catalogue } = facts
  const { sales, events } = unsent(store)
  const day = dayFigures(store, nowMs)
  const currency: Currency = catalogue?.currency ?? 'TND'
  const availableMinor = available(store)
  const last = latestSales(store, 1)[0]
  const stop = stopOf(store)
  const receiptOwed = firstOrderIn(store, 'delivered') === undefined ? 0 : 1
  return {
    nowMs,
    terminal: identity.terminal,
    retailerName: catalogue?.retailerName ?? identity.retailerName,
    vendor: { id: session.vendor, sinceMs: session.sinceMs },
    line: facts.line,
    printer: facts.printer,
    card: facts.card.status,
    leaseUntilMs: standing.leaseUntilS * 1000,
    unsent: sales + events + receiptOwed,
    stopped: stop && { reason: stop.reason, why: stop.why },
    locked: tillLock({
      stopped: stop?.reason ?? null,
      nowMs,
      clockWaits: facts.clockWaits,
      vendorCard: session.card,
      card: facts.card,
      revokedCards: standing.revokedCards,
      leaseUntilMs: standing.leaseUntilS * 1000,
      certificateUntilMs: identity.certificateUntilMs,
      unreported: countUnreported(store),
      unreportedAllowed: standing.unreportedSales,
      notices: standing.notices,
      printer: facts.printer,
    }),
    operators: catalogue === null ? [] : operatorTiles(facts, catalogue),
    lastSale: last === undefined ? null : facts.view(last),
    doubts: salesIn(store, 'in_doubt').map(facts.view),
    balance: availableMinor === null ? null : amountView(availableMinor, currency),
    day: { sales: day.sales, amount: amountView(day.amountMinor, currency), byHour: day.byHour },
  }
}

/** Since midnight of the terminal's own place. */
function dayFigures(store: Store, nowMs: number) {
  const midnightMs = new Date(nowMs).setHours(0, 0, 0, 0)
  const byHour = new Array<number>(24).fill(0)
  let sales = 0
  let amountMinor = 0n
  for (const hour of soldByHour(store, midnightMs)) {
    // A day of 25 hours, once a year, counts its last hour with the one before.
    byHour[Math.min(23, hour.hour)]! += hour.sales
    sales += hour.sales
    amountMinor += hour.amountMinor
  }
  return { sales, amountMinor, byHour }
}

function operatorTiles(facts: HomeFacts, catalogue: Catalogue): OperatorTiles[] {
  const { store, nowMs, minimumStock } = facts
  const stock = stockOnBoard(store, new Date(nowMs).toISOString().slice(0, 10))
  const full = shelves(store)
  const coming = onTheWay(store)
  const pace = usualPace(store, nowMs)
  let key = 0
  return catalogue.operators.map(({ id, name, colour }) => {
    const products = catalogue.products.filter(({ operator }) => operator === id)
    const tiles = products.map((product): Tile => {
      const here = stock.get(product.id) ?? 0
      const perHour = pace?.(product.id) ?? 0
      return {
        key: ++key,
        product: product.id,
        faceValue: amountView(product.faceValueMinor, catalogue.currency),
        price: amountView(priceAt(product, Math.floor(nowMs / 1000)).publicPriceMinor, catalogue.currency),
        stock: here,
        onTheWay: coming.get(product.id) ?? 0,
        minimum: minimumStock(product.id),
        full: Math.max(here, full.get(product.id) ?? 0),
        coverHours: perHour > 0 ? here / perHour : null,
        level: stockLevel(here, minimumStock(product.id)),
      }
    })
    return { operator: id, name, colour, stock: tiles.reduce((sum, tile) => sum + tile.stock, 0), tiles }
  })
}

/** Codes an hour, by product; null while there is no usual pace. */
function usualPace(store: Store, nowMs: number): ((product: string) => number) | null {
  const firstMs = firstSaleMs(store)
  if (firstMs === null || nowMs - firstMs < DAY_MS) return null
  const fromMs = Math.max(firstMs, nowMs - PACE_DAYS * DAY_MS)
  const sold = soldSince(store, fromMs)
  const hours = (nowMs - fromMs) / HOUR_MS
  return (product) => (sold.get(product) ?? 0) / hours
}
