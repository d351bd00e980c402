import type { Clock } from '@scratchless/voucher/clock'
import { appendAudit } from '../audit-chain/audit-chain.ts'
import { inTransaction, type Pool } from '../database/database.ts'

/** Who looked at which serial is written down before he is told: also of one that is not here. Never a code. */
export async function noteLookUp(
  { pool, clock }: { readonly pool: Pool; readonly clock: Clock },
  actor: string,
  subject: string,
): Promise<void> {
  const at = new Date(clock.nowMs())
  await inTransaction(pool, (sql) => appendAudit(sql, { at, actor, action: 'serial-looked-up', subject }))
}
