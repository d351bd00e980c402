import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { OperatorId } from '@scratchless/voucher/ids'
import type { SerialNumber } from '@scratchless/voucher/serial'
import { appendAudit } from '../audit-chain/audit-chain.ts'
import { inTransaction } from '../database/database.ts'
import type { CaseOffice } from './case-office.ts'
import { lockCases } from './code-case.sql.ts'
import { insertExchange } from './code-exchange.sql.ts'
import { mayBeReplaced, mayReplace } from './code-states.ts'

export interface CodeExchange {
  /** At the centre. */
  readonly operator?: OperatorId | undefined
  readonly replaced: SerialNumber
  readonly replacing: SerialNumber
  readonly cause: string
}

/**
 * Notes that one code went out in the place of another, which is void. Throws an HttpRefusal 404 `unknown-serial`, 409
 * `not-from` (with the serial and its state), `exchanged-already`.
 */
export async function exchangeCode(
  office: CaseOffice,
  actor: string,
  { operator, replaced, replacing, cause }: CodeExchange,
): Promise<void> {
  await office.catchUp()
  const { scope, stateOf } = office.stockOf(operator)
  await inTransaction(office.pool, async (sql) => {
    const at = new Date(office.clock.nowMs())
    await lockCases(sql, scope)
    for (const [serial, may] of [
      [replaced, mayBeReplaced],
      [replacing, mayReplace],
    ] as const) {
      const state = await stateOf(sql, serial)
      if (state === undefined) throw new HttpRefusal(404, 'unknown-serial', { serial })
      if (!may(state)) throw new HttpRefusal(409, 'not-from', { serial, state })
    }
    if (!(await insertExchange(sql, scope, { replaced, replacing, cause, by: actor, at })))
      throw new HttpRefusal(409, 'exchanged-already')
    const subject = operator === undefined ? replaced : `${operator} ${replaced}`
    await appendAudit(sql, { at, actor, action: 'code-exchanged', subject, details: { replacing, cause } })
  })
}
