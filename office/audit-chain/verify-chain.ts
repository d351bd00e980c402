// Reads the whole chain and says where it breaks: lane 0 from its first entry on, and each other lane up to where lane 0
// says that it had come, then up to its own head.

import type { Sql } from '../database/database.ts'
import { type AuditEntry, readEntriesFrom, readHead, readLanes } from './audit-chain.sql.ts'
import { type AuditHead, hashOf } from './audit-chain.ts'
import { LANES_TIED, TiedLanes } from './tie-lanes.ts'

/** A head of this chain that somebody else has kept. */
export interface KeptHead extends AuditHead {
  /** Who kept it: another party, or an auditor. */
  readonly keptBy: string
}

type AuditVerdict =
  /** `head`: of lane 0; `entries`: of all lanes; `kept`: kept heads that are in place. */
  | { readonly holds: true; readonly head: AuditHead; readonly entries: bigint; readonly kept: number }
  /**
   * `brokenAt`: the first entry of that lane that is missing, altered or out of place; `keptBy`: whose kept head shows it,
   * where the chain does not show it by itself.
   */
  | {
      readonly holds: false
      readonly lane: number
      readonly brokenAt: bigint
      readonly keptBy: string | null
    }

const GENESIS: AuditHead = { n: 0n, hash: Buffer.alloc(32) }
const PAGE = 1_000

export async function verifyAuditChain(sql: Sql, keptHeads: readonly KeptHead[] = []): Promise<AuditVerdict> {
  // Heads are read first: what is appended while we read lies behind them.
  const lanes = await readLanes(sql)
  const head = await readHead(sql)
  const keptAt = Map.groupBy(keptHeads, ({ n }) => n)
  const otherwiseKept = ({ n, hash }: AuditHead) => keptAt.get(n)?.find((kept) => !kept.hash.equals(hash))
  const broken = (lane: number, brokenAt: bigint, keptBy: string | null = null) =>
    ({ holds: false, lane, brokenAt, keptBy }) as const

  const other = otherwiseKept(GENESIS)
  if (other) return broken(0, 0n, other.keptBy)
  const readers = new Map<number, LaneReader>()
  const readerOf = (lane: number) => {
    const found = readers.get(lane) ?? readLane(sql, lane)
    readers.set(lane, found)
    return found
  }
  const ties = readLane(sql, 0)
  while (ties.last().n < head.n) {
    const entry = await ties.next()
    if (entry === null) return broken(0, ties.last().n + 1n)
    if (entry.n === head.n && !entry.hash.equals(head.hash)) return broken(0, entry.n)
    const kept = otherwiseKept(entry)
    if (kept) return broken(0, entry.n, kept.keptBy)
    if (entry.action !== LANES_TIED) continue
    const said = tiedLanes(entry)
    if (said === null) return broken(0, entry.n)
    for (const tied of said) {
      const brokenAt = await readUpTo(readerOf(tied.lane), tied)
      if (brokenAt !== null) return broken(tied.lane, brokenAt)
    }
  }
  for (const lane of lanes) {
    const reader = readerOf(lane.lane)
    // One that was tied farther than its head was, when we looked, has moved since.
    if (reader.last().n > lane.n) continue
    const brokenAt = await readUpTo(reader, lane)
    if (brokenAt !== null) return broken(lane.lane, brokenAt)
  }
  const beyond = keptHeads.find(({ n }) => n > head.n)
  if (beyond) return broken(0, head.n + 1n, beyond.keptBy)
  const entries = [...readers.values()].reduce((sum, reader) => sum + reader.last().n, head.n)
  return { holds: true, head, entries, kept: keptHeads.length }
}

interface LaneReader {
  /** The entry that was read last, in its place; before the first: none. */
  last(): AuditHead
  /** Null where the next one is missing, altered or out of place. */
  next(): Promise<AuditEntry | null>
}

function readLane(sql: Sql, lane: number): LaneReader {
  let last = GENESIS
  let page: AuditEntry[] = []
  return {
    last: () => last,
    async next() {
      if (page.length === 0) page = (await readEntriesFrom(sql, lane, last.n + 1n, PAGE)).reverse()
      const entry = page.pop()
      const isInPlace =
        entry !== undefined &&
        entry.n === last.n + 1n &&
        entry.previousHash.equals(last.hash) &&
        entry.hash.equals(hashOf(entry))
      if (!isInPlace) return null
      last = entry
      return entry
    },
  }
}

/** Null where the lane stands as `head` says; else the entry where it does not. */
async function readUpTo(reader: LaneReader, head: AuditHead): Promise<bigint | null> {
  // Lane 0 says that the lane had come less far than it said before.
  if (head.n < reader.last().n) return head.n
  while (reader.last().n < head.n) if ((await reader.next()) === null) return reader.last().n + 1n
  return reader.last().hash.equals(head.hash) ? null : head.n
}

function tiedLanes({ details }: AuditEntry): (AuditHead & { lane: number })[] | null {
  try {
    const { lanes } = TiedLanes.parse(JSON.parse(details))
    return lanes.map(([lane, n, hash]) => ({ lane, n: BigInt(n), hash: Buffer.from(hash, 'hex') }))
  } catch {
    return null // written by nobody who ties
  }
}

/** The same as an audit's line says it. */
export async function auditChainLine(
  sql: Sql,
  keptHeads: readonly KeptHead[] = [],
): Promise<{ readonly invariant: 12; readonly ok: boolean; readonly detail: string }> {
  const chain = await verifyAuditChain(sql, keptHeads)
  if (chain.holds) {
    const detail = `the audit chain is unbroken, ${chain.entries} entries; heads that others kept of it: ${chain.kept}, all in place`
    return { invariant: 12, ok: true, detail }
  }
  const shown = chain.keptBy === null ? '' : `, as the head shows that ${chain.keptBy} kept`
  const where = chain.lane === 0 ? '' : ` of lane ${chain.lane}`
  return {
    invariant: 12,
    ok: false,
    detail: `the audit chain is broken at entry ${chain.brokenAt}${where}${shown}`,
  }
}
