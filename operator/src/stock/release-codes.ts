import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction, type Pool } from '@scratchless/office/database/database'
import type { StaffMember } from '@scratchless/office/staff/staff'
import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { Clock } from '@scratchless/voucher/clock'
import { type CaseView, findCase, lockCases, markCaseEnded, rangesInNoCase } from './code-case.sql.ts'
import { releaseRange } from './held-codes.sql.ts'

/**
 * Ends a case: what is aside for no other open case may be promised again. Throws an HttpRefusal 404 `unknown-case`,
 * 409 `ended-already`.
 */
export async function releaseCodes(
  { pool, clock }: { readonly pool: Pool; readonly clock: Clock },
  member: StaffMember,
  { id, cause }: { readonly id: string; readonly cause: string },
): Promise<CaseView & { readonly released: number }> {
  return inTransaction(pool, async (sql) => {
    const at = new Date(clock.nowMs())
    const actor = member.signInName
    if ((await findCase(sql, id)) === undefined) throw new HttpRefusal(404, 'unknown-case')
    await lockCases(sql)
    const ended = await markCaseEnded(sql, id, { cause, by: actor, at })
    if (ended === undefined) throw new HttpRefusal(409, 'ended-already')
    let released = 0
    for (const range of await rangesInNoCase(sql, ended)) released += await releaseRange(sql, range)
    const { firstSerial, count } = ended
    const details = { firstSerial, count, cause, released }
    await appendAudit(sql, { at, actor, action: 'codes-released', subject: id, details })
    return { ...ended, released }
  })
}
