// What the centre does at its time, whichever of its processes is there to do it.

import { foldOwnBooks } from '@scratchless/ledger/post-transfers'
import { inTransaction } from '@scratchless/office/database/database'
import { startTimedWork, type TimedWork } from '@scratchless/office/timed/start-timed-work'
import { LOOK_AT_CATALOGUES, raiseCatalogues } from './catalogue/raise-catalogues.ts'
import { readDepots } from './depots/depots.sql.ts'
import type { CentreNeeds } from './needs.ts'
import { resumeSupplyOrders } from './supply/close-supply-orders.ts'
import { settleOverdueOrders } from './supply/settle-overdue-orders.ts'

const EVERY_MINUTE = '* * * * *'
const EVERY_HOUR = '17 * * * *'

export function startCentreWork(needs: CentreNeeds): Promise<TimedWork> {
  return startTimedWork({
    databaseUrl: needs.settings.databaseUrl,
    log: needs.log,
    tasks: {
      'settle-overdue-orders': async () => {
        await settleOverdueOrders(needs)
      },
      // What a process that is gone had decided, and no terminal has asked for again.
      'resume-supply-orders': async () => {
        await resumeSupplyOrders(needs)
      },
      'fold-own-books': async () => {
        for (const { id } of await readDepots(needs.pool))
          await inTransaction(needs.pool, (sql) => foldOwnBooks(sql, id))
      },
      // What is dated asks for itself; this finds what only the settings changed: a name, a telephone number.
      [LOOK_AT_CATALOGUES]: async () => {
        await raiseCatalogues(needs)
      },
    },
    every: {
      'settle-overdue-orders': EVERY_MINUTE,
      'resume-supply-orders': EVERY_MINUTE,
      'fold-own-books': EVERY_MINUTE,
      [LOOK_AT_CATALOGUES]: EVERY_HOUR,
    },
  })
}
