// The rule of the supply desk: one order against prices, ceilings, stock and money, in the wire's order of
// precedence. What it accepts it takes from the shelf and from what is available at once, so that the next order of
// the group meets what is left.

import type { BlockedWhy } from '@scratchless/ledger/account'
import type { RetailerId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { SupplyOrder } from '@scratchless/wire/supply/supply-order'
import type { SupplyRefusalReason } from '@scratchless/wire/supply/supply-refusal'
import type { PricedProduct, UnitPrice } from '../catalogue/price.ts'
import type { Shelf } from './shelf.ts'
import { hasLetter, letterOf } from './standing.ts'
import type { TakenRun } from './supply.sql.ts'
import type { SupplyTerminal } from './supply-terminal.sql.ts'

export interface SupplyView {
  readonly nowMs: number
  readonly products: ReadonlyMap<ProductId, PricedProduct>
  readonly priceOf: (product: PricedProduct, retailer: RetailerId) => UnitPrice
  readonly shelf: Shelf
  readonly ceilings: { readonly codesPerHour: number; readonly codesPerDay: number }
  /** Codes given within the last hour and day; written to. */
  readonly given: Map<string, { lastHour: number; lastDay: number }>
  /** Retailers that may order no more for now. */
  readonly blocked: ReadonlyMap<RetailerId, BlockedOrders>
  /** Retailers outside their order hours: from when on they may order again, in seconds. */
  readonly opensAtS: ReadonlyMap<RetailerId, number>
  /** Of retailers that have one, the most value that a terminal of theirs may have on board. */
  readonly capMinor: ReadonlyMap<RetailerId, bigint>
  /** What each retailer may still order for, minor units; written to. */
  readonly availableMinor: Map<RetailerId, bigint>
}

export interface BlockedOrders {
  readonly why: BlockedWhy
  readonly sinceS: number
  readonly owedMinor: bigint
}

export interface Accepted {
  readonly runs: readonly TakenRun[]
  readonly lines: readonly {
    readonly product: ProductId
    readonly quantity: number
    readonly supplied: number
    readonly price: UnitPrice
  }[]
  readonly codes: number
  readonly debitedMinor: bigint
  /** After the debit. */
  readonly availableMinor: bigint
}

const HOUR_S = 3_600
const DAY_S = 86_400

/** An order may be served in part where stock runs out; never in part for want of money. */
export function decideSupplyOrder(
  view: SupplyView,
  terminal: SupplyTerminal,
  order: SupplyOrder,
): { readonly accepted: Accepted } | { readonly why: SupplyRefusalReason } {
  const { nowMs, products, shelf } = view
  const nowS = Math.floor(nowMs / 1000)
  const retailer = terminal.retailer_id
  if (nowS >= order.expiresAtS) return { why: { reason: 'request-expired' } }
  if (terminal.retailer_closed_at !== null) return { why: { reason: 'retailer-closed' } }
  const blocked = view.blocked.get(retailer)
  if (blocked !== undefined) return { why: { reason: 'account-blocked', ...blocked } }
  const opensAtS = view.opensAtS.get(retailer)
  if (opensAtS !== undefined) return { why: { reason: 'order-window-closed', opensAtS } }
  if (!hasLetter(terminal, nowMs)) {
    if (!terminal.has_card) return { why: { reason: 'no-card' } }
    return { why: { reason: 'card-letter-needed', letter: letterOf(terminal, nowMs) } }
  }

  const unknown = order.lines.map(({ product }) => product).filter((product) => !products.has(product))
  if (unknown.length > 0) return { why: { reason: 'unknown-product', products: unknown } }

  const lines = order.lines.map((line) => ({
    ...line,
    price: view.priceOf(products.get(line.product)!, retailer),
  }))
  const changed = lines.filter((line) => line.price.unitPrice.amountMinor !== line.unitPriceMinor)
  if (changed.length > 0) {
    const prices = changed.map(({ product, price }) => ({
      product,
      unitPriceMinor: price.unitPrice.amountMinor,
    }))
    return { why: { reason: 'price-changed', prices } }
  }

  const asked = lines.reduce((sum, { quantity }) => sum + quantity, 0)
  const exceeded = ceilingExceeded(view, terminal, asked, nowS)
  if (exceeded !== null) return { why: exceeded }

  const value = lines.reduce(
    (sum, { price, quantity }) => sum + price.publicPrice.amountMinor * BigInt(quantity),
    0n,
  )
  const cap = view.capMinor.get(retailer)
  if (cap !== undefined && terminal.aboard_minor + value > cap) {
    const free = cap - terminal.aboard_minor
    return { why: { reason: 'cap-exceeded', freeMinor: free > 0n ? free : 0n } }
  }

  const found = lines.map(({ product, quantity, unitPriceMinor }) =>
    shelf.find(product, quantity, unitPriceMinor),
  )
  const runs = found.flat()
  if (runs.length === 0)
    return { why: { reason: 'no-stock', products: order.lines.map(({ product }) => product) } }

  const debitedMinor = runs.reduce((sum, run) => sum + run.unitPriceMinor * BigInt(run.count), 0n)
  const before = view.availableMinor.get(retailer) ?? 0n
  if (debitedMinor > before)
    return { why: { reason: 'balance-too-low', missingMinor: debitedMinor - before } }

  shelf.take(runs)
  const codes = codesOf(runs)
  const given = view.given.get(terminal.id) ?? { lastHour: 0, lastDay: 0 }
  view.given.set(terminal.id, { lastHour: given.lastHour + codes, lastDay: given.lastDay + codes })
  view.availableMinor.set(retailer, before - debitedMinor)
  return {
    accepted: {
      runs,
      lines: lines.map(({ product, quantity, price }, index) => ({
        product,
        quantity,
        supplied: codesOf(found[index]!),
        price,
      })),
      codes,
      debitedMinor,
      availableMinor: before - debitedMinor,
    },
  }
}

function codesOf(runs: readonly TakenRun[]): number {
  return runs.reduce((sum, { count }) => sum + count, 0)
}

function ceilingExceeded(
  { ceilings, given }: SupplyView,
  terminal: SupplyTerminal,
  asked: number,
  nowS: number,
): SupplyRefusalReason | null {
  const { lastHour, lastDay } = given.get(terminal.id) ?? { lastHour: 0, lastDay: 0 }
  const hourLeft = Math.max(0, ceilings.codesPerHour - lastHour)
  const dayLeft = Math.max(0, ceilings.codesPerDay - lastDay)
  const left = Math.min(hourLeft, dayLeft)
  if (asked <= left) return null
  if (left > 0) return { reason: 'ceiling-exceeded', codes: left, freeAtS: nowS }
  const [codes, waitS] = dayLeft === 0 ? [ceilings.codesPerDay, DAY_S] : [ceilings.codesPerHour, HOUR_S]
  return { reason: 'ceiling-exceeded', codes: Math.min(codes, asked), freeAtS: nowS + waitS }
}
