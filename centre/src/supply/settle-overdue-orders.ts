// A despatched order whose terminal never spoke again is owed all the same: after 24 hours its money is posted.

import { settlePending } from '@scratchless/ledger/post-transfers'
import { inTransaction } from '@scratchless/office/database/database'
import type { CentreNeeds } from '../needs.ts'
import { DEPOT } from '../settings.ts'
import { transferId } from './answer-in-sequence.ts'
import { markOverdueDelivered } from './supply.sql.ts'

const DEADLINE_MS = 24 * 3_600_000

/** Returns how many were settled. */
export async function settleOverdueOrders({
  pool,
  clock,
}: Pick<CentreNeeds, 'pool' | 'clock'>): Promise<number> {
  const now = new Date(clock.nowMs())
  return inTransaction(pool, async (sql) => {
    const orders = await markOverdueDelivered(sql, DEPOT, new Date(now.getTime() - DEADLINE_MS), now)
    const ids = orders.map(({ terminal_id, sequence }) => transferId(terminal_id, sequence))
    if (ids.length > 0)
      await settlePending(sql, DEPOT, ids, { outcome: 'posted', reason: 'no receipt', settledAt: now })
    return ids.length
  })
}
