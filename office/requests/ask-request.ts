import { nowSeconds } from '@scratchless/voucher/clock'
import { appendAudit } from '../audit-chain/audit-chain.ts'
import { inTransaction } from '../database/database.ts'
import type { Act } from '../roles/roles.ts'
import type { StaffMember } from '../staff/staff.ts'
import { hashOfRequest, type RequestFacts } from './agreement.ts'
import { insertRequest, type RequestRow } from './request.sql.ts'
import { REQUEST_DAYS } from './request-kinds.ts'
import type { RequestNeeds } from './request-needs.ts'

const DAY_S = 86_400

/** Writes down what a member of staff asks for; nothing is done until others have agreed. */
export async function askRequest(
  { pool, clock }: Pick<RequestNeeds, 'pool' | 'clock'>,
  member: StaffMember,
  asked: {
    readonly kind: Act
    readonly subject: string
    readonly facts: RequestFacts
    readonly figures: RequestRow['figures']
  },
): Promise<RequestRow> {
  return inTransaction(pool, async (sql) => {
    const at = new Date(clock.nowMs())
    const actor = member.signInName
    // Whole seconds: the end is signed as a number of them.
    const expiresAt = new Date((nowSeconds(clock) + REQUEST_DAYS * DAY_S) * 1000)
    const hash = hashOfRequest(asked.kind, asked.facts)
    const request = await insertRequest(sql, { ...asked, hash, by: actor, at, expiresAt })
    const details = { kind: asked.kind, ...asked.facts, hash: hash.toString('hex') }
    await appendAudit(sql, { at, actor, action: 'request-made', subject: String(request.number), details })
    return request
  })
}
