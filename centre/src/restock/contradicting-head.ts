import type { OperatorId } from '@scratchless/voucher/ids'
import type { AuditHeadField } from '@scratchless/wire/restock/audit-head-field'
import { raiseAlarmOnce } from '../alarms.sql.ts'
import type { CentreNeeds } from '../needs.ts'

/** Two heads of an operator's audit chain that contradict each other show that he has had two chains. */
export async function alarmOfHead(
  { pool, clock }: Pick<CentreNeeds, 'pool' | 'clock'>,
  operator: OperatorId,
  head: AuditHeadField | null,
): Promise<void> {
  if (head === null) return
  const details = { n: String(head.n), hash: Buffer.from(head.hash).toString('hex') }
  const at = new Date(clock.nowMs())
  await raiseAlarmOnce(pool, { at, kind: 'audit-head-contradicts', subject: operator, details })
}
