// What the centre does at its time, whichever of its processes is there to do it.

import { foldOwnBooks } from '@scratchless/ledger/post-transfers'
import { expireLots } from '@scratchless/office/cases/expire-lots'
import { inTransaction } from '@scratchless/office/database/database'
import { settleRequests } from '@scratchless/office/requests/carry-out-request'
import { startTimedWork, type TimedWork } from '@scratchless/office/timed/start-timed-work'
import { LOOK_AT_CATALOGUES, raiseCatalogues } from './catalogue/raise-catalogues.ts'
import { readDepots } from './depots/depots.sql.ts'
import type { CentreNeeds } from './needs.ts'
import { wakeCodesInTime } from './restock/wake-codes.ts'
import { tellBarred } from './retailers/tell-barred.ts'
import { makeSaleMonths } from './sales/make-sale-months.ts'
import { foldHours } from './sales/sales-sums.sql.ts'
import { centreCases, centreRequests } from './stock/centre-cases.ts'
import { resumeSupplyOrders } from './supply/close-supply-orders.ts'
import { letBytesGo } from './supply/let-bytes-go.ts'
import { settleOverdueOrders } from './supply/settle-overdue-orders.ts'

const EVERY_MINUTE = '* * * * *'
const EVERY_HOUR = '17 * * * *'
const EVERY_NIGHT = '43 1 * * *'

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
      'fold-sales': async () => {
        for (const { id } of await readDepots(needs.pool))
          await inTransaction(needs.pool, (sql) => foldHours(sql, id))
      },
      'make-sale-months': () => makeSaleMonths(needs),
      'let-bytes-go': async () => {
        for (const { id } of await readDepots(needs.pool)) await letBytesGo(needs, id)
      },
      // What two people agreed to and a crash left undone; what nobody agreed to in time.
      'settle-requests': () => settleRequests(centreRequests(needs)),
      // What a process that is gone had not told every shop yet.
      'tell-barred': async () => {
        await tellBarred(needs)
      },
      'wake-codes': () => wakeCodesInTime(needs),
      // By the office's days, which begin at any hour of another's.
      'expire-lots': async () => {
        await expireLots(centreCases(needs), needs.settings.timeZone)
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
      'fold-sales': EVERY_MINUTE,
      'make-sale-months': EVERY_HOUR,
      'let-bytes-go': EVERY_NIGHT,
      'settle-requests': EVERY_MINUTE,
      'tell-barred': EVERY_MINUTE,
      'wake-codes': EVERY_MINUTE,
      'expire-lots': EVERY_HOUR,
      [LOOK_AT_CATALOGUES]: EVERY_HOUR,
    },
  })
}
