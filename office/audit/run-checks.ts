// An office's part of `npm run audit`: its checks, each one statement that counts what breaks an invariant, run in one
// snapshot by the auditor's role, which sees no ciphertext. Works beside the running program.

import { auditChainLine, type KeptHead } from '../audit-chain/audit-chain.ts'
import type { Sql } from '../database/database.ts'

export interface AuditLine {
  /** Its number among the project's invariants (docs/invariants.md). */
  readonly invariant: number
  readonly ok: boolean
  readonly detail: string
}

/** How often a rule is broken, and one example. */
export interface Breaks {
  readonly breaks: bigint
  readonly example: string | null
}

export interface AuditCheck {
  readonly invariant: number
  /** What is so where nothing is found. */
  readonly holds: string
  readonly count: (sql: Sql) => Promise<Breaks>
}

/** `broken`: a query of one text column, a row for each break. */
export async function countBreaks(sql: Sql, broken: string): Promise<Breaks> {
  const { rows } = await sql.query<{ breaks: bigint; example: string | null }>(
    `SELECT count(*) AS breaks, min(what) AS example FROM (${broken}) AS broken (what)`,
  )
  return rows[0]!
}

/** Rows that were found broken, as a check counts them. */
export function breaksOf(broken: readonly { id: string }[]): Breaks {
  return { breaks: BigInt(broken.length), example: broken[0]?.id ?? null }
}

/**
 * Runs them in the caller's transaction (repeatable read, so that all see one moment): one line a check, and the audit
 * chain's. `keptHeads`: chain heads that other parties kept of us.
 */
export async function runChecks(
  sql: Sql,
  checks: readonly AuditCheck[],
  keptHeads: readonly KeptHead[] = [],
): Promise<AuditLine[]> {
  const lines: AuditLine[] = []
  for (const check of checks) lines.push(lineOf(check, await check.count(sql)))
  return [...lines, await auditChainLine(sql, keptHeads)]
}

function lineOf({ invariant, holds }: AuditCheck, { breaks, example }: Breaks): AuditLine {
  const ok = breaks === 0n
  return { invariant, ok, detail: ok ? holds : `not so: ${holds}; ${breaks} times, e.g. ${example}` }
}
