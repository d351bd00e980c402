// For which depot a shop is added or codes are ordered. With one depot nobody needs to say; with several nobody guesses.

import type { Sql } from '@scratchless/office/database/database'
import type { DepotId } from '@scratchless/voucher/ids'
import { readDepots } from './depots.sql.ts'

export type DepotRefusal = 'unknown-depot' | 'depot-needed'

export async function whichDepot(
  sql: Sql,
  named: DepotId | undefined,
): Promise<{ readonly depot: DepotId } | DepotRefusal> {
  const depots = (await readDepots(sql)).map(({ id }) => id)
  if (named !== undefined) return depots.includes(named) ? { depot: named } : 'unknown-depot'
  const [only, ...more] = depots
  return only !== undefined && more.length === 0 ? { depot: only } : 'depot-needed'
}
