import { HttpRefusal } from '@scratchless/program/http/http-server'
import { appendAudit } from '../audit-chain/audit-chain.ts'
import { inTransaction } from '../database/database.ts'
import type { CaseOffice } from './case-office.ts'
import type { CaseView, ReleasedView } from './case-shapes.ts'
import { findCase, lockCases, markCaseEnded, rangesInNoCase } from './code-case.sql.ts'
import { mayBeReleased } from './code-states.ts'

/**
 * Ends a case: what is aside for no other open case may be given again. `request`: which asked for it, where two people
 * must agree; `anyState`: also what people do not end, because it never came to be. Throws an HttpRefusal 404
 * `unknown-case`, 409 `ended-already`, `not-released`.
 */
export async function endCase(
  office: CaseOffice,
  actor: string,
  { id, cause }: { readonly id: string; readonly cause: string },
  {
    request = null,
    anyState = false,
  }: { readonly request?: bigint | null; readonly anyState?: boolean } = {},
): Promise<ReleasedView> {
  const { pool, clock, books, stockOf } = office
  const view = await inTransaction(pool, async (sql) => {
    const at = new Date(clock.nowMs())
    const known = await openCaseOr404(office, id, sql)
    if (!anyState && !mayBeReleased(known.state)) throw new HttpRefusal(409, 'not-released')
    const stock = stockOf(known.operator)
    const { scope } = stock
    await lockCases(sql, scope)
    const ended = await markCaseEnded(sql, books, id, { cause, by: actor, at, request })
    if (ended === undefined) throw new HttpRefusal(409, 'ended-already')
    let released = 0
    for (const range of await rangesInNoCase(sql, scope, ended))
      released += await stock.releaseRange(sql, range, at)
    await stock.ended(sql, ended, at)
    const { operator, firstSerial, count } = ended
    const details = { ...(operator && { operator }), firstSerial, count, cause, released }
    await appendAudit(sql, { at, actor, action: 'codes-released', subject: id, details })
    return { ...ended, released }
  })
  await office.tell()
  return view
}

/** Throws an HttpRefusal 404 `unknown-case`. */
export async function openCaseOr404(
  { pool, books }: CaseOffice,
  id: string,
  sql: Parameters<typeof findCase>[0] = pool,
): Promise<CaseView> {
  const known = await findCase(sql, books, id)
  if (known === undefined) throw new HttpRefusal(404, 'unknown-case')
  return known
}
