// What the operator does at its time, whichever of its processes is there to do it.

import { foldOwnBooks } from '@scratchless/ledger/post-transfers'
import type { CaseOffice } from '@scratchless/office/cases/case-office'
import { expireLots } from '@scratchless/office/cases/expire-lots'
import { inTransaction, type Pool } from '@scratchless/office/database/database'
import { settleRequests } from '@scratchless/office/requests/carry-out-request'
import type { RequestNeeds } from '@scratchless/office/requests/request-needs'
import { startTimedWork, type TimedWork } from '@scratchless/office/timed/start-timed-work'
import type { Log } from '@scratchless/program/log'
import { DEPOT } from './finance/partner-account.ts'

export const FOLD_OWN_BOOKS = 'fold-own-books'
const EVERY_MINUTE = '* * * * *'
const EVERY_HOUR = '17 * * * *'

export function startOperatorWork(needs: {
  readonly databaseUrl: string
  readonly pool: Pool
  readonly log: Log
  /** All that two people here may agree to. */
  readonly requests: RequestNeeds
  readonly cases: CaseOffice
  /** By which days begin and end. */
  readonly timeZone: string
}): Promise<TimedWork> {
  const { databaseUrl, pool, log, requests, cases, timeZone } = needs
  return startTimedWork({
    ...{ databaseUrl, log },
    tasks: {
      [FOLD_OWN_BOOKS]: async () => {
        await inTransaction(pool, (sql) => foldOwnBooks(sql, DEPOT))
      },
      // What two people agreed to and a crash left undone; what nobody agreed to in time.
      'settle-requests': () => settleRequests(requests),
      // By the office's days, which begin at any hour of another's.
      'expire-lots': async () => {
        await expireLots(cases, timeZone)
      },
    },
    every: { [FOLD_OWN_BOOKS]: EVERY_MINUTE, 'settle-requests': EVERY_MINUTE, 'expire-lots': EVERY_HOUR },
  })
}
