// A sale as the screen may see it: the ticket from the same description as the printed one, the code closed.

import type { Catalogue } from '@scratchless/wire/supply/catalogue'
import type { StoredSale } from '../sale/sale.sql.ts'
import type { Identity } from '../supply/identity.ts'
import { maskedLines, ticketFields } from '../ticket/ticket-content.ts'
import { ticketFacts } from '../ticket/ticket-facts.ts'
import type { Amount, SaleState, SaleView } from './till-shapes.ts'

const STATES = {
  intent: 'printing',
  printed: 'printed',
  in_doubt: 'in_doubt',
  damaged: 'damaged',
} as const satisfies Record<StoredSale['state'], SaleState>

/** `expiresOn` of the code sold; without it, and where the product left the catalogue, no ticket is shown. */
export function saleView(
  sale: StoredSale,
  known: { catalogue: Catalogue; identity: Identity; expiresOn: string | undefined },
): SaleView {
  const { catalogue, identity, expiresOn } = known
  const facts = ticketFacts(catalogue, identity, sale.product, sale.vendor, sale.locale, sale.atMs)
  const ticket =
    facts === undefined || expiresOn === undefined
      ? []
      : maskedLines(
          facts,
          ticketFields({ serial: sale.serial, expiresOn, number: sale.number, atMs: sale.atMs }),
        )
  return {
    saleId: sale.saleId,
    number: sale.number,
    product: sale.product,
    price: amountView(sale.price.amountMinor, sale.price.currency),
    serial: sale.serial,
    vendor: sale.vendor,
    atMs: sale.atMs,
    state: STATES[sale.state],
    ticket,
  }
}

export function amountView(amountMinor: bigint, currency: Amount['currency']): Amount {
  return { amountMinor: amountMinor.toString(), currency }
}
