import { HttpRefusal } from '@scratchless/program/http/http-server'
import { appendAudit } from '../audit-chain/audit-chain.ts'
import { inTransaction } from '../database/database.ts'
import type { StaffMember } from '../staff/staff.ts'
import type { CaseOffice } from './case-office.ts'
import type { ReleasedView } from './case-shapes.ts'
import { findCase, lockCases, markCaseEnded, rangesInNoCase } from './code-case.sql.ts'

/**
 * Ends a case: what is aside for no other open case may be given again. Throws an HttpRefusal 404 `unknown-case`, 409
 * `ended-already`.
 */
export async function releaseCodes(
  { pool, clock, all, stockOf }: CaseOffice,
  member: StaffMember,
  { id, cause }: { readonly id: string; readonly cause: string },
): Promise<ReleasedView> {
  return inTransaction(pool, async (sql) => {
    const at = new Date(clock.nowMs())
    const actor = member.signInName
    const known = await findCase(sql, all, id)
    if (known === undefined) throw new HttpRefusal(404, 'unknown-case')
    const { scope, ...stock } = stockOf(known.operator)
    await lockCases(sql, scope)
    const ended = await markCaseEnded(sql, all, id, { cause, by: actor, at })
    if (ended === undefined) throw new HttpRefusal(409, 'ended-already')
    let released = 0
    for (const range of await rangesInNoCase(sql, scope, ended))
      released += await stock.releaseRange(sql, range, at)
    const { operator, firstSerial, count } = ended
    const details = { ...(operator && { operator }), firstSerial, count, cause, released }
    await appendAudit(sql, { at, actor, action: 'codes-released', subject: id, details })
    return { ...ended, released }
  })
}
