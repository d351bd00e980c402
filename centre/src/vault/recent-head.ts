// The head of our own audit chain for answers on the supply line: read once for a minute of answers, so that none of
// them pays a statement. An older head binds us to a little less of the chain, and to nothing wrong.

import type { AuditHead } from '@scratchless/office/audit-chain/audit-chain'
import { readHead } from '@scratchless/office/audit-chain/audit-chain.sql'
import type { VaultNeeds } from './vault-needs.ts'

export type RecentHead = () => Promise<AuditHead>

const FRESH_MS = 60_000

/** A head that stood within the last minute. Rejects where it had to be read and could not be. */
export function keepRecentHead({ books, clock }: Pick<VaultNeeds, 'books' | 'clock'>): RecentHead {
  let last: { readonly readAtMs: number; readonly head: Promise<AuditHead> } | null = null
  return () => {
    const nowMs = clock.nowMs()
    const ageMs = last === null ? FRESH_MS : nowMs - last.readAtMs
    // A clock that was set back makes no head older than it looks.
    if (last === null || ageMs >= FRESH_MS || ageMs < 0) {
      const read = { readAtMs: nowMs, head: readHead(books) }
      last = read
      read.head.catch(() => {
        if (last === read) last = null
      })
    }
    return last.head
  }
}
