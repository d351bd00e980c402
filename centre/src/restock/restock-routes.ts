// Restock as staff see it: order, and follow what came.

import { inTransaction } from '@scratchless/office/database/database'
import { type StaffGuard, staffOf } from '@scratchless/office/staff/staff-routes'
import { HttpRefusal, parseInput } from '@scratchless/program/http/http-server'
import { money, toDecimal } from '@scratchless/voucher/money'
import { newMessageId } from '@scratchless/voucher/random'
import type { FastifyInstance } from 'fastify'
import type { CentreNeeds } from '../needs.ts'
import { LotActivationBody, RestockOrderBody, type RestockOrderView } from '../staff-api.ts'
import { receiveLotActivation } from './receive-lot-activation.ts'
import { type OrderRow, readRestockOrders } from './restock.sql.ts'
import { sendRestockOrder } from './send-restock-order.ts'

/** What a page shows. */
const MAX_ORDERS = 200

export function addRestockRoutes(app: FastifyInstance, needs: CentreNeeds, guard: StaffGuard): void {
  app.post('/api/restock/orders', guard.mayDo('order-restock'), async (request, reply) => {
    const wish = parseInput(RestockOrderBody, request.body)
    const result = await sendRestockOrder(needs, wish, staffOf(request).signInName)
    if (typeof result === 'string') throw new HttpRefusal(409, result)
    return reply.status(201).send(result)
  })
  app.post('/api/restock/activations', guard.mayDo('activate-lot'), async (request, reply) => {
    const { operator, ...said } = parseInput(LotActivationBody, request.body)
    const { pool, clock, random, settings } = needs
    if (!settings.partners.some(({ party }) => party === operator))
      throw new HttpRefusal(409, 'unknown-operator')
    const at = new Date(clock.nowMs())
    const activation = { id: newMessageId(random), ...said }
    await inTransaction(pool, (sql) =>
      receiveLotActivation(sql, operator, activation, at, staffOf(request).signInName),
    )
    return reply.status(201).send({ id: activation.id })
  })
  app.get('/api/restock/orders', guard.mayDo('see-restock'), async () => ({
    orders: await listRestockOrders(needs),
  }))
}

export async function listRestockOrders({ pool, settings }: CentreNeeds): Promise<RestockOrderView[]> {
  const view = (row: OrderRow): RestockOrderView => ({
    id: row.id,
    operator: row.operator,
    depot: row.depot_id,
    orderedAt: row.ordered_at.toISOString(),
    state: isReceived(row) ? 'received' : row.state,
    reason: row.reason,
    lines: row.lines.map(({ unit_price_minor: minor, ...line }) => ({
      ...line,
      unitPrice: minor === null ? null : toDecimal(money(BigInt(minor), settings.currency)),
    })),
  })
  return (await readRestockOrders(pool, MAX_ORDERS)).map(view)
}

function isReceived({ state, lines }: OrderRow): boolean {
  return (state === 'accepted' || state === 'partly') && lines.every((line) => line.received >= line.accepted)
}
