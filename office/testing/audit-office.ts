// An office's audit as `npm run audit` runs it, by the auditor's own role.

import { type AuditCheck, type AuditLine, runChecks } from '../audit/run-checks.ts'
import type { KeptHead } from '../audit-chain/audit-chain.ts'
import { createPool, inTransaction } from '../database/database.ts'

/** `auditorUrl`: the address with the auditor's role. `keptHeads`: chain heads that other parties kept of us. */
export async function auditOffice(
  auditorUrl: string,
  checks: readonly AuditCheck[],
  keptHeads: readonly KeptHead[] = [],
): Promise<AuditLine[]> {
  const pool = createPool({ url: auditorUrl, name: 'audit', max: 1 })
  try {
    return await inTransaction(pool, (sql) => runChecks(sql, checks, keptHeads), {
      isolation: 'repeatable read',
    })
  } finally {
    await pool.end()
  }
}
