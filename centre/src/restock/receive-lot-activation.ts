// From when an operator's network takes codes of a lot: all of it, or ranges. The operator's message says it, or a member
// of staff who was told so by other means. The mark is kept with the lot, and dates the packs that are here; those that come later are dated by the same marks when they come.

import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import type { SqlClient } from '@scratchless/office/database/database'
import type { OperatorId } from '@scratchless/voucher/ids'
import type { LotActivation } from '@scratchless/wire/restock/lot-activation'
import { insertActivation, insertActivationRuns, lockLot, markActivated } from './activation.sql.ts'

export async function receiveLotActivation(
  sql: SqlClient,
  operator: OperatorId,
  { id, lot, activatedOn, runs }: Pick<LotActivation, 'id' | 'lot' | 'activatedOn' | 'runs'>,
  at: Date,
  actor: string = operator,
): Promise<void> {
  await lockLot(sql, operator, lot)
  const whole = runs.length === 0
  await insertActivation(sql, { operator, id, lot, activatedOn, whole, takenAt: at })
  if (!whole) await insertActivationRuns(sql, operator, id, runs)
  const packs = await markActivated(sql, operator, lot, at)
  await appendAudit(sql, {
    at,
    actor,
    action: 'lot-activated',
    subject: `${operator} ${lot}`,
    details: { activatedOn, codes: whole ? null : runs.reduce((sum, { count }) => sum + count, 0), packs },
  })
}
