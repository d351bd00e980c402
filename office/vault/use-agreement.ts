// An act that two people agreed to, at the vault's own door: it makes the hash anew from what it is asked to do, verifies
// the signatures over it, over the act's number and its end, and does it once.

import type { Clock } from '@scratchless/voucher/clock'
import { inTransaction, type Pool, type SqlClient } from '../database/database.ts'
import {
  type AgreedRequest,
  type GivenAgreement,
  hashOfRequest,
  verifyAgreements,
} from '../requests/agreement.ts'
import { REQUEST_DAYS } from '../requests/request-kinds.ts'
import type { ApprovalRefusal, ApproverRing } from '../staff/approval.ts'
import { findUsedAgreement, insertUsedAgreement, lockVoids } from './use-agreement.sql.ts'

/** In order of precedence. `over`: its end has come, or is farther away than any request's. */
export type AgreementRefusal = ApprovalRefusal | 'used-already' | 'over'

/** A day more than any end: clocks differ. */
const LONGEST_MS = (REQUEST_DAYS + 1) * 86_400_000

/** How many codes it was about; the same act again is answered alike, and not done again. */
export async function useAgreement(
  {
    pool,
    clock,
    approvers,
  }: { readonly pool: Pool; readonly clock: Clock; readonly approvers: ApproverRing },
  request: AgreedRequest,
  agreements: readonly GivenAgreement[],
  act: (sql: SqlClient) => Promise<number>,
): Promise<{ readonly codes: number } | { readonly refusal: AgreementRefusal }> {
  const approved = verifyAgreements(approvers, request, agreements)
  if (approved !== 'approved') return { refusal: approved }
  const { number, kind, facts, endsAtS } = request
  const hash = hashOfRequest(kind, facts)
  return inTransaction(pool, async (sql) => {
    await lockVoids(sql)
    const used = await findUsedAgreement(sql, number)
    if (used !== undefined)
      return used.hash.equals(hash) ? { codes: used.codes } : { refusal: 'used-already' }
    const nowMs = clock.nowMs()
    const leftMs = endsAtS * 1000 - nowMs
    if (!(leftMs > 0 && leftMs <= LONGEST_MS)) return { refusal: 'over' }
    const codes = await act(sql)
    await insertUsedAgreement(sql, { number, hash, usedAt: new Date(nowMs), codes })
    return { codes }
  })
}
