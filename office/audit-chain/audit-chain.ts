// Who did what, in chains: each entry's hash covers the one before, so that a change, a removal or an insertion shows at
// its place. An entry goes into a lane that nobody holds; lane 0 ties the lanes together (tie-lanes.ts). Against cutting
// off the end, other parties keep heads (n, hash) of lane 0 that travel with messages.

import { createHash } from 'node:crypto'
import { encode } from 'cborg'
import type { Sql } from '../database/database.ts'
import { type AuditEntry, insertEntry, moveLane, takeFreeLane, waitForLane } from './audit-chain.sql.ts'

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

/** Appends one entry inside the caller's transaction, which holds its lane from here to its end. */
export async function appendAudit(sql: Sql, action: AuditAction): Promise<void> {
  const lane = (await takeFreeLane(sql)) ?? (await waitForLane(sql))
  const entry = entryAfter(lane, lane.lane, action)
  await insertEntry(sql, entry)
  await moveLane(sql, entry)
}

/** The entry that follows a head in its lane. */
export function entryAfter(head: AuditHead, lane: number, action: AuditAction): AuditEntry {
  const content = {
    ...{ ...action, lane, n: head.n + 1n, previousHash: head.hash },
    details: JSON.stringify(action.details ?? {}),
  }
  return { ...content, hash: hashOf(content) }
}

/** SHA-256 over deterministic CBOR of the entry without its hash; time in milliseconds. Lane 0 is not named in its own. */
export function hashOf(entry: Omit<AuditEntry, 'hash'>): Buffer {
  const { lane, n, at, actor, action, subject, details, previousHash } = entry
  const content = [n, at.getTime(), actor, action, subject, details, Uint8Array.from(previousHash)]
  return createHash('sha256')
    .update(encode(lane === 0 ? content : [lane, ...content]))
    .digest()
}
