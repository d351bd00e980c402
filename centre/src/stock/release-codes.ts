import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction } from '@scratchless/office/database/database'
import type { StaffMember } from '@scratchless/office/staff/staff'
import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { CentreNeeds } from '../needs.ts'
import { DEPOT } from '../settings.ts'
import type { ReleasedView } from './case-shapes.ts'
import { findCase, lockCases, markCaseEnded, rangesInNoCase } from './code-case.sql.ts'
import { releaseRange } from './held-codes.sql.ts'

/**
 * Ends a case: what is aside for no other open case may be supplied again, codes that the vault would not close
 * included. Throws an HttpRefusal 404 `unknown-case`, 409 `ended-already`.
 */
export async function releaseCodes(
  { pool, clock }: Pick<CentreNeeds, 'pool' | 'clock'>,
  member: StaffMember,
  { id, cause }: { readonly id: string; readonly cause: string },
): Promise<ReleasedView> {
  return inTransaction(pool, async (sql) => {
    const at = new Date(clock.nowMs())
    const actor = member.signInName
    const known = await findCase(sql, DEPOT, id)
    if (known === undefined) throw new HttpRefusal(404, 'unknown-case')
    await lockCases(sql, DEPOT, known.operator)
    const ended = await markCaseEnded(sql, DEPOT, id, { cause, by: actor, at })
    if (ended === undefined) throw new HttpRefusal(409, 'ended-already')
    let released = 0
    for (const range of await rangesInNoCase(sql, DEPOT, ended.operator, ended))
      released += await releaseRange(sql, DEPOT, ended.operator, range, at)
    const { operator, firstSerial, count } = ended
    const details = { operator, firstSerial, count, cause, released }
    await appendAudit(sql, { at, actor, action: 'codes-released', subject: id, details })
    return { ...ended, released }
  })
}
