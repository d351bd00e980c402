// What the operator does at its time, whichever of its processes is there to do it.

import { foldOwnBooks } from '@scratchless/ledger/post-transfers'
import { inTransaction, type Pool } from '@scratchless/office/database/database'
import { startTimedWork, type TimedWork } from '@scratchless/office/timed/start-timed-work'
import type { Log } from '@scratchless/program/log'
import { DEPOT } from './finance/partner-account.ts'

export const FOLD_OWN_BOOKS = 'fold-own-books'
const EVERY_MINUTE = '* * * * *'

export function startOperatorWork(needs: {
  readonly databaseUrl: string
  readonly pool: Pool
  readonly log: Log
}): Promise<TimedWork> {
  const { databaseUrl, pool, log } = needs
  return startTimedWork({
    ...{ databaseUrl, log },
    tasks: {
      [FOLD_OWN_BOOKS]: async () => {
        await inTransaction(pool, (sql) => foldOwnBooks(sql, DEPOT))
      },
    },
    every: { [FOLD_OWN_BOOKS]: EVERY_MINUTE },
  })
}
