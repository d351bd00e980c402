// The centre's part of `npm run audit`: the project's invariants, checked in one snapshot by the auditor's role, which
// sees no ciphertext. Works beside the running program.

import { readMiscountedAccounts, readUnbalancedTransfers } from '@scratchless/ledger/ledger.sql'
import { auditChainLine, type KeptHead } from '@scratchless/office/audit-chain/audit-chain'
import { createPool, inTransaction, type Sql } from '@scratchless/office/database/database'
import {
  type Breaks,
  countBrokenSequences,
  countDebitsWithoutCodes,
  countDifferingPacks,
  countDisputedOrders,
  countMiscountedDeliveries,
  countMisdebitedOrders,
  countMisreceivedLines,
  countMistakenPacks,
  countOverdrawnAccounts,
  countOverlappingPacks,
  countSalesOfOthers,
  countSharedNonces,
  countUnansweredMessages,
  countUnjournalledOrders,
  countUnwrittenPacks,
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
  { invariant: 1, holds: 'each code taken is in one run', count: countMistakenPacks },
  { invariant: 1, holds: 'vault and api agree on every pack', count: countDifferingPacks },
  { invariant: 1, holds: 'every pack of the vault is written down', count: countUnwrittenPacks },
  {
    invariant: 1,
    holds: 'the vault’s journal has every order sent, and no other',
    count: countUnjournalledOrders,
  },
  { invariant: 1, holds: 'the vault closed what the desk decided', count: countDisputedOrders },
  { invariant: 2, holds: 'every part taken is its packs', count: countMiscountedDeliveries },
  { invariant: 2, holds: 'received = the parts taken, per order line', count: countMisreceivedLines },
  { invariant: 3, holds: 'every sale is of a code that its terminal was given', count: countSalesOfOthers },
  {
    invariant: 4,
    holds: 'debits = credits in every transfer',
    count: (sql) => of(readUnbalancedTransfers(sql)),
  },
  {
    invariant: 4,
    holds: 'every balance is the fold of its entries',
    count: (sql) => of(readMiscountedAccounts(sql)),
  },
  { invariant: 5, holds: 'every order is debited for its codes', count: countMisdebitedOrders },
  { invariant: 5, holds: 'every debit has its order', count: countDebitsWithoutCodes },
  { invariant: 6, holds: 'no balance is beyond its limit', count: countOverdrawnAccounts },
  { invariant: 8, holds: 'every message taken has its answer', count: countUnansweredMessages },
  { invariant: 9, holds: 'no terminal’s sequence has a gap', count: countBrokenSequences },
  { invariant: 13, holds: 'no row index is used twice in a lot record', count: countSharedNonces },
]

/** `auditorUrl`: the address with the auditor's role. `keptHeads`: chain heads that other parties kept of us. */
export async function auditCentre(
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

async function of(broken: Promise<readonly { id: string }[]>): Promise<Breaks> {
  const rows = await broken
  return { breaks: BigInt(rows.length), example: rows[0]?.id ?? null }
}

function lineOf({ invariant, holds }: { invariant: number; holds: string }, found: Breaks): AuditLine {
  const ok = found.breaks === 0n
  return {
    invariant,
    ok,
    detail: ok ? holds : `not so: ${holds}; ${found.breaks} times, e.g. ${found.example}`,
  }
}
