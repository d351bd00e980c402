import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction } from '@scratchless/office/database/database'
import type { StaffMember } from '@scratchless/office/staff/staff'
import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { Clock } from '@scratchless/voucher/clock'
import type { LotId } from '@scratchless/voucher/ids'
import { type AdoptNeeds, adoptSealedStock } from './adopt-sealed-stock.ts'
import { markActivated } from './stock.sql.ts'

/** Notes that the network accepts a lot's codes. Throws an HttpRefusal 409 `unknown-or-activated`. */
export async function activateLot(
  needs: AdoptNeeds & { clock: Clock },
  member: StaffMember,
  lot: LotId,
): Promise<void> {
  await adoptSealedStock(needs)
  await inTransaction(needs.pool, async (sql) => {
    const at = new Date(needs.clock.nowMs())
    if (!(await markActivated(sql, lot, at))) throw new HttpRefusal(409, 'unknown-or-activated')
    await appendAudit(sql, { at, actor: member.signInName, action: 'lot-activated', subject: lot })
  })
}
