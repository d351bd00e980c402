// A sale as the screen may see it: the ticket from the same description as the printed one, the code closed.

import type { StoredSale } from '../sale/sale.sql.ts'
import { maskedLines, type TicketFacts, ticketFields } from '../ticket/ticket-content.ts'
import type { Amount, SaleState, SaleView } from './till-shapes.ts'

const STATES = {
  intent: 'printing',
  printed: 'printed',
  in_doubt: 'in_doubt',
  damaged: 'damaged',
} as const satisfies Record<StoredSale['state'], SaleState>

/**
 * `facts` as the sale kept them, never today's catalogue; `expiresOn` of the code sold. Without one of them, as of a
 * sale of an earlier release, no ticket is shown.
 */
export function saleView(
  sale: StoredSale,
  known: { facts: TicketFacts | undefined; expiresOn: string | undefined },
): SaleView {
  const { facts, expiresOn } = known
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
