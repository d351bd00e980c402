// The centre's word that this terminal sells no more: the one row that says so, while it holds.

import type { Store } from '../store/connect-store.ts'

export interface Stop {
  readonly reason: 'terminal-revoked' | 'terminal-locked'
  /** As the centre said it: `stolen`, `two-journals` … */
  readonly why: string
  /** The request that met it. */
  readonly sequence: number
  readonly saidAtS: number
}

export function stopOf(store: Store): Stop | null {
  const row = store.statement('SELECT reason, why, sequence, said_at_s FROM stop').get()
  if (row === undefined) return null
  return {
    reason: row.reason as Stop['reason'],
    why: row.why as string,
    sequence: row.sequence as number,
    saidAtS: row.said_at_s as number,
  }
}

export function saveStop(store: Store, { reason, why, sequence, saidAtS }: Stop): void {
  store
    .statement(
      `INSERT INTO stop (only_one, reason, why, sequence, said_at_s) VALUES (1, ?, ?, ?, ?)
       ON CONFLICT (only_one) DO UPDATE SET reason = excluded.reason, why = excluded.why,
         sequence = excluded.sequence, said_at_s = excluded.said_at_s`,
    )
    .run(reason, why, sequence, saidAtS)
}

export function dropStop(store: Store): void {
  store.statement('DELETE FROM stop').run()
}
