// Step 9 of the way of a code: the terminal orders, at the prices it knows. The order is saved under its sequence
// before the first byte is sent.

import { nowSeconds } from '@scratchless/voucher/clock'
import type { ProductId } from '@scratchless/voucher/product'
import { priceAt } from '@scratchless/wire/supply/catalogue'
import { MAX_CODES_PER_ORDER, MAX_LINES, supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { sellableStock } from '../safe/safe-run.sql.ts'
import type { Store } from '../store/connect-store.ts'
import { getCatalogue, getSettings } from './centre-word.sql.ts'
import type { StoredRequest } from './request.sql.ts'
import { type RequestNeeds, saveRequest } from './save-request.ts'
import { askOrder, insertOrder, onTheWay, refuseWaitingOrder, type StoredOrder } from './supply-order.sql.ts'
import type { TerminalClock } from './terminal-clock.ts'

/** Longer than most outages; then the status request settles it. */
const ORDER_EXPIRES_S = 86_400

/** In order of precedence. */
type OrderRefusal =
  | 'no-lines'
  | 'too-many-lines'
  | 'too-many-codes'
  | 'product-twice'
  | 'unknown-product'
  | 'cap-exceeded'

/** Takes an order from the screen; it is sent as soon as what stands before it is answered. */
export function takeOrder(
  { store, clock }: { store: Store; clock: TerminalClock },
  lines: readonly { product: ProductId; quantity: number }[],
): number | OrderRefusal {
  if (lines.length === 0) return 'no-lines'
  if (lines.length > MAX_LINES) return 'too-many-lines'
  if (lines.reduce((sum, { quantity }) => sum + quantity, 0) > MAX_CODES_PER_ORDER) return 'too-many-codes'
  if (new Set(lines.map(({ product }) => product)).size < lines.length) return 'product-twice'
  const known = new Map(getCatalogue(store)?.products.map((product) => [product.id, product]))
  const wanted = lines.flatMap(({ product, quantity }) => {
    const found = known.get(product)
    return found?.mark !== 'sold'
      ? []
      : [{ product, quantity, operator: found.operator, digits: found.codeDigits }]
  })
  if (wanted.length < lines.length) return 'unknown-product'
  const capMinor = getSettings(store)?.capMinor ?? 0n
  if (capMinor > 0n && valueWith(store, clock.nowMs(), lines) > capMinor) return 'cap-exceeded'
  return store.transaction(() => insertOrder(store, clock.nowMs(), wanted))
}

/** What on board, on the way and in these lines is worth together at today's public prices, as the centre counts it. */
function valueWith(
  store: Store,
  nowMs: number,
  lines: readonly { product: ProductId; quantity: number }[],
): bigint {
  const stock = sellableStock(store, nowMs)
  const coming = onTheWay(store)
  const wanted = new Map(lines.map(({ product, quantity }) => [product, quantity]))
  return (getCatalogue(store)?.products ?? []).reduce((sum, product) => {
    const { id } = product
    const codes = (stock.get(id) ?? 0) + (coming.get(id) ?? 0) + (wanted.get(id) ?? 0)
    return sum + BigInt(codes) * priceAt(product, Math.floor(nowMs / 1_000)).publicPriceMinor
  }, 0n)
}

/** Null where a product left the catalogue while the order waited: it is refused here. */
export function sendSupplyOrder(needs: RequestNeeds, order: StoredOrder): StoredRequest | null {
  const { store, clock } = needs
  const nowS = nowSeconds(clock)
  const prices = new Map(
    getCatalogue(store)?.products.map((product) => [product.id, priceAt(product, nowS).unitPriceMinor]),
  )
  const lines = order.lines.flatMap(({ product, quantity }) => {
    const unitPriceMinor = prices.get(product)
    return unitPriceMinor === undefined ? [] : [{ product, quantity, unitPriceMinor }]
  })
  if (lines.length < order.lines.length) {
    refuseWaitingOrder(store, order.id, JSON.stringify({ reason: 'unknown-product' }))
    return null
  }
  const expiresAtS = nowS + ORDER_EXPIRES_S
  return saveRequest(
    needs,
    'supply-order',
    (signer, binding) => supplyOrderMessage.sign({ expiresAtS, because: 'person', lines }, signer, binding),
    (sequence) => askOrder(store, order.id, sequence, expiresAtS),
  )
}
