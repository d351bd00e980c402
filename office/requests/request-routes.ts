// What waits for a second person, as staff of either office see it and answer it.
//
//   GET  /api/requests?which=waiting|all&before=N               {requests: RequestView[], next}, newest first
//   GET  /api/requests/:id                                      RequestView; 404 unknown-request
//   POST /api/requests/:id/agreements   {approver, signature}   RequestView; 409 not-open, expired, agreed-already;
//                                         403 own-request, unknown-approver, wrong-signature
//   POST /api/requests/:id/refusal      {reason}                RequestView; 403 own-request
//   POST /api/requests/:id/withdrawal   {reason}                RequestView; 403 not-own-request
//
// An agreement is office/staff/approval's signApproval under AGREE over office/requests/agreement's agreedFields of the
// view's party, number, end, kind and facts: two approval keys where the vault must be sure (`needed`), one otherwise, and
// never the asker's.

import { HttpRefusal, parseInput } from '@scratchless/program/http/http-server'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { causeField } from '../cases/case-shapes.ts'
import { type StaffGuard, staffOf } from '../staff/staff-routes.ts'
import { agreeToRequest, endRequest } from './agree-to-request.ts'
import { findRequest, type RequestRow, type RequestState, readRequests } from './request.sql.ts'
import { agreementsNeeded } from './request-kinds.ts'
import type { RequestNeeds } from './request-needs.ts'
import { effectOf } from './request-words.ts'

/** What a page shows. */
const MAX_REQUESTS = 100

const numberField = z
  .string()
  .regex(/^[1-9]\d{0,14}$/)
  .transform(BigInt)
const IdParams = z.object({ id: numberField })
const PageQuery = z.object({
  which: z.enum(['waiting', 'all']).default('waiting'),
  before: numberField.optional(),
})
const AgreementBody = z.strictObject({
  approver: z.string().min(1).max(40),
  /** 64 bytes, r || s, base64. */
  signature: z.base64().length(88),
})
const ReasonBody = z.strictObject({ reason: causeField })

export interface RequestView {
  readonly party: string
  readonly number: number
  readonly kind: string
  readonly subject: string
  readonly facts: RequestRow['facts']
  readonly figures: RequestRow['figures']
  /** What it would do, a sentence a line. */
  readonly effect: ReturnType<typeof effectOf>
  /** Hexadecimal, of what is signed. */
  readonly hash: string
  readonly askedBy: string
  readonly askedAt: string
  readonly expiresAt: string
  readonly state: RequestState
  readonly agreements: readonly { readonly approver: string; readonly givenBy: string }[]
  readonly needed: number
  readonly endedBy: string | null
  readonly endedAt: string | null
  readonly endedWhy: string | null
}

export function viewOfRequest(party: string, row: RequestRow): RequestView {
  return {
    ...{ party, number: Number(row.number), kind: row.kind, subject: row.subject },
    ...{ facts: row.facts, figures: row.figures, effect: effectOf(row), hash: row.hash.toString('hex') },
    ...{
      askedBy: row.asked_by,
      askedAt: row.asked_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
    },
    ...{ state: row.state, agreements: row.agreements, needed: agreementsNeeded(row.kind) },
    ...{ endedBy: row.ended_by, endedAt: row.ended_at?.toISOString() ?? null, endedWhy: row.ended_why },
  }
}

export function addRequestRoutes(app: FastifyInstance, needs: RequestNeeds, guard: StaffGuard): void {
  const { pool, party } = needs
  async function view(number: bigint): Promise<RequestView> {
    const row = await findRequest(pool, number)
    if (row === undefined) throw new HttpRefusal(404, 'unknown-request')
    return viewOfRequest(party, row)
  }

  app.get('/api/requests', guard.mayDo('see-requests'), async (request) => {
    const { which, before = null } = parseInput(PageQuery, request.query)
    const rows = await readRequests(pool, { waitingOnly: which === 'waiting', before }, MAX_REQUESTS)
    const requests = rows.map((row) => viewOfRequest(party, row))
    return { requests, next: rows.length < MAX_REQUESTS ? null : String(requests.at(-1)!.number) }
  })
  app.get('/api/requests/:id', guard.mayDo('see-requests'), async (request) =>
    view(parseInput(IdParams, request.params).id),
  )
  app.post('/api/requests/:id/agreements', guard.mayDo('agree-to-request'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    const { approver, signature } = parseInput(AgreementBody, request.body)
    const given = { approver, signature: Buffer.from(signature, 'base64') }
    await agreeToRequest(needs, staffOf(request), id, given)
    return view(id)
  })
  app.post('/api/requests/:id/refusal', guard.mayDo('refuse-request'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    const { reason } = parseInput(ReasonBody, request.body)
    await endRequest(needs, staffOf(request), id, { state: 'refused', why: reason })
    return view(id)
  })
  app.post('/api/requests/:id/withdrawal', guard.mayDo('withdraw-request'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    const { reason } = parseInput(ReasonBody, request.body)
    await endRequest(needs, staffOf(request), id, { state: 'withdrawn', why: reason })
    return view(id)
  })
}
