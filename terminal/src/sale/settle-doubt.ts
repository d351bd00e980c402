// A person has looked at the paper. A code once in doubt is never sold again: it ends as sold or as damaged.

import type { Store } from '../store/connect-store.ts'
import type { TerminalClock } from '../supply/terminal-clock.ts'
import { endDoubt, endIntent, insertEvent, type StoredSale, saleByNumber, salesIn } from './sale.sql.ts'
import type { DoubtForm } from './sales-contract.ts'

/** In order of precedence. */
type DoubtRefusal = 'unknown-sale' | 'not-in-doubt'

/** The same answer given twice finds the sale as it was settled. */
export function settleDoubt(
  { store, clock }: { store: Store; clock: TerminalClock },
  number: number,
  { answer }: DoubtForm,
): StoredSale | DoubtRefusal {
  const sale = saleByNumber(store, number)
  if (sale === undefined) return 'unknown-sale'
  const state = answer === 'came-out' ? 'printed' : 'damaged'
  if (sale.state === state) return sale
  if (sale.state !== 'in_doubt') return 'not-in-doubt'
  const atMs = clock.nowMs()
  store.transaction(() => {
    endDoubt(store, number, state, atMs)
    insertEvent(store, number, answer === 'came-out' ? 'settled-sold' : 'settled-damaged', atMs)
  })
  return { ...sale, state }
}

/** At the start: what was promised and never confirmed is in doubt. Returns how many sales. */
export function doubtOpenIntents({ store, clock }: { store: Store; clock: TerminalClock }): number {
  const open = salesIn(store, 'intent')
  const atMs = clock.nowMs()
  store.transaction(() => {
    for (const { number } of open) {
      endIntent(store, number, 'in_doubt', atMs)
      insertEvent(store, number, 'in-doubt', atMs)
    }
  })
  return open.length
}
