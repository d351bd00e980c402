// What was sold, by day, hour, shop and product: for whoever looks at it.

import type { StaffGuard } from '@scratchless/office/staff/staff-routes'
import { parseInput } from '@scratchless/program/http/http-server'
import type { DepotId, RetailerId } from '@scratchless/voucher/ids'
import { money, toDecimal } from '@scratchless/voucher/money'
import type { ProductId } from '@scratchless/voucher/product'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { inDepot } from '../depots/in-depot.ts'
import type { CentreNeeds } from '../needs.ts'
import { retailerField } from '../staff-api.ts'
import {
  type Days,
  readSalesOfDays,
  readSalesOfHours,
  readSalesOfOneShop,
  readSalesOfShops,
} from './sales-figures.sql.ts'
import {
  type DaySalesView,
  DaysQuery,
  type HourSalesView,
  type SalesFigure,
  type ShopSalesView,
  ShopsQuery,
} from './sales-shapes.ts'

/** Shops of one page. */
const MAX_SHOPS = 100

export function addSalesRoutes(app: FastifyInstance, needs: CentreNeeds, guard: StaffGuard): void {
  const { pool } = needs
  const mayLook = guard.mayDo('see-sales')
  app.get('/api/sales/days', mayLook, async (request): Promise<{ days: DaySalesView[] }> => {
    const { depot, ...days } = await inDepot(pool, parseInput(DaysQuery, request.query))
    const rows = await readSalesOfDays(pool, depot, days)
    return { days: rows.map((row) => ({ day: row.day, ...figureOf(needs, row) })) }
  })
  app.get('/api/sales/hours', mayLook, async (request): Promise<{ hours: HourSalesView[] }> => {
    const { depot, ...days } = await inDepot(pool, parseInput(DaysQuery, request.query))
    const rows = await readSalesOfHours(pool, depot, days)
    return { hours: rows.map((row) => ({ hour: row.hour, ...figureOf(needs, row) })) }
  })
  app.get('/api/sales/shops', mayLook, async (request) => {
    const { after = null, depot, ...days } = await inDepot(pool, parseInput(ShopsQuery, request.query))
    return salesOfShops(needs, depot, days, after)
  })
  app.get('/api/retailers/:id/sales', mayLook, async (request): Promise<{ days: DaySalesView[] }> => {
    const { id } = parseInput(z.strictObject({ id: retailerField }), request.params)
    const { depot, ...days } = await inDepot(pool, parseInput(DaysQuery, request.query))
    const rows = await readSalesOfOneShop(pool, depot, days, id)
    return { days: rows.map((row) => ({ day: row.day, ...figureOf(needs, row) })) }
  })
}

async function salesOfShops(
  needs: CentreNeeds,
  depot: DepotId,
  days: Days,
  after: RetailerId | null,
): Promise<{ shops: ShopSalesView[]; next: string | null }> {
  const rows = await readSalesOfShops(needs.pool, depot, days, after, MAX_SHOPS)
  const shops = [...Map.groupBy(rows, ({ retailer }) => retailer)]
  return {
    shops: shops.map(([retailer, [first, ...more]]) => ({
      ...{ retailer, name: first!.name },
      products: [first!, ...more].flatMap((row) => (row.product === null ? [] : [figureOf(needs, row)])),
    })),
    next: shops.length < MAX_SHOPS ? null : shops.at(-1)![0],
  }
}

function figureOf(
  { settings }: CentreNeeds,
  row: { readonly product: ProductId; readonly sales: bigint; readonly amount_minor: bigint },
): SalesFigure {
  const amount = toDecimal(money(row.amount_minor, settings.currency))
  return { product: row.product, sales: Number(row.sales), amount }
}
