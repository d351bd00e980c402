import { keepHead } from '@scratchless/office/audit-chain/keep-head'
import type { Sql } from '@scratchless/office/database/database'
import type { OperatorId } from '@scratchless/voucher/ids'
import type { AuditHeadField } from '@scratchless/wire/restock/audit-head-field'
import { raiseAlarm } from '../alarms.sql.ts'
import type { VaultNeeds } from './vault-needs.ts'

/** Keeps the head that a verified message of an operator brought; one that contradicts an earlier one is an alarm. */
export async function keepPartnerHead(
  { clock }: Pick<VaultNeeds, 'clock'>,
  sql: Sql,
  operator: OperatorId,
  { n, hash }: AuditHeadField,
): Promise<void> {
  const at = new Date(clock.nowMs())
  if ((await keepHead(sql, { party: operator, n, hash, keptAt: at })) === 'kept') return
  await raiseAlarm(sql, {
    at,
    kind: 'audit-head-contradicts',
    subject: operator,
    details: { n: String(n), hash: Buffer.from(hash).toString('hex') },
  })
}
