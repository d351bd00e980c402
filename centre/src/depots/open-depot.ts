// A depot is opened with books of its own: its stock, its shops' accounts and what was sold to them stand beside those of
// the others, and no transaction of one waits for another's.

import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction } from '@scratchless/office/database/database'
import type { DepotId } from '@scratchless/voucher/ids'
import type { CentreNeeds } from '../needs.ts'
import { createOwnAccounts } from '../retailers/accounts.ts'
import { insertDepot } from './depots.sql.ts'

export async function openDepot(
  { pool, clock, settings }: Pick<CentreNeeds, 'pool' | 'clock' | 'settings'>,
  depot: { readonly id: DepotId; readonly name: string },
  openedBy: string,
): Promise<'opened' | 'depot-exists'> {
  const at = new Date(clock.nowMs())
  return inTransaction(pool, async (sql) => {
    if (!(await insertDepot(sql, { ...depot, openedAt: at, openedBy }))) return 'depot-exists'
    await createOwnAccounts(sql, depot.id, settings.currency, at)
    const { id: subject, name } = depot
    await appendAudit(sql, { at, actor: openedBy, action: 'depot-opened', subject, details: { name } })
    return 'opened'
  })
}
