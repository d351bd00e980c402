// Which certificates the centre's vault has given, by its own journal.

import { createPool } from '@scratchless/office/database/database'
import type { TillState } from '@scratchless/terminal/till/till-contract'
import type { OpenTill } from '../demo/fill-till.ts'
import type { Market } from '../demo/start-market.ts'

export interface Renewals {
  readonly ofTill: ReadonlyMap<OpenTill, number>
  readonly centreCertificates: number
}

export async function readRenewals({ database }: Market, tills: readonly OpenTill[]): Promise<Renewals> {
  const pool = createPool({ url: database.offices.get('centre')!.vault.owner, ...{ name: 'story', max: 1 } })
  try {
    const { rows } = await pool.query(
      'SELECT terminal_id, count(*)::int AS renewals FROM vault_renewal GROUP BY terminal_id',
    )
    const renewals = new Map(rows.map((row) => [row.terminal_id as string, row.renewals as number]))
    const ofTill = new Map<OpenTill, number>()
    for (const till of tills) {
      const { terminal } = await till.terminal.visit().get<TillState>('/api/state')
      ofTill.set(till, renewals.get(terminal!) ?? 0)
    }
    const { rows: own } = await pool.query(
      `SELECT count(*)::int AS certificates FROM vault_certificate WHERE subject = 'centre'`,
    )
    return { ofTill, centreCertificates: own[0].certificates }
  } finally {
    await pool.end()
  }
}
