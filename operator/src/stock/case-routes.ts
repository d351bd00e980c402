// Codes put aside by range, with cause, and let go again, as staff ask for it.
//
//   GET  /api/cases?before=ID                                  {cases: CaseView[], next}: the open ones, newest first
//   POST /api/cases                {firstSerial, count, cause} 201 HeldView; 409 unknown-range, overlaps
//   POST /api/cases/:id/end        {cause}                     200 CaseView and {released}; 404 unknown-case;
//                                    409 ended-already

import { type StaffGuard, staffOf } from '@scratchless/office/staff/staff-routes'
import { parseInput } from '@scratchless/program/http/http-server'
import type { Clock } from '@scratchless/voucher/clock'
import type { OperatorId } from '@scratchless/voucher/ids'
import { runsRise } from '@scratchless/wire/restock/code-run'
import { serialField } from '@scratchless/wire/restock/restock-fields'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { AdoptNeeds } from './adopt-sealed-stock.ts'
import { readOpenCases } from './code-case.sql.ts'
import { holdCodes } from './hold-codes.ts'
import { releaseCodes } from './release-codes.ts'

/** What a page shows. */
const MAX_CASES = 100

const causeField = z.string().trim().min(1).max(200)
const caseIdField = z.string().regex(/^[1-9]\d{0,15}$/)
const CaseBody = z
  .strictObject({ firstSerial: serialField, count: z.int().min(1).max(1_000_000), cause: causeField })
  .refine((range) => runsRise([range]), { message: 'past the last serial', path: ['count'] })
const CaseEndBody = z.strictObject({ cause: causeField })
const IdParams = z.object({ id: caseIdField })
const PageQuery = z.object({ before: caseIdField.optional() })

export function addCaseRoutes(
  app: FastifyInstance,
  needs: AdoptNeeds & { readonly clock: Clock; readonly party: OperatorId },
  guard: StaffGuard,
): void {
  app.get('/api/cases', guard.mayDo('see-cases'), async (request) => {
    const { before = null } = parseInput(PageQuery, request.query)
    const cases = await readOpenCases(needs.pool, before, MAX_CASES)
    return { cases, next: cases.length < MAX_CASES ? null : cases.at(-1)!.id }
  })
  app.post('/api/cases', guard.mayDo('hold-codes'), async (request, reply) => {
    const held = await holdCodes(needs, staffOf(request), parseInput(CaseBody, request.body))
    return reply.status(201).send(held)
  })
  app.post('/api/cases/:id/end', guard.mayDo('release-codes'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    return releaseCodes(needs, staffOf(request), { id, ...parseInput(CaseEndBody, request.body) })
  })
}
