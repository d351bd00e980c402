import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction } from '@scratchless/office/database/database'
import type { StaffMember } from '@scratchless/office/staff/staff'
import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { LotId, OperatorId } from '@scratchless/voucher/ids'
import { newMessageId } from '@scratchless/voucher/random'
import type { SerialRange } from '@scratchless/voucher/serial'
import { type ActivationNeeds, sendLotActivations } from '../restock/send-lot-activation.ts'
import { findLot, insertActivation, insertActivationRuns, runsAreOfLot } from './activation.sql.ts'
import { type AdoptNeeds, adoptSealedStock } from './adopt-sealed-stock.ts'
import { lockProducts } from './product.sql.ts'
import { markActivated } from './stock.sql.ts'

interface Activation {
  readonly lot: LotId
  /** Absent: now. */
  readonly activatedOn?: string | undefined
  /** Absent: the whole lot. */
  readonly runs?: readonly SerialRange[] | undefined
}

/**
 * Notes from when the network accepts a lot's codes, and tells the centres that have some, or are promised some. Throws
 * an HttpRefusal 409 `unknown-or-activated`, `serials-not-of-lot`.
 */
export async function activateLot(
  needs: ActivationNeeds & AdoptNeeds & { party: OperatorId },
  member: StaffMember,
  { lot, activatedOn, runs = [] }: Activation,
): Promise<void> {
  await adoptSealedStock(needs)
  await inTransaction(needs.pool, async (sql) => {
    const at = new Date(needs.clock.nowMs())
    const from = activatedOn === undefined ? at : new Date(activatedOn)
    const known = await findLot(sql, lot)
    if (known === undefined) throw new HttpRefusal(409, 'unknown-or-activated')
    // Whoever promises codes of the lot says its date, or finds the activation below: not neither.
    await lockProducts(sql, needs.party, [known.product])
    const whole = runs.length === 0
    const marked = whole ? await markActivated(sql, lot, from) : known.activatedAt === null
    if (!marked) throw new HttpRefusal(409, 'unknown-or-activated')
    if (!whole && !(await runsAreOfLot(sql, lot, runs))) throw new HttpRefusal(409, 'serials-not-of-lot')
    const id = newMessageId(needs.random)
    const actor = member.signInName
    await insertActivation(sql, { id, lot, activatedOn: from, whole, madeAt: at, madeBy: actor })
    if (!whole) await insertActivationRuns(sql, id, runs)
    await sendLotActivations(needs, sql, [lot])
    const codes = runs.reduce((sum, { count }) => sum + count, 0)
    const details = { from: from.toISOString(), ...(!whole && { codes }) }
    await appendAudit(sql, { at, actor, action: 'lot-activated', subject: lot, details })
  })
}
