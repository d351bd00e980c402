// Codes put aside by range, with cause, and let go again, as staff of either office ask for it.
//
//   GET  /api/cases?before=ID                                  {cases: CaseView[], next}: the open ones, newest first
//   POST /api/cases                CaseBody                    201 HeldView; 409 unknown-range, overlaps
//   POST /api/cases/:id/end        {cause}                     200 ReleasedView; 404 unknown-case; 409 ended-already

import { parseInput } from '@scratchless/program/http/http-server'
import type { OperatorId } from '@scratchless/voucher/ids'
import type { SerialRange } from '@scratchless/voucher/serial'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { type StaffGuard, staffOf } from '../staff/staff-routes.ts'
import type { CaseOffice } from './case-office.ts'
import { CaseEndBody, caseIdField } from './case-shapes.ts'
import { readOpenCases } from './code-case.sql.ts'
import { holdCodes } from './hold-codes.ts'
import { releaseCodes } from './release-codes.ts'

/** What a page shows. */
const MAX_CASES = 100

const IdParams = z.object({ id: caseIdField })
const PageQuery = z.object({ before: caseIdField.optional() })

/** `body`: the office's own; at the centre it names the operator. */
export function addCaseRoutes(
  app: FastifyInstance,
  office: CaseOffice,
  guard: StaffGuard,
  body: z.ZodType<SerialRange & { readonly operator?: OperatorId; readonly cause: string }>,
): void {
  app.get('/api/cases', guard.mayDo('see-cases'), async (request) => {
    const { before = null } = parseInput(PageQuery, request.query)
    const cases = await readOpenCases(office.pool, office.all, before, MAX_CASES)
    return { cases, next: cases.length < MAX_CASES ? null : cases.at(-1)!.id }
  })
  app.post('/api/cases', guard.mayDo('hold-codes'), async (request, reply) => {
    const held = await holdCodes(office, staffOf(request), parseInput(body, request.body))
    return reply.status(201).send(held)
  })
  app.post('/api/cases/:id/end', guard.mayDo('release-codes'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    return releaseCodes(office, staffOf(request), { id, ...parseInput(CaseEndBody, request.body) })
  })
}
