// A payment that turned out to be none: a cheque that bounced, a slip entered for the wrong shop. What the retailer has
// not spent goes back; what he has is unpaid, and blocks his orders until it is paid. His sales go on.

import { updateBlocked } from '@scratchless/ledger/ledger.sql'
import { type Booking, lockHolder, postTransfers, readTransfer } from '@scratchless/ledger/post-transfers'
import { reversalOf } from '@scratchless/ledger/transfer'
import type { SqlClient } from '@scratchless/office/database/database'
import type { DepotId, RetailerId } from '@scratchless/voucher/ids'
import { openHeldAccount, retailerAccount, unpaidAccount } from './accounts.ts'
import { depositId } from './take-deposit.ts'

/** `unpaidMinor`: what no longer fitted. */
export async function reverseDeposit(
  sql: SqlClient,
  {
    depot,
    retailer,
    document,
  }: { readonly depot: DepotId; readonly retailer: RetailerId; readonly document: string },
  booking: Booking,
): Promise<{ readonly unpaidMinor: bigint } | 'unknown-document' | 'reversed-already'> {
  const holder = await lockHolder(sql, depot, retailerAccount(retailer))
  const deposit = await readTransfer(sql, depot, depositId(document))
  if (holder === null || deposit?.credit !== holder.id) return 'unknown-document'
  const by = { id: `reversal:${document}`, kind: 'deposit-reversed', document }
  for (const id of [by.id, `${by.id}:unpaid`])
    if ((await readTransfer(sql, depot, id)) !== null) return 'reversed-already'

  const unpaid = unpaidAccount(retailer)
  const { transfers, unpaidMinor } = reversalOf(deposit, holder, unpaid, by)
  if (unpaidMinor > 0n) {
    const { currency } = deposit
    await openHeldAccount(sql, 'unpaid', {
      ...{ depotId: depot, holder: retailer, currency, creditLineMinor: null, openedAt: booking.madeAt },
    })
    await updateBlocked(sql, depot, holder.id, { since: booking.madeAt, why: 'unpaid' })
  }
  const decided = await postTransfers(sql, depot, transfers, booking)
  for (const [id, verdict] of decided) if (verdict !== 'accepted') throw new Error(`${id}: ${verdict}`)
  return { unpaidMinor }
}
