// Codes put aside by range, with cause, and let go again, as staff of either office ask for it.
//
//   GET  /api/cases?before=ID                                  {cases: CaseView[], next}: the open ones, newest first
//   POST /api/cases                CaseBody                    201 HeldView; 409 unknown-range, overlaps, not-from.
//                                    Where it takes two people: 202 RequestView (office/requests)
//   POST /api/cases/:id/end        {cause}                     200 ReleasedView, or 202 RequestView; 404 unknown-case;
//                                    409 ended-already, not-released
//   POST /api/exchanges            {replaced, replacing, cause} 201 {}; 404 unknown-serial; 409 not-from,
//                                    exchanged-already

import { parseInput } from '@scratchless/program/http/http-server'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { askRequest } from '../requests/ask-request.ts'
import type { RequestNeeds } from '../requests/request-needs.ts'
import { viewOfRequest } from '../requests/request-routes.ts'
import { takesTwo } from '../roles/roles.ts'
import { type StaffGuard, staffOf } from '../staff/staff-routes.ts'
import type { CaseOffice } from './case-office.ts'
import { actOfState, factsOfCase } from './case-requests.ts'
import { CaseEndBody, caseIdField } from './case-shapes.ts'
import { readOpenCases } from './code-case.sql.ts'
import { endCase, openCaseOr404 } from './end-case.ts'
import { type CodeExchange, exchangeCode } from './exchange-code.ts'
import { type CaseToOpen, examineCase, openCase } from './open-case.ts'

/** What a page shows. */
const MAX_CASES = 100

const IdParams = z.object({ id: caseIdField })
const PageQuery = z.object({ before: caseIdField.optional() })

/** `body`: the office's own; at the centre it names the operator. */
export function addCaseRoutes(
  app: FastifyInstance,
  office: CaseOffice,
  guard: StaffGuard,
  bodies: {
    readonly requests: RequestNeeds
    readonly body: z.ZodType<CaseToOpen>
    readonly exchange: z.ZodType<CodeExchange>
  },
): void {
  const { requests, body, exchange } = bodies
  app.get('/api/cases', guard.mayDo('see-cases'), async (request) => {
    const { before = null } = parseInput(PageQuery, request.query)
    const cases = await readOpenCases(office.pool, office.books, before, MAX_CASES)
    return { cases, next: cases.length < MAX_CASES ? null : cases.at(-1)!.id }
  })

  app.post('/api/cases', guard.mayDo('hold-codes'), async (request, reply) => {
    const wanted = parseInput(body, request.body)
    const kind = actOfState(wanted.state)
    const rule = await guard.ruleFor(request, kind)
    // What is void is void for good: no table makes it one person's.
    if (!takesTwo(rule, BigInt(wanted.count)) && kind !== 'void-codes')
      return reply.status(201).send(await openCase(office, staffOf(request).signInName, wanted))
    const { here, given, aside, unknown } = await examineCase(office, wanted)
    const asked = await askRequest(requests, staffOf(request), {
      ...{ kind, subject: wanted.firstSerial, facts: factsOfCase(wanted) },
      figures: { here: here + aside, given, unknown },
    })
    return reply.status(202).send(viewOfRequest(requests.party, asked))
  })

  app.post('/api/cases/:id/end', guard.mayDo('release-codes'), async (request, reply) => {
    const { id } = parseInput(IdParams, request.params)
    const { cause } = parseInput(CaseEndBody, request.body)
    const { state, operator, count, firstSerial } = await openCaseOr404(office, id)
    const kind = state === 'stolen' ? 'release-stolen' : 'release-codes'
    const rule = await guard.ruleFor(request, kind)
    if (takesTwo(rule, BigInt(count))) {
      const asked = await askRequest(requests, staffOf(request), {
        ...{ kind, subject: firstSerial },
        facts: { case: Number(id), ...(operator && { operator }), cause },
        figures: {},
      })
      return reply.status(202).send(viewOfRequest(requests.party, asked))
    }
    return endCase(office, staffOf(request).signInName, { id, cause })
  })

  app.post('/api/exchanges', guard.mayDo('exchange-code'), async (request, reply) => {
    await exchangeCode(office, staffOf(request).signInName, parseInput(exchange, request.body))
    return reply.status(201).send({})
  })
}
