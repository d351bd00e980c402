import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { OperatorId } from '@scratchless/voucher/ids'
import type { SerialRange } from '@scratchless/voucher/serial'
import { appendAudit } from '../audit-chain/audit-chain.ts'
import { inTransaction, type Sql } from '../database/database.ts'
import { NotYet } from '../requests/request-needs.ts'
import type { CaseOffice, CodeStock } from './case-office.ts'
import type { HeldView } from './case-shapes.ts'
import { insertCase, lockCases, statesInRange } from './code-case.sql.ts'
import { type AsideState, mayBecome } from './code-states.ts'

export interface CaseToOpen extends SerialRange {
  /** At the centre. */
  readonly operator?: OperatorId | undefined
  readonly state: AsideState
  readonly cause: string
}

interface CountedCodes {
  readonly here: number
  readonly given: number
  readonly aside: number
  readonly unknown: number
}

/**
 * Opens a case: what is here of a range is given to nobody until the case ends, if it may end. What was given already
 * stays where it is, and is told as a count. `request`: which asked for it, where two people must agree. Throws an
 * HttpRefusal 409 `unknown-range`, `overlaps`, `not-from` (with the state), and NotYet.
 */
export async function openCase(
  office: CaseOffice,
  actor: string,
  { operator, state, cause, ...range }: CaseToOpen,
  request: bigint | null = null,
): Promise<HeldView> {
  await office.catchUp()
  const stock = office.stockOf(operator)
  const { scope } = stock
  const view = await inTransaction(office.pool, async (sql) => {
    const at = new Date(office.clock.nowMs())
    await lockCases(sql, scope)
    await stock.lockRange(sql, range)
    // What is free before it is put aside is what says whether it may be.
    const { here, given, aside, unknown } = await mayOpen(sql, stock, state, range)
    if (state === 'void' && (await stock.isUnderWay(sql, range)))
      throw new NotYet('codes of the range are just being closed for somebody')
    const held = await stock.holdRange(sql, range)
    const opened = await insertCase(sql, scope, { ...range, state, cause, by: actor, at, request })
    await stock.opened(sql, opened, at)
    const counts = { held, heldAlready: here + aside - held, given, unknown }
    const details = { ...(operator && { operator }), ...range, state, cause, ...counts }
    const action = state === 'on_hold' ? 'codes-held' : 'codes-marked'
    await appendAudit(sql, { at, actor, action, subject: opened.id, details })
    return { ...opened, ...counts }
  })
  return { ...view, ...(await office.tell()) }
}

/** The same questions, asked before anybody is asked to agree. */
export async function examineCase(
  office: CaseOffice,
  { operator, state, ...range }: CaseToOpen,
): Promise<CountedCodes> {
  await office.catchUp()
  return mayOpen(office.pool, office.stockOf(operator), state, range)
}

async function mayOpen(
  sql: Sql,
  stock: CodeStock,
  state: AsideState,
  { firstSerial, count }: SerialRange,
): Promise<CountedCodes> {
  const range = { firstSerial, count }
  const states = await statesInRange(sql, stock.scope, range)
  if (states.includes(state)) throw new HttpRefusal(409, 'overlaps')
  const forbidden = states.find((from) => !mayBecome(from, state))
  if (forbidden !== undefined) throw new HttpRefusal(409, 'not-from', { state: forbidden })
  const { known, given, aside } = await stock.countMarks(sql, range)
  if (known === 0) throw new HttpRefusal(409, 'unknown-range')
  const here = known - given - aside
  if (here > 0 && !mayBecome('in_stock', state)) throw new HttpRefusal(409, 'not-from', { state: 'in_stock' })
  return { here, given, aside, unknown: count - known }
}
