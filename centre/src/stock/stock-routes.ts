// Where the codes are, in numbers, what happened to one of them, and what terminals ordered.

import { noteLookUp } from '@scratchless/office/cases/note-look-up'
import { type StaffGuard, staffOf } from '@scratchless/office/staff/staff-routes'
import { HttpRefusal, parseInput } from '@scratchless/program/http/http-server'
import type { DepotId, OperatorId } from '@scratchless/voucher/ids'
import { money, toDecimal } from '@scratchless/voucher/money'
import type { SerialNumber } from '@scratchless/voucher/serial'
import type { FastifyInstance } from 'fastify'
import { inDepot } from '../depots/in-depot.ts'
import type { CentreNeeds } from '../needs.ts'
import { type CodeHistoryView, CodeParams } from './case-shapes.ts'
import { readCodeHistory } from './code-history.sql.ts'
import { type OrderPlace, readNewestOrders } from './newest-orders.sql.ts'
import { readStockByState } from './stock-by-state.ts'
import { OrdersQuery, type SupplyOrderView } from './stock-shapes.ts'

/** What a page shows. */
export const MAX_ORDERS = 200

export function addStockRoutes(app: FastifyInstance, needs: CentreNeeds, guard: StaffGuard): void {
  app.get('/api/stock', guard.mayDo('see-stock'), async () => ({
    stock: await readStockByState(needs.pool),
  }))
  app.get('/api/codes/:operator/:serial', guard.mayDo('see-code-history'), async (request) => {
    const { operator, serial } = parseInput(CodeParams, request.params)
    await noteLookUp(needs, staffOf(request).signInName, `${operator} ${serial}`)
    return codeHistory(needs, operator, serial)
  })
  app.get('/api/supply/orders', guard.mayDo('see-stock'), async (request) => {
    const { before, depot } = await inDepot(needs.pool, parseInput(OrdersQuery, request.query))
    const orders = await listSupplyOrders(needs, depot, before ?? null)
    const last = orders.length < MAX_ORDERS ? undefined : orders.at(-1)
    return { orders, next: last ? `${last.decidedAt}~${last.terminal}~${last.sequence}` : null }
  })
}

async function codeHistory(
  { pool, settings }: CentreNeeds,
  operator: OperatorId,
  serial: SerialNumber,
): Promise<CodeHistoryView> {
  const rows = await readCodeHistory(pool, operator, serial)
  const [first] = rows
  if (first === undefined) throw new HttpRefusal(404, 'unknown-serial')
  const { product, lot, expiresOn, activatedOn, state } = first
  const events = rows.map(({ at, what, who, details, amountMinor }) => ({
    ...{ at: at.toISOString(), what, who },
    details:
      amountMinor === null
        ? details
        : { ...details, price: toDecimal(money(amountMinor, settings.currency)) },
  }))
  return { operator, serial, product, lot, expiresOn, activatedOn, state, events }
}

/** A page of orders, the newest first. */
export async function listSupplyOrders(
  { pool, settings }: CentreNeeds,
  depot: DepotId,
  before: OrderPlace | null = null,
): Promise<SupplyOrderView[]> {
  return (await readNewestOrders(pool, depot, MAX_ORDERS, before)).map((row) => ({
    terminal: row.terminal_id,
    sequence: Number(row.sequence),
    decidedAt: row.decided_at.toISOString(),
    state: row.state,
    codes: row.codes,
    debited: toDecimal(money(row.debited_minor, settings.currency)),
  }))
}
