// Who did what, in a chain: each entry's hash covers the one before, so that a change, a removal or an insertion
// shows at its place. Against cutting off the end, other parties keep heads (n, hash) that travel with messages.

import { createHash } from 'node:crypto'
import { encode } from 'cborg'
import type { Sql } from '../database/database.ts'
import {
  type AuditEntry,
  insertEntry,
  lockHead,
  moveHead,
  readEntriesFrom,
  readHead,
} from './audit-chain.sql.ts'

interface AuditAction {
  readonly at: Date
  /** A member of staff, a partner, a terminal, or `system`. */
  readonly actor: string
  /** `staff-signed-in`, `restock-ordered`, … */
  readonly action: string
  /** What was acted on: an id. */
  readonly subject: string
  /** Plain JSON. Never a code; personal data only as a salted hash. */
  readonly details?: Readonly<Record<string, unknown>>
}

export interface AuditHead {
  readonly n: bigint
  readonly hash: Buffer
}

/** A head of this chain that somebody else has kept. */
export interface KeptHead extends AuditHead {
  /** Who kept it: another party, or an auditor. */
  readonly keptBy: string
}

type AuditVerdict =
  | {
      readonly holds: true
      readonly head: AuditHead /** Kept heads that are in place. */
      readonly kept: number
    }
  /**
   * `brokenAt`: the first entry that is missing, altered or out of place; `keptBy`: whose kept head shows it, where
   * the chain does not show it by itself.
   */
  | { readonly holds: false; readonly brokenAt: bigint; readonly keptBy: string | null }

const GENESIS_HASH = Buffer.alloc(32)
const PAGE = 1_000

/**
 * Appends one entry inside the caller's transaction. Appenders stand in line from here to their commit, so this
 * is a transaction's last statement but COMMIT.
 */
export async function appendAudit(sql: Sql, action: AuditAction): Promise<AuditHead> {
  const head = await lockHead(sql)
  const n = head.n + 1n
  const content = { ...action, n, details: JSON.stringify(action.details ?? {}), previousHash: head.hash }
  const hash = hashOf(content)
  await insertEntry(sql, { ...content, hash })
  await moveHead(sql, { n, hash })
  return { n, hash }
}

/** Reads the whole chain and says where it breaks. `keptHeads`: what others kept, each to be found in its place. */
export async function verifyAuditChain(sql: Sql, keptHeads: readonly KeptHead[] = []): Promise<AuditVerdict> {
  // The head is read first: what is appended while we read lies behind it.
  const head = await readHead(sql)
  const keptAt = Map.groupBy(keptHeads, ({ n }) => n)
  const otherwiseKept = ({ n, hash }: AuditHead) => keptAt.get(n)?.find((kept) => !kept.hash.equals(hash))
  let last: AuditHead = { n: 0n, hash: GENESIS_HASH }
  const other = otherwiseKept(last)
  if (other) return { holds: false, brokenAt: 0n, keptBy: other.keptBy }
  while (last.n < head.n) {
    const entries = await readEntriesFrom(sql, last.n + 1n, PAGE)
    if (entries.length === 0) return { holds: false, brokenAt: last.n + 1n, keptBy: null }
    for (const entry of entries) {
      const n = last.n + 1n
      const inPlace =
        entry.n === n && entry.previousHash.equals(last.hash) && entry.hash.equals(hashOf(entry))
      const asHead = n !== head.n || entry.hash.equals(head.hash)
      if (!inPlace || !asHead) return { holds: false, brokenAt: n, keptBy: null }
      const kept = otherwiseKept(entry)
      if (kept) return { holds: false, brokenAt: n, keptBy: kept.keptBy }
      last = { n, hash: entry.hash }
      if (n === head.n) break
    }
  }
  const beyond = keptHeads.find(({ n }) => n > head.n)
  return beyond
    ? { holds: false, brokenAt: head.n + 1n, keptBy: beyond.keptBy }
    : { holds: true, head, kept: keptHeads.length }
}

/** The same as an audit's line says it. */
export async function auditChainLine(
  sql: Sql,
  keptHeads: readonly KeptHead[] = [],
): Promise<{ readonly invariant: 12; readonly ok: boolean; readonly detail: string }> {
  const chain = await verifyAuditChain(sql, keptHeads)
  if (chain.holds) {
    const { head, kept } = chain
    const detail = `the audit chain is unbroken, ${head.n} entries; heads that others kept of it: ${kept}, all in place`
    return { invariant: 12, ok: true, detail }
  }
  const shown = chain.keptBy === null ? '' : `, as the head shows that ${chain.keptBy} kept`
  return { invariant: 12, ok: false, detail: `the audit chain is broken at entry ${chain.brokenAt}${shown}` }
}

/** SHA-256 over deterministic CBOR of the entry without its hash; time in milliseconds. */
function hashOf(entry: Omit<AuditEntry, 'hash'>): Buffer {
  const { n, at, actor, action, subject, details, previousHash } = entry
  const content = encode([n, at.getTime(), actor, action, subject, details, Uint8Array.from(previousHash)])
  return createHash('sha256').update(content).digest()
}
