import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction } from '@scratchless/office/database/database'
import type { StaffMember } from '@scratchless/office/staff/staff'
import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { OperatorId } from '@scratchless/voucher/ids'
import type { SerialRange } from '@scratchless/voucher/serial'
import type { CentreNeeds } from '../needs.ts'
import { DEPOT } from '../settings.ts'
import type { HeldView } from './case-shapes.ts'
import { insertCase, liesInCase, lockCases } from './code-case.sql.ts'
import { countMarks, holdRange } from './held-codes.sql.ts'

/**
 * Opens a case: what is here of a range goes to no terminal until the case ends. What terminals have already stays
 * with them, and is told as a count. Throws an HttpRefusal 409 `unknown-range`, `overlaps`.
 */
export async function holdCodes(
  { pool, clock }: Pick<CentreNeeds, 'pool' | 'clock'>,
  member: StaffMember,
  { operator, cause, ...range }: SerialRange & { readonly operator: OperatorId; readonly cause: string },
): Promise<HeldView> {
  return inTransaction(pool, async (sql) => {
    const at = new Date(clock.nowMs())
    const actor = member.signInName
    await lockCases(sql, DEPOT, operator)
    if (await liesInCase(sql, DEPOT, operator, range, 'on_hold')) throw new HttpRefusal(409, 'overlaps')
    const held = await holdRange(sql, DEPOT, operator, range)
    const marks = await countMarks(sql, DEPOT, operator, range)
    if (marks.known === 0) throw new HttpRefusal(409, 'unknown-range')
    const opened = await insertCase(sql, {
      ...{ depot: DEPOT, operator, ...range, state: 'on_hold', cause, by: actor, at },
    })
    const counts = {
      held,
      heldAlready: marks.aside - held,
      given: marks.given,
      unknown: range.count - marks.known,
    }
    const details = { operator, ...range, cause, ...counts }
    await appendAudit(sql, { at, actor, action: 'codes-held', subject: opened.id, details })
    return { ...opened, ...counts }
  })
}
