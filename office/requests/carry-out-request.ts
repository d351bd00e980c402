import { HttpRefusal } from '@scratchless/program/http/http-server'
import { appendAudit } from '../audit-chain/audit-chain.ts'
import { inTransaction } from '../database/database.ts'
import {
  findRequest,
  markEnded,
  markExpired,
  type RequestRow,
  readAgreedNumbers,
  readAgreements,
} from './request.sql.ts'
import { NotYet, type RequestNeeds } from './request-needs.ts'

const AT_ONCE = 100

/** Does what was agreed, or writes down why not. What must wait stays agreed, and is tried again by timed work. */
export async function carryOutRequest(needs: RequestNeeds, number: bigint): Promise<void> {
  const { pool, party, clock, carriers, log } = needs
  const request = await findRequest(pool, number)
  if (request === undefined || request.state !== 'agreed') return
  const carrier = carriers[request.kind]
  if (carrier === undefined) throw new Error(`nobody carries out ${request.kind}`)
  try {
    const done = await carrier({
      ...{ party, number: Number(number), kind: request.kind, facts: request.facts },
      ...{ endsAtS: request.expires_at.getTime() / 1000, askedBy: request.asked_by },
      agreements: await readAgreements(pool, number),
      late: request.expires_at.getTime() <= clock.nowMs(),
    })
    await end(needs, request, { state: 'done', why: null }, done)
  } catch (error) {
    if (error instanceof NotYet) log.warn({ request: Number(number), why: error.message }, 'a request waits')
    else if (error instanceof HttpRefusal) await end(needs, request, { state: 'refused', why: error.code })
    else throw error
  }
}

async function end(
  { pool, clock }: RequestNeeds,
  { number, kind }: RequestRow,
  outcome: { readonly state: 'done' | 'refused'; readonly why: string | null },
  details: object = {},
): Promise<void> {
  await inTransaction(pool, async (sql) => {
    const at = new Date(clock.nowMs())
    // Of two that carry it out at once, one writes it down.
    if (!(await markEnded(sql, number, ['agreed'], { ...outcome, by: 'system', at }))) return
    const { state, why } = outcome
    await appendAudit(sql, {
      ...{ at, actor: 'system', action: `request-${state}`, subject: String(number) },
      details: { kind, ...(why !== null && { why }), ...details },
    })
  })
}

/** For timed work: what was agreed and not done is done, and what nobody agreed to in time ends. */
export async function settleRequests(needs: RequestNeeds): Promise<void> {
  for (const number of await readAgreedNumbers(needs.pool, AT_ONCE)) await carryOutRequest(needs, number)
  await inTransaction(needs.pool, async (sql) => {
    const at = new Date(needs.clock.nowMs())
    for (const number of await markExpired(sql, at))
      await appendAudit(sql, { at, actor: 'system', action: 'request-expired', subject: String(number) })
  })
}
