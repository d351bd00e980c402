// The chart of accounts of a centre, each depot's by itself: our own books, and one account a holder, `kind:holder`.

import type { AccountClass, AccountId } from '@scratchless/ledger/account'
import { createAccount } from '@scratchless/ledger/post-transfers'
import type { Sql } from '@scratchless/office/database/database'
import { type DepotId, type OperatorId, type RetailerId, retailerId } from '@scratchless/voucher/ids'
import type { Currency } from '@scratchless/voucher/money'

/** What retailers paid in, at the bank or the cashier's. */
export const CASH_ACCOUNT = 'cash'
/** What lies in the depots, at what it cost. */
export const STOCK_ACCOUNT = 'stock'
/** What was sold to retailers. */
export const SALES_ACCOUNT = 'sales'

/** Our own books, each with its class in the chart of accounts. */
const OWN = {
  'opening-balances': 'equity',
  [CASH_ACCOUNT]: 'asset',
  bank: 'asset',
  [STOCK_ACCOUNT]: 'asset',
  [SALES_ACCOUNT]: 'income',
  commission: 'expense',
  tax: 'liability',
  /** What a count finds too much or too little. */
  differences: 'expense',
} as const satisfies Readonly<Record<string, AccountClass>>
type OwnAccount = keyof typeof OWN

/** Kinds of accounts that belong to somebody, each with its class. */
const HELD = {
  /** What he paid in less what he bought; with a line, what he may owe. */
  retailer: 'liability',
  /** What a dealer paid in for his shops and has not passed on. */
  dealer: 'liability',
  /** What a retailer owes because a payment that he had spent turned out to be none. */
  unpaid: 'asset',
  /** What a collector took from shops and has not handed over. */
  collector: 'asset',
  /** What the centre owes an operator. */
  payable: 'liability',
} as const satisfies Readonly<Record<string, AccountClass>>

/** Opens somebody's account; harmless where it stands. `creditLineMinor` null: without a limit. */
export function openHeldAccount(
  sql: Sql,
  kind: keyof typeof HELD,
  account: Omit<Parameters<typeof createAccount>[1], 'id' | 'class'> & { readonly holder: string },
): Promise<boolean> {
  const { holder, ...opened } = account
  return createAccount(sql, { ...opened, id: `${kind}:${holder}`, class: HELD[kind] })
}

export function retailerAccount(retailer: RetailerId): string {
  return `retailer:${retailer}`
}

/** What the centre owes an operator. */
export function payableAccount(operator: OperatorId): string {
  return `payable:${operator}`
}

/** Whose account this is. */
export function retailerOf(account: AccountId): RetailerId {
  return retailerId(account.slice(retailerAccount('' as RetailerId).length))
}

/** What he owes because a payment that he had spent turned out to be none. */
export function unpaidAccount(retailer: RetailerId): string {
  return `unpaid:${retailer}`
}

/** Opens our own books of a depot; harmless where they stand. */
export async function createOwnAccounts(
  sql: Sql,
  depotId: DepotId,
  currency: Currency,
  openedAt: Date,
): Promise<void> {
  for (const id of Object.keys(OWN) as OwnAccount[])
    await createAccount(sql, {
      depotId,
      id,
      class: OWN[id],
      currency,
      creditLineMinor: null,
      openedAt,
    })
}
