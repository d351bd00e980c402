// What a distributor owes. Codes are owed from their despatch: a part's price is pending from the moment it is
// promised, counts against the guarantee at once, and is posted by the receipt for the codes that were taken.

import { readAccount } from '@scratchless/ledger/ledger.sql'
import {
  type Booking,
  createAccount,
  pendTransfers,
  postTransfers,
  setCreditLine,
  settlePending,
} from '@scratchless/ledger/post-transfers'
import type { Transfer } from '@scratchless/ledger/transfer'
import type { Sql } from '@scratchless/office/database/database'
import type { CentreId, MessageId } from '@scratchless/voucher/ids'
import { type Currency, type Money, timesMoney } from '@scratchless/voucher/money'

/** An operator's stock is in one place. */
export const DEPOT = 'main'
/** Our own book: what was sold to distributors. */
const SALES_ACCOUNT = 'restock-sales'

export function partnerAccount(partner: CentreId): string {
  return `partner:${partner}`
}

/**
 * Opens the books, or brings a guarantee up to date. `guaranteeMinor: null`: no limit. Returns why a guarantee
 * could not be set: the partner owes more than it, or had none when the account was opened.
 */
export async function createPartnerAccount(
  sql: Sql,
  account: { partner: CentreId; currency: Currency; guaranteeMinor: bigint | null; openedAt: Date },
): Promise<'line-in-use' | 'unknown-account' | null> {
  const { currency, guaranteeMinor, openedAt } = account
  const id = partnerAccount(account.partner)
  const book = { depotId: DEPOT, currency, openedAt }
  await createAccount(sql, { ...book, id: SALES_ACCOUNT, class: 'income', creditLineMinor: null })
  if (await createAccount(sql, { ...book, id, class: 'asset', creditLineMinor: guaranteeMinor })) return null
  const known = await readAccount(sql, DEPOT, id)
  if (guaranteeMinor === null || known?.creditLineMinor === guaranteeMinor) return null
  const result = await setCreditLine(sql, DEPOT, id, guaranteeMinor)
  return result === 'set' ? null : result
}

interface PricedPart {
  readonly id: MessageId
  readonly codes: number
  readonly unitPrice: Money
}

/** Makes the parts' prices pending; false where they go beyond the guarantee (roll back what was promised then). */
export async function pendParts(
  sql: Sql,
  partner: CentreId,
  parts: readonly PricedPart[],
  booking: Booking,
): Promise<boolean> {
  const transfers = parts.map((part) => transferOf(`restock:${part.id}`, partner, part)).filter(isPaid)
  if (transfers.length === 0) return true
  const decided = await pendTransfers(sql, DEPOT, transfers, booking)
  return [...decided.values()].every((verdict) => verdict === 'accepted')
}

/** Posts what a receipt took of a part. Where that is not all of it, the pending price is voided and made anew. */
export async function settlePart(
  sql: Sql,
  partner: CentreId,
  part: PricedPart,
  codesTaken: number,
  booking: Booking,
): Promise<void> {
  const outcome = codesTaken === part.codes ? 'posted' : 'voided'
  const reason = outcome === 'posted' ? 'receipt' : 'receipt of fewer'
  await settlePending(sql, DEPOT, [`restock:${part.id}`], { outcome, reason, settledAt: booking.madeAt })
  if (outcome === 'posted') return
  const taken = [transferOf(`restock-taken:${part.id}`, partner, { ...part, codes: codesTaken })].filter(
    isPaid,
  )
  if (taken.length > 0) await postTransfers(sql, DEPOT, taken, booking)
}

function transferOf(id: string, partner: CentreId, part: PricedPart): Transfer {
  const { amountMinor, currency } = timesMoney(part.unitPrice, part.codes)
  return {
    id,
    kind: 'restock',
    subject: part.id,
    currency,
    debit: partnerAccount(partner),
    credit: SALES_ACCOUNT,
    amountMinor,
  }
}

/** A ledger has no entries of nothing. */
function isPaid(transfer: Transfer): boolean {
  return transfer.amountMinor > 0n
}
