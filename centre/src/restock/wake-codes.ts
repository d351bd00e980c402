import { inTransaction } from '@scratchless/office/database/database'
import type { CentreNeeds } from '../needs.ts'
import { lockLot, markActivated, readLotsToWake } from './activation.sql.ts'

/** For timed work: ranges whose activation was said for later wake when it is due. */
export async function wakeCodesInTime({ pool, clock }: Pick<CentreNeeds, 'pool' | 'clock'>): Promise<void> {
  const now = new Date(clock.nowMs())
  for (const { operator, lot } of await readLotsToWake(pool, now))
    await inTransaction(pool, async (sql) => {
      await lockLot(sql, operator, lot)
      await markActivated(sql, operator, lot, now)
    })
}
