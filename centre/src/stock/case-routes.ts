// Codes put aside by range, with cause, and let go again.

import { type StaffGuard, staffOf } from '@scratchless/office/staff/staff-routes'
import { parseInput } from '@scratchless/program/http/http-server'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { CentreNeeds } from '../needs.ts'
import { DEPOT } from '../settings.ts'
import { CaseBody, CaseEndBody, caseIdField } from './case-shapes.ts'
import { readOpenCases } from './code-case.sql.ts'
import { holdCodes } from './hold-codes.ts'
import { releaseCodes } from './release-codes.ts'

/** What a page shows. */
const MAX_CASES = 100

const IdParams = z.object({ id: caseIdField })
const PageQuery = z.object({ before: caseIdField.optional() })

export function addCaseRoutes(app: FastifyInstance, needs: CentreNeeds, guard: StaffGuard): void {
  app.get('/api/cases', guard.mayDo('see-cases'), async (request) => {
    const { before = null } = parseInput(PageQuery, request.query)
    const cases = await readOpenCases(needs.pool, DEPOT, before, MAX_CASES)
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
