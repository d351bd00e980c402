// Where the codes are, in numbers; and what terminals ordered.

import type { StaffGuard } from '@scratchless/office/staff/staff-routes'
import { money, toDecimal } from '@scratchless/voucher/money'
import type { FastifyInstance } from 'fastify'
import type { CentreNeeds } from '../needs.ts'
import { DEPOT } from '../settings.ts'
import type { SupplyOrderView } from '../staff-api.ts'
import { readSupplyOrders } from '../supply/supply.sql.ts'
import { readStock } from './stock.sql.ts'

/** What a page shows. */
const MAX_ORDERS = 200

export function addStockRoutes(app: FastifyInstance, needs: CentreNeeds, guard: StaffGuard): void {
  app.get('/api/stock', guard.mayDo('see-stock'), async () => ({ stock: await readStock(needs.pool) }))
  app.get('/api/supply/orders', guard.mayDo('see-stock'), async () => ({
    orders: await listSupplyOrders(needs),
  }))
}

export async function listSupplyOrders({ pool, settings }: CentreNeeds): Promise<SupplyOrderView[]> {
  return (await readSupplyOrders(pool, DEPOT, MAX_ORDERS)).map((row) => ({
    terminal: row.terminal_id,
    sequence: Number(row.sequence),
    decidedAt: row.decided_at.toISOString(),
    state: row.state,
    codes: row.codes,
    debited: toDecimal(money(row.debited_minor, settings.currency)),
  }))
}
