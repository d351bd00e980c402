import { HttpRefusal } from '@scratchless/program/http/http-server'
import { appendAudit } from '../audit-chain/audit-chain.ts'
import { inTransaction } from '../database/database.ts'
import type { StaffMember } from '../staff/staff.ts'
import { verifyAgreements } from './agreement.ts'
import { carryOutRequest } from './carry-out-request.ts'
import { findRequest, insertAgreement, markAgreed, markEnded, type RequestRow } from './request.sql.ts'
import { agreementsNeeded } from './request-kinds.ts'
import type { RequestNeeds } from './request-needs.ts'

/**
 * One agreement to somebody else's request, and with the last that is needed the act itself. Throws an HttpRefusal 404
 * `unknown-request`; 409 `not-open`, `expired`, `agreed-already`; 403 `own-request`, `unknown-approver`,
 * `wrong-signature`.
 */
export async function agreeToRequest(
  needs: RequestNeeds,
  member: StaffMember,
  number: bigint,
  { approver, signature }: { readonly approver: string; readonly signature: Uint8Array },
): Promise<void> {
  const { pool, clock, party, approvers } = needs
  const agreed = await inTransaction(pool, async (sql) => {
    const at = new Date(clock.nowMs())
    const by = member.signInName
    const request = await openRequest(await findRequest(sql, number, 'locked'), at)
    if (request.asked_by === by || request.asked_by === approver) throw new HttpRefusal(403, 'own-request')
    const { kind, facts, expires_at: expiresAt } = request
    const said = { party, number: Number(number), endsAtS: expiresAt.getTime() / 1000, kind, facts }
    const alone = verifyAgreements(approvers, said, [{ approver, signature }])
    if (alone === 'unknown-approver' || alone === 'wrong-signature') throw new HttpRefusal(403, alone)
    if (!(await insertAgreement(sql, request, { approver, signature, by, at })))
      throw new HttpRefusal(409, 'agreed-already')
    const last = request.agreements.length + 1 >= agreementsNeeded(kind)
    if (last) await markAgreed(sql, number, by)
    const details = { approver, hash: request.hash.toString('hex'), last }
    await appendAudit(sql, { at, actor: by, action: 'request-agreed', subject: String(number), details })
    return last
  })
  if (agreed) await carryOutRequest(needs, number)
}

/**
 * Ends a request before it is agreed: its own asker withdraws it, somebody else refuses it. Throws an HttpRefusal 404
 * `unknown-request`; 409 `not-open`, `expired`; 403 `own-request`, `not-own-request`.
 */
export async function endRequest(
  { pool, clock }: RequestNeeds,
  member: StaffMember,
  number: bigint,
  { state, why }: { readonly state: 'refused' | 'withdrawn'; readonly why: string },
): Promise<void> {
  await inTransaction(pool, async (sql) => {
    const at = new Date(clock.nowMs())
    const by = member.signInName
    const request = await openRequest(await findRequest(sql, number, 'locked'), at)
    if (state === 'refused' && request.asked_by === by) throw new HttpRefusal(403, 'own-request')
    if (state === 'withdrawn' && request.asked_by !== by) throw new HttpRefusal(403, 'not-own-request')
    await markEnded(sql, number, ['open'], { state, by, at, why })
    const details = { kind: request.kind, why }
    await appendAudit(sql, { at, actor: by, action: `request-${state}`, subject: String(number), details })
  })
}

async function openRequest(request: RequestRow | undefined, at: Date): Promise<RequestRow> {
  if (request === undefined) throw new HttpRefusal(404, 'unknown-request')
  if (request.state !== 'open') throw new HttpRefusal(409, 'not-open')
  if (request.expires_at <= at) throw new HttpRefusal(409, 'expired')
  return request
}
