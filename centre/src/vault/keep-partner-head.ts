import { keepHead } from '@scratchless/office/audit-chain/keep-head'
import type { Sql } from '@scratchless/office/database/database'
import type { OperatorId } from '@scratchless/voucher/ids'
import type { AuditHeadField } from '@scratchless/wire/restock/audit-head-field'
import type { VaultNeeds } from './vault-needs.ts'

/**
 * Keeps the head that a verified message of an operator brought. Returned is one that contradicts another that is kept,
 * which is an alarm for people: the books raise it.
 */
export async function keepPartnerHead(
  { clock }: Pick<VaultNeeds, 'clock'>,
  sql: Sql,
  operator: OperatorId,
  { n, hash }: AuditHeadField,
): Promise<AuditHeadField | null> {
  const kept = await keepHead(sql, { party: operator, n, hash, keptAt: new Date(clock.nowMs()) })
  return kept === 'contradicts' ? { n, hash } : null
}
