import type { AuditHead } from '@scratchless/wire/supply/audit-head'
import type { Store } from '../store/connect-store.ts'

/** Fifty days at twenty answers a day. A chain that was cut off misses the highest ones first. */
const MOST_KEPT = 1_000

/** Keeps a head of the centre's audit chain, inside the transaction that stores the answer that brought it. */
export function keepHead(store: Store, { n, hash }: AuditHead, keptAtMs: number): void {
  const { changes } = store
    .statement('INSERT INTO kept_head (n, hash, kept_at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
    .run(n, hash, keptAtMs)
  if (changes === 0) return
  store
    .statement('DELETE FROM kept_head WHERE n < (SELECT n FROM kept_head ORDER BY n DESC LIMIT 1 OFFSET ?)')
    .run(MOST_KEPT - 1)
}

/** The lowest first. */
export function readKeptHeads(store: Store): { n: bigint; hash: Buffer }[] {
  return store
    .statement('SELECT n, hash FROM kept_head ORDER BY n, hash')
    .all()
    .map(({ n, hash }) => ({ n: BigInt(n as number), hash: Buffer.from(hash as Uint8Array) }))
}
