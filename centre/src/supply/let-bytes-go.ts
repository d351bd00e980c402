// The bytes of requests and answers fill most of the books. A terminal asks again for its newest request only: whoever
// sent the next one had the answer. So what is older than the settings say goes, but for the hashes of both.

import { inTransaction } from '@scratchless/office/database/database'
import type { DepotId, TerminalId } from '@scratchless/voucher/ids'
import type { CentreNeeds } from '../needs.ts'
import { clearBytes, listTerminals, noteCleared } from './let-bytes-go.sql.ts'

const DAY_MS = 24 * 3_600_000
/** A transaction's terminals, and what it clears of each: 5,000 messages at most. */
const TERMINALS = 100
const MESSAGES = 50
/** What one run clears at most; the rest goes in the next. */
const MOST_TRANSACTIONS = 5_000

/** Returns of how many messages of a depot's terminals the bytes went. */
export async function letBytesGo(
  { pool, clock, settings }: Pick<CentreNeeds, 'pool' | 'clock' | 'settings'>,
  depot: DepotId,
): Promise<number> {
  const before = new Date(clock.nowMs() - settings.messageBytesDays * DAY_MS)
  let [after, gone]: [TerminalId | null, number] = [null, 0]
  for (let transactions = 0; transactions < MOST_TRANSACTIONS; transactions++) {
    const terminals = await listTerminals(pool, depot, after, TERMINALS)
    if (terminals.length === 0) break
    const cleared = await inTransaction(pool, async (sql) => {
      const rows = await clearBytes(sql, depot, terminals, before, MESSAGES)
      if (rows.length > 0) await noteCleared(sql, depot, rows)
      return rows
    })
    gone += cleared.length
    // Where one of them may have more, the same ones once more.
    const counts = Map.groupBy(cleared, ({ terminal }) => terminal)
    if (![...counts.values()].some(({ length }) => length === MESSAGES)) after = terminals.at(-1)!
  }
  return gone
}
