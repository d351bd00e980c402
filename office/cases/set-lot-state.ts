import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { LotId, OperatorId } from '@scratchless/voucher/ids'
import { appendAudit } from '../audit-chain/audit-chain.ts'
import { inTransaction, type Sql } from '../database/database.ts'
import { NotYet } from '../requests/request-needs.ts'
import type { CaseOffice, CountedLot } from './case-office.ts'
import { insertLotState, type LotStateView, readLotState } from './lot-state.sql.ts'
import { actOfLot, type LotTarget } from './lot-states.ts'

export interface LotChange {
  /** At the centre. */
  readonly operator?: OperatorId | undefined
  readonly lot: LotId
  readonly state: LotTarget
  readonly cause: string
}

/**
 * Brings a whole lot into another state. Held, recalled or ended, nothing of it is given to anybody, what arrives later
 * included. `request`: which asked for it, where two people must agree. Throws an HttpRefusal 404 `unknown-lot`, 409
 * `not-from`, and NotYet.
 */
export async function setLotState(
  office: CaseOffice,
  actor: string,
  { operator, lot, state, cause }: LotChange,
  request: bigint | null = null,
): Promise<LotStateView & CountedLot> {
  await office.catchUp()
  const { scope, lots } = office.stockOf(operator)
  const view = await inTransaction(office.pool, async (sql) => {
    const at = new Date(office.clock.nowMs())
    await lots.lock(sql, lot)
    const { from, counted } = await mayBring(sql, office, { operator, lot, state })
    if (state === 'void' && (await lots.isUnderWay(sql, lot)))
      throw new NotYet('codes of the lot are just being closed for somebody')
    const changed = await insertLotState(sql, scope, { lot, state, cause, by: actor, at, request })
    if (state === 'in_stock') await lots.release(sql, lot)
    else await lots.hold(sql, lot, at)
    await lots.changed(sql, changed, at)
    const subject = operator === undefined ? lot : `${operator} ${lot}`
    const details = { from, state, cause, ...counted }
    await appendAudit(sql, { at, actor, action: 'lot-state-set', subject, details })
    return { ...changed, ...counted }
  })
  return { ...view, ...(await office.tell()) }
}

/** Which act it would be, and of how many codes. Throws an HttpRefusal 404 `unknown-lot`, 409 `not-from`. */
export async function mayBring(
  sql: Sql,
  { stockOf }: CaseOffice,
  { operator, lot, state }: Omit<LotChange, 'cause'>,
) {
  const { scope, lots } = stockOf(operator)
  const counted = await lots.count(sql, lot)
  if (counted === undefined) throw new HttpRefusal(404, 'unknown-lot')
  const from = await readLotState(sql, scope, lot)
  const act = actOfLot(from, state)
  if (act === undefined) throw new HttpRefusal(409, 'not-from', { state: from })
  return { from, act, counted }
}

/** What the vault did not believe never was: the lot is back where it was. */
export async function takeBackLotState(
  office: CaseOffice,
  { operator, lot }: LotStateView,
  to: LotStateView['state'],
  cause: string,
): Promise<void> {
  const { scope, lots } = office.stockOf(operator)
  await inTransaction(office.pool, async (sql) => {
    const at = new Date(office.clock.nowMs())
    await lots.lock(sql, lot)
    const back = { lot, state: to, cause, by: 'system', at, request: null }
    const changed = await insertLotState(sql, scope, back)
    if (to === 'in_stock') await lots.release(sql, lot)
    await lots.changed(sql, changed, at)
    const subject = operator === undefined ? lot : `${operator} ${lot}`
    await appendAudit(sql, {
      ...{ at, actor: 'system', action: 'lot-state-set', subject },
      details: { from: 'void', state: to, cause },
    })
  })
  await office.tell()
}
