// What staff see of the restock:
//
//   GET /api/restock/orders        {orders: OrderView[]}        the last 200
//   GET /api/restock/deliveries    {deliveries: DeliveryView[]} the last 1,000 parts

import type { Pool } from '@scratchless/office/database/database'
import type { StaffGuard } from '@scratchless/office/staff/staff-routes'
import type { FastifyInstance } from 'fastify'
import { listDeliveries, listOrders } from './restock.sql.ts'

const ORDERS_SHOWN = 200
const DELIVERIES_SHOWN = 1_000

export function addRestockRoutes(app: FastifyInstance, { pool }: { pool: Pool }, guard: StaffGuard): void {
  const look = guard.mayDo('see-restock')
  app.get('/api/restock/orders', look, async () => ({ orders: await listOrders(pool, ORDERS_SHOWN) }))
  app.get('/api/restock/deliveries', look, async () => ({
    deliveries: await listDeliveries(pool, DELIVERIES_SHOWN),
  }))
}
