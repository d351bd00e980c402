// Codes that may not be sold: the runs are cut so that each is wholly barred or not at all. What was sold stays where it
// is; what is barred no more sells again.

import type { OperatorId } from '@scratchless/voucher/ids'
import { type SerialNumber, serialToNumber } from '@scratchless/voucher/serial'
import type { Store } from '../store/connect-store.ts'

export interface BarredRange {
  readonly operator: OperatorId
  readonly firstSerial: SerialNumber
  readonly count: number
  readonly why: 'held' | 'recalled' | 'stolen'
}

/** These ranges and no others. Inside the caller's transaction. */
export function barRuns(store: Store, ranges: readonly BarredRange[]): void {
  store.statement('UPDATE safe_run SET barred = NULL WHERE barred IS NOT NULL').run()
  for (const { operator, firstSerial, count, why } of ranges) {
    const from = serialToNumber(firstSerial)
    const to = from + count
    const rows = store
      .statement(
        `SELECT id, first_serial, count, next_index FROM safe_run
         WHERE operator = ? AND next_index < count AND first_serial < ? AND first_serial + count > ?`,
      )
      .all(operator, to, from)
    for (const row of rows) {
      const first = row.first_serial as number
      const end = first + (row.count as number)
      const barFrom = Math.max(from, first + (row.next_index as number))
      const barTo = Math.min(to, end)
      if (barFrom >= barTo) continue
      const id = row.id as number
      if (barTo < end) cutRun(store, id, barTo - first)
      const barred = barFrom > first ? cutRun(store, id, barFrom - first) : id
      store.statement('UPDATE safe_run SET barred = ? WHERE id = ?').run(why, barred)
    }
  }
}

/** Makes two runs of one: it keeps `count` codes, and the rest is a run of its own, whose number is returned. */
function cutRun(store: Store, id: number, count: number): number {
  const { codes } = store.statement('SELECT codes FROM safe_codes WHERE run = ?').get(id)!
  const run = store.statement('SELECT * FROM safe_run WHERE id = ?').get(id)!
  const bytes = codes as Uint8Array
  const at = (bytes.length / (run.count as number)) * count
  store.statement('UPDATE safe_run SET count = ? WHERE id = ?').run(count, id)
  store.statement('UPDATE safe_codes SET codes = ? WHERE run = ?').run(bytes.subarray(0, at), id)
  const { lastInsertRowid } = store
    .statement(
      `INSERT INTO safe_run (delivery, epoch, operator, product, lot, expires_on, digits, first_serial, count)
       SELECT delivery, epoch, operator, product, lot, expires_on, digits, first_serial + ?1, ?2
       FROM safe_run WHERE id = ?3`,
    )
    .run(count, (run.count as number) - count, id)
  store
    .statement('INSERT INTO safe_codes (run, codes) VALUES (?, ?)')
    .run(lastInsertRowid, bytes.subarray(at))
  return Number(lastInsertRowid)
}
