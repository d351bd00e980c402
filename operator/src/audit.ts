// The operator's part of `npm run audit`: DESIGN's invariants, checked in one snapshot by the auditor's role, which
// sees no ciphertext. Works beside the running program.

import { auditChainLine, type KeptHead } from '@scratchless/office/audit-chain/audit-chain'
import { createPool, inTransaction, type Sql } from '@scratchless/office/database/database'
import {
  type Breaks,
  countDifferingPacks,
  countMisallocatedPacks,
  countMisbilledDeliveries,
  countMisclosedPacks,
  countMisdeliveredLines,
  countOverclosedLines,
  countOverlappingPacks,
  countSharedNonces,
  countStrandedDeliveries,
  countUnansweredMessages,
  countUnbalancedLots,
  countUnjournalledDeliveries,
  countUnsoundBooks,
} from './audit.sql.ts'

export interface AuditLine {
  /** Its number among the project's invariants. */
  readonly invariant: number
  readonly ok: boolean
  readonly detail: string
}

const CHECKS: readonly {
  readonly invariant: number
  readonly holds: string
  readonly count: (sql: Sql) => Promise<Breaks>
}[] = [
  { invariant: 1, holds: 'each serial is in one pack', count: countOverlappingPacks },
  { invariant: 1, holds: 'each allocated code is in one run', count: countMisallocatedPacks },
  { invariant: 1, holds: 'vault and api agree on every pack', count: countDifferingPacks },
  { invariant: 1, holds: 'what was closed once was closed for one delivery', count: countMisclosedPacks },
  { invariant: 2, holds: 'received = in stock + sent, per lot', count: countUnbalancedLots },
  {
    invariant: 2,
    holds: 'accepted = delivered or on its way, per order line',
    count: countMisdeliveredLines,
  },
  {
    invariant: 4,
    holds: 'debits = credits, and balances are the fold of their entries',
    count: countUnsoundBooks,
  },
  { invariant: 5, holds: 'owed = promised and taken, per delivery', count: countMisbilledDeliveries },
  { invariant: 5, holds: 'nothing left beyond a signed order', count: countOverclosedLines },
  { invariant: 7, holds: 'every delivery is where its state says', count: countStrandedDeliveries },
  { invariant: 7, holds: 'no delivery left past the vault’s journal', count: countUnjournalledDeliveries },
  { invariant: 8, holds: 'every message taken has its answer', count: countUnansweredMessages },
  { invariant: 13, holds: 'no row index is used twice in a lot record', count: countSharedNonces },
]

/** `auditorUrl`: the address with the auditor's role. `keptHeads`: chain heads that other parties kept of us. */
export async function auditOperator(
  auditorUrl: string,
  keptHeads: readonly KeptHead[] = [],
): Promise<AuditLine[]> {
  const pool = createPool({ url: auditorUrl, name: 'audit', max: 1 })
  try {
    return await inTransaction(pool, (sql) => auditSnapshot(sql, keptHeads), { isolation: 'repeatable read' })
  } finally {
    await pool.end()
  }
}

/** The same inside a transaction that is there already. */
export async function auditSnapshot(sql: Sql, keptHeads: readonly KeptHead[] = []): Promise<AuditLine[]> {
  const lines: AuditLine[] = []
  for (const check of CHECKS) lines.push(lineOf(check, await check.count(sql)))
  return [...lines, await auditChainLine(sql, keptHeads)]
}

function lineOf({ invariant, holds }: { invariant: number; holds: string }, found: Breaks): AuditLine {
  const ok = found.breaks === 0n
  return {
    invariant,
    ok,
    detail: ok ? holds : `not so: ${holds}; ${found.breaks} times, e.g. ${found.example}`,
  }
}
