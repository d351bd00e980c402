import { type StaffGuard, staffOf } from '@scratchless/office/staff/staff-routes'
import { HttpRefusal, parseInput } from '@scratchless/program/http/http-server'
import type { FastifyInstance } from 'fastify'
import type { CentreNeeds } from '../needs.ts'
import { DepotBody, type DepotView } from '../staff-api.ts'
import { type DepotRow, readDepots } from './depots.sql.ts'
import { openDepot } from './open-depot.ts'

export function addDepotRoutes(app: FastifyInstance, needs: CentreNeeds, guard: StaffGuard): void {
  app.post('/api/depots', guard.mayDo('open-depot'), async (request, reply) => {
    const body = parseInput(DepotBody, request.body)
    const result = await openDepot(needs, body, staffOf(request).signInName)
    if (result !== 'opened') throw new HttpRefusal(409, result)
    return reply.status(201).send(body)
  })
  app.get('/api/depots', guard.mayDo('see-depots'), async () => ({
    depots: (await readDepots(needs.pool)).map(viewOf),
  }))
}

function viewOf(row: DepotRow): DepotView {
  return { id: row.id, name: row.name, openedAt: row.opened_at.toISOString() }
}
