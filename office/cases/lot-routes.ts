// Whole lots held, recalled, let go and made void, as staff of either office ask for it.
//
//   GET  /api/lots                                             {lots: LotStateView[]}: those not simply in stock
//   POST /api/lots                 {lot, state, cause}         201 LotStateView and counts, or 202 RequestView; 404
//                                    unknown-lot; 409 not-from. At the centre with `operator`

import { parseInput } from '@scratchless/program/http/http-server'
import { idPattern, lotId } from '@scratchless/voucher/ids'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { askRequest } from '../requests/ask-request.ts'
import type { RequestNeeds } from '../requests/request-needs.ts'
import { viewOfRequest } from '../requests/request-routes.ts'
import { takesTwo } from '../roles/roles.ts'
import { type StaffGuard, staffOf } from '../staff/staff-routes.ts'
import type { CaseOffice } from './case-office.ts'
import { causeField } from './case-shapes.ts'
import { readLotsAside } from './lot-state.sql.ts'
import { LOT_TARGETS } from './lot-states.ts'
import { type LotChange, mayBring, setLotState } from './set-lot-state.ts'

/** What a page shows. */
const MAX_LOTS = 200

export const lotFields = {
  lot: z.string().regex(idPattern('LotId')).transform(lotId),
  state: z.enum(LOT_TARGETS),
  cause: causeField,
}
export const LotBody = z.strictObject(lotFields)

/** `body`: the office's own; at the centre it names the operator. */
export function addLotRoutes(
  app: FastifyInstance,
  office: CaseOffice,
  guard: StaffGuard,
  { requests, body }: { readonly requests: RequestNeeds; readonly body: z.ZodType<LotChange> },
): void {
  app.get('/api/lots', guard.mayDo('see-cases'), async () => ({
    lots: await readLotsAside(office.pool, office.books, MAX_LOTS),
  }))

  app.post('/api/lots', guard.mayDo('hold-lot'), async (request, reply) => {
    const wanted = parseInput(body, request.body)
    await office.catchUp()
    const { act, counted } = await mayBring(office.pool, office, wanted)
    const rule = await guard.ruleFor(request, act)
    // What is void is void for good: no table makes it one person's.
    if (!takesTwo(rule, BigInt(counted.codes)) && act !== 'void-lot')
      return reply.status(201).send(await setLotState(office, staffOf(request).signInName, wanted))
    const { operator, lot, cause } = wanted
    const asked = await askRequest(requests, staffOf(request), {
      ...{ kind: act, subject: lot, facts: { ...(operator && { operator }), lot, cause } },
      figures: { here: counted.codes - counted.given, given: counted.given },
    })
    return reply.status(202).send(viewOfRequest(requests.party, asked))
  })
}
