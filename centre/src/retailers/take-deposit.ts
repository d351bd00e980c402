// A retailer pays in. What he owes because an earlier payment bounced is paid first; once nothing of it is left, his
// orders go on.

import { balanceMinor } from '@scratchless/ledger/account'
import { readAccount, updateBlocked } from '@scratchless/ledger/ledger.sql'
import { type Booking, postOnce } from '@scratchless/ledger/post-transfers'
import type { Transfer } from '@scratchless/ledger/transfer'
import type { SqlClient } from '@scratchless/office/database/database'
import type { DepotId, RetailerId } from '@scratchless/voucher/ids'
import type { Money } from '@scratchless/voucher/money'
import { CASH_ACCOUNT, retailerAccount, unpaidAccount } from './accounts.ts'
import { claimDocument } from './deposit-document.sql.ts'

export interface Deposit {
  readonly depot: DepotId
  readonly retailer: RetailerId
  readonly amount: Money
  /** The bank's or the cashier's number, used once. */
  readonly document: string
}

/** `document-used`: it stands for another payment. */
export async function takeDeposit(
  sql: SqlClient,
  { depot, retailer, amount, document }: Deposit,
  booking: Booking,
): Promise<'posted' | 'already-posted' | 'document-used'> {
  const transfer: Transfer = {
    id: depositId(document),
    kind: 'deposit',
    subject: retailer,
    currency: amount.currency,
    debit: CASH_ACCOUNT,
    credit: retailerAccount(retailer),
    amountMinor: amount.amountMinor,
    document,
  }
  if (!(await claimDocument(sql, document, depot))) return 'document-used'
  const result = await postOnce(sql, depot, transfer, booking)
  if (result === 'id-reused') return 'document-used'
  if (result === 'posted') await payUnpaid(sql, depot, transfer, retailer, booking)
  else if (result !== 'already-posted') throw new Error(`deposit: ${result}`)
  return result
}

export function depositId(document: string): string {
  return `deposit:${document}`
}

async function payUnpaid(
  sql: SqlClient,
  depot: DepotId,
  deposit: Transfer,
  retailer: RetailerId,
  booking: Booking,
): Promise<void> {
  const unpaid = await readAccount(sql, depot, unpaidAccount(retailer))
  const owed = unpaid === null ? 0n : -balanceMinor(unpaid)
  if (owed <= 0n) return
  const amountMinor = owed < deposit.amountMinor ? owed : deposit.amountMinor
  const paid = { ...deposit, id: `${deposit.id}:unpaid`, kind: 'unpaid-paid', amountMinor }
  const result = await postOnce(
    sql,
    depot,
    { ...paid, debit: retailerAccount(retailer), credit: unpaidAccount(retailer) },
    booking,
  )
  if (result !== 'posted') throw new Error(`${paid.id}: ${result}`)
  if (amountMinor === owed) await updateBlocked(sql, depot, retailerAccount(retailer), null)
}
