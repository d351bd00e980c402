import type { VendorId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import { type Catalogue, productOf } from '@scratchless/wire/supply/catalogue'
import type { Identity } from '../supply/identity.ts'
import type { Locale, TicketFacts } from './ticket-content.ts'

/** Undefined where the catalogue does not name the product. */
export function ticketFacts(
  catalogue: Catalogue,
  identity: Identity,
  product: ProductId,
  vendor: VendorId,
  locale: Locale,
): TicketFacts | undefined {
  const line = catalogue.products.find(({ id }) => id === product)
  if (line === undefined) return undefined
  const operator = catalogue.operators.find(({ id }) => id === line.operator)!
  return {
    locale,
    product: productOf(line, catalogue.currency),
    operatorName: operator.name,
    careNumber: operator.careNumber,
    distributorPhone: catalogue.distributorPhone,
    retailerName: catalogue.retailerName,
    terminal: identity.terminal,
    vendor,
  }
}
