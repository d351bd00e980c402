// Sales lie in a table for each month in which they were reported. The months to come are made before they begin; a
// report that finds its month missing all the same makes it itself.

import { raiseAlarmOnce } from '../alarms.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import { makeMonth } from './sale-months.sql.ts'

/** Time enough for people to see what hinders it. */
const MONTHS_AHEAD = 3

/** Makes this month's table and those ahead, where they are missing. Throws where it cannot, after an alarm. */
export async function makeSaleMonths({
  pool,
  clock,
  log,
}: Pick<CentreNeeds, 'pool' | 'clock' | 'log'>): Promise<void> {
  const now = new Date(clock.nowMs())
  for (let ahead = 0; ahead <= MONTHS_AHEAD; ahead++) {
    const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead))
    const name = month.toISOString().slice(0, 7)
    try {
      if (await makeMonth(pool, month)) log.info({ month: name }, 'the sales of a month have their table')
    } catch (error) {
      const details = { problem: (error as Error).message }
      await raiseAlarmOnce(pool, { at: now, kind: 'sale-month-not-made', subject: name, details })
      throw error
    }
  }
}
