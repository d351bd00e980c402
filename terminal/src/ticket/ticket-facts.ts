import type { VendorId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import { type Catalogue, priceAt, productOf } from '@scratchless/wire/supply/catalogue'
import type { Identity } from '../supply/identity.ts'
import type { Locale, TicketFacts } from './ticket-content.ts'

/** At the price of this moment. Undefined where the catalogue does not name the product. */
export function ticketFacts(
  catalogue: Catalogue,
  identity: Identity,
  product: ProductId,
  vendor: VendorId,
  locale: Locale,
  nowMs: number,
): TicketFacts | undefined {
  const line = catalogue.products.find(({ id }) => id === product)
  if (line === undefined) return undefined
  const operator = catalogue.operators.find(({ id }) => id === line.operator)!
  return {
    locale,
    product: productOf(line, priceAt(line, Math.floor(nowMs / 1000)), catalogue.currency),
    operatorName: operator.name,
    careNumber: operator.careNumber,
    distributorPhone: catalogue.distributorPhone,
    retailerName: catalogue.retailerName,
    terminal: identity.terminal,
    vendor,
  }
}
