// A despatched order whose terminal never spoke again is owed all the same: after 24 hours its money is posted.

import { settlePending } from '@scratchless/ledger/post-transfers'
import { inTransaction } from '@scratchless/office/database/database'
import { readDepots } from '../depots/depots.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import { transferId } from './answer-in-sequence.ts'
import { markOverdueDelivered } from './open-orders.sql.ts'

const DEADLINE_MS = 24 * 3_600_000

/** Returns how many were settled. */
export async function settleOverdueOrders({
  pool,
  clock,
}: Pick<CentreNeeds, 'pool' | 'clock'>): Promise<number> {
  const now = new Date(clock.nowMs())
  let settled = 0
  for (const { id: depot } of await readDepots(pool))
    settled += await inTransaction(pool, async (sql) => {
      const orders = await markOverdueDelivered(sql, depot, new Date(now.getTime() - DEADLINE_MS), now)
      const ids = orders.map(({ terminal, sequence }) => transferId(terminal, sequence))
      if (ids.length > 0)
        await settlePending(sql, depot, ids, { outcome: 'posted', reason: 'no receipt', settledAt: now })
      return ids.length
    })
  return settled
}
