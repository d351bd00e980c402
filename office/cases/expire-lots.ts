import { appendAudit } from '../audit-chain/audit-chain.ts'
import { officeTime } from '../calendar/office-day.ts'
import { inTransaction } from '../database/database.ts'
import type { CaseOffice } from './case-office.ts'
import { insertLotState, readLotState } from './lot-state.sql.ts'
import { mayExpire } from './lot-states.ts'

/** For timed work: lots whose last day has passed, by the office's clock, are given to nobody any more. */
export async function expireLots(office: CaseOffice, timeZone: string): Promise<number> {
  const today = officeTime(new Date(office.clock.nowMs()), timeZone).day
  let expired = 0
  for (const { operator, lot, lastDay } of await office.lotsPast(today)) {
    const { scope, lots } = office.stockOf(operator)
    await inTransaction(office.pool, async (sql) => {
      const at = new Date(office.clock.nowMs())
      await lots.lock(sql, lot)
      const from = await readLotState(sql, scope, lot)
      // Somebody, or another process, was first.
      if (!mayExpire(from)) return
      const cause = `its last day was ${lastDay}`
      const change = { lot, state: 'expired', cause, by: 'system', at, request: null } as const
      const changed = await insertLotState(sql, scope, change)
      await lots.hold(sql, lot, at)
      await lots.changed(sql, changed, at)
      const subject = operator === undefined ? lot : `${operator} ${lot}`
      const details = { from, state: 'expired', cause }
      await appendAudit(sql, { at, actor: 'system', action: 'lot-state-set', subject, details })
      expired++
    })
  }
  if (expired > 0) await office.tell()
  return expired
}
