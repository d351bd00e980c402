// An office's part of `npm run audit`: its checks, each of which counts what breaks an invariant, by the auditor's role,
// which sees no ciphertext. Works beside the running program: the books are seen in one snapshot, and the vault's own
// database in one that was taken before it and in one taken after.

import { auditChainLine, type KeptHead } from '../audit-chain/verify-chain.ts'
import { createPool, inTransaction, type Sql } from '../database/database.ts'

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

export interface AuditorUrls {
  readonly books: string
  readonly vault: string
}

/** An office as an audit sees it. */
export interface AuditedOffice {
  readonly books: Sql
  /** The vault a moment before: nothing of it is ahead of the books. */
  readonly vaultBefore: Sql
  /** The vault a moment after: all that the books know to be there is there. */
  readonly vaultAfter: Sql
}

export interface AuditCheck {
  readonly invariant: number
  /** What is so where nothing is found. */
  readonly holds: string
  readonly count: (office: AuditedOffice) => Promise<Breaks>
}

/** Opens an office's databases by the auditor's role, each in its snapshot. */
export function inSnapshots<Result>(
  { books, vault }: AuditorUrls,
  work: (office: AuditedOffice) => Promise<Result>,
): Promise<Result> {
  return inSnapshot(vault, (vaultBefore) =>
    inSnapshot(books, (sql) =>
      inSnapshot(vault, (vaultAfter) => work({ books: sql, vaultBefore, vaultAfter })),
    ),
  )
}

async function inSnapshot<Result>(url: string, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  const pool = createPool({ url, name: 'audit', max: 1 })
  try {
    return await inTransaction(
      pool,
      async (sql) => {
        // The first statement takes it.
        await sql.query('SELECT')
        return work(sql)
      },
      { isolation: 'repeatable read' },
    )
  } finally {
    await pool.end()
  }
}

/** Rows as a JSON array: what one database knows, as a parameter for json_to_recordset in the other. */
export async function rowsAsJson(sql: Sql, query: string): Promise<string> {
  const { rows } = await sql.query<{ json: string }>(
    `SELECT coalesce(json_agg(found), '[]')::text AS json FROM (${query}) AS found`,
  )
  return rows[0]!.json
}

/** `broken`: a query of one text column, a row for each break. */
export async function countBreaks(
  sql: Sql,
  broken: string,
  values: readonly unknown[] = [],
): Promise<Breaks> {
  const { rows } = await sql.query<{ breaks: bigint; example: string | null }>(
    `SELECT count(*) AS breaks, min(what) AS example FROM (${broken}) AS broken (what)`,
    [...values],
  )
  return rows[0]!
}

/** Rows that were found broken, as a check counts them. */
export function breaksOf(broken: readonly { id: string }[]): Breaks {
  return { breaks: BigInt(broken.length), example: broken[0]?.id ?? null }
}

/**
 * One line a check, and the audit chain's. `keptHeads`: chain heads that other parties kept of us.
 */
export async function runChecks(
  office: AuditedOffice,
  checks: readonly AuditCheck[],
  keptHeads: readonly KeptHead[] = [],
): Promise<AuditLine[]> {
  const lines: AuditLine[] = []
  for (const check of checks) lines.push(lineOf(check, await check.count(office)))
  return [...lines, await auditChainLine(office.books, keptHeads)]
}

function lineOf({ invariant, holds }: AuditCheck, { breaks, example }: Breaks): AuditLine {
  const ok = breaks === 0n
  return { invariant, ok, detail: ok ? holds : `not so: ${holds}; ${breaks} times, e.g. ${example}` }
}
