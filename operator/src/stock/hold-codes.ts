import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction } from '@scratchless/office/database/database'
import type { StaffMember } from '@scratchless/office/staff/staff'
import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { Clock } from '@scratchless/voucher/clock'
import type { OperatorId } from '@scratchless/voucher/ids'
import type { SerialRange } from '@scratchless/voucher/serial'
import { type AdoptNeeds, adoptSealedStock } from './adopt-sealed-stock.ts'
import { type CaseView, insertCase, liesInCase, lockCases } from './code-case.sql.ts'
import { countMarks, holdRange, productsOfRange } from './held-codes.sql.ts'
import { lockProducts } from './product.sql.ts'

/** Of the case's codes: put aside now, aside before, promised or sent already, and not here: these are free should they come. */
interface HeldView extends CaseView {
  readonly held: number
  readonly heldAlready: number
  readonly given: number
  readonly unknown: number
}

/**
 * Opens a case: what is here of a range is promised to no centre until the case ends. What centres have or were
 * promised stays theirs, and is told as a count. Throws an HttpRefusal 409 `unknown-range`, `overlaps`.
 */
export async function holdCodes(
  needs: AdoptNeeds & { readonly clock: Clock; readonly party: OperatorId },
  member: StaffMember,
  { cause, ...range }: SerialRange & { readonly cause: string },
): Promise<HeldView> {
  await adoptSealedStock(needs)
  return inTransaction(needs.pool, async (sql) => {
    const at = new Date(needs.clock.nowMs())
    const actor = member.signInName
    await lockCases(sql)
    if (await liesInCase(sql, range, 'on_hold')) throw new HttpRefusal(409, 'overlaps')
    // Whoever promises codes of a product has its row, and plans by what was free when it looked.
    await lockProducts(sql, needs.party, await productsOfRange(sql, range))
    const held = await holdRange(sql, range)
    const marks = await countMarks(sql, range)
    if (marks.known === 0) throw new HttpRefusal(409, 'unknown-range')
    const opened = await insertCase(sql, { ...range, state: 'on_hold', cause, by: actor, at })
    const counts = {
      held,
      heldAlready: marks.aside - held,
      given: marks.given,
      unknown: range.count - marks.known,
    }
    const details = { ...range, cause, ...counts }
    await appendAudit(sql, { at, actor, action: 'codes-held', subject: opened.id, details })
    return { ...opened, ...counts }
  })
}
