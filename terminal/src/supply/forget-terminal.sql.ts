// What a store holds of the name its terminal has.

import type { Store } from '../store/connect-store.ts'

export function hasSafeOrSale(store: Store): boolean {
  const row = store
    .statement('SELECT EXISTS (SELECT 1 FROM safe_run) OR EXISTS (SELECT 1 FROM sale) AS found')
    .get()!
  return row.found === 1
}

/** Where nothing came and nothing was sold: all that was asked and said under the name. */
export function forgetTerminal(store: Store): void {
  for (const table of [
    'supply_order_line',
    'supply_order',
    'request',
    'card_letter',
    'kept_head',
    'centre_word',
    'earlier_identity',
  ] as const)
    store.statement(`DELETE FROM ${table}`).run()
  store
    .statement(
      'UPDATE device SET letter = 0, last_sequence = 0, sequences_skipped = 0, available_minor = NULL, next_key = NULL',
    )
    .run()
}
