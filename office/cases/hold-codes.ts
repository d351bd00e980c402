import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { OperatorId } from '@scratchless/voucher/ids'
import type { SerialRange } from '@scratchless/voucher/serial'
import { appendAudit } from '../audit-chain/audit-chain.ts'
import { inTransaction } from '../database/database.ts'
import type { StaffMember } from '../staff/staff.ts'
import type { CaseOffice } from './case-office.ts'
import type { HeldView } from './case-shapes.ts'
import { insertCase, liesInCase, lockCases } from './code-case.sql.ts'

/**
 * Opens a case: what is here of a range is given to nobody until the case ends. What was given already stays where it
 * is, and is told as a count. Throws an HttpRefusal 409 `unknown-range`, `overlaps`.
 */
export async function holdCodes(
  office: CaseOffice,
  member: StaffMember,
  { operator, cause, ...range }: SerialRange & { readonly operator?: OperatorId; readonly cause: string },
): Promise<HeldView> {
  await office.catchUp()
  const { scope, ...stock } = office.stockOf(operator)
  return inTransaction(office.pool, async (sql) => {
    const at = new Date(office.clock.nowMs())
    const actor = member.signInName
    await lockCases(sql, scope)
    if (await liesInCase(sql, scope, range, 'on_hold')) throw new HttpRefusal(409, 'overlaps')
    await stock.lockRange(sql, range)
    const held = await stock.holdRange(sql, range)
    const marks = await stock.countMarks(sql, range)
    if (marks.known === 0) throw new HttpRefusal(409, 'unknown-range')
    const opened = await insertCase(sql, scope, { ...range, state: 'on_hold', cause, by: actor, at })
    const counts = {
      held,
      heldAlready: marks.aside - held,
      given: marks.given,
      unknown: range.count - marks.known,
    }
    const details = { ...(operator && { operator }), ...range, cause, ...counts }
    await appendAudit(sql, { at, actor, action: 'codes-held', subject: opened.id, details })
    return { ...opened, ...counts }
  })
}
