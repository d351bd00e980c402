// The ledger's accounts of a centre. A retailer's holds what he paid in less what he bought; the other two are our
// own books.

import { createAccount } from '@scratchless/ledger/post-transfers'
import type { Sql } from '@scratchless/office/database/database'
import type { RetailerId } from '@scratchless/voucher/ids'
import type { Currency } from '@scratchless/voucher/money'
import { DEPOT } from '../settings.ts'

/** What retailers paid in, at the bank or the cashier's. */
export const CASH_ACCOUNT = 'cash'
/** What was sold to retailers. */
export const SALES_ACCOUNT = 'sales'

export function retailerAccount(retailer: RetailerId): string {
  return `retailer:${retailer}`
}

/** Opens our own books; harmless where they stand. */
export async function createOwnAccounts(sql: Sql, currency: Currency, openedAt: Date): Promise<void> {
  for (const id of [CASH_ACCOUNT, SALES_ACCOUNT])
    await createAccount(sql, { depotId: DEPOT, id, currency, creditLineMinor: null, openedAt })
}
