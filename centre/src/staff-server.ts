// The listener for staff: sessions first, then every room's routes, and the status page.

import { createHttpServer } from '@scratchless/office/http/http-server'
import { addStaffRoutes } from '@scratchless/office/staff/staff-routes'
import { addStatusPage } from '@scratchless/office/status/status-page'
import type { FastifyInstance } from 'fastify'
import { addCatalogueRoutes } from './catalogue/catalogue-routes.ts'
import type { CentreNeeds } from './needs.ts'
import { addRestockRoutes } from './restock/restock-routes.ts'
import { addRetailerRoutes } from './retailers/retailer-routes.ts'
import { statusTables } from './status/status-tables.ts'
import { addStockRoutes } from './stock/stock-routes.ts'
import { addCardRoutes } from './terminals/card-routes.ts'
import { addTerminalRoutes } from './terminals/terminal-routes.ts'

/** Plain HTTP, for loopback only: so the cookie cannot be a secure one. */
export async function createStaffServer(needs: CentreNeeds): Promise<FastifyInstance> {
  const { log, clock, random, settings } = needs
  const app = createHttpServer({ log, clock, random })
  const guard = await addStaffRoutes(app, needs, { party: settings.party, secureCookie: false })
  addCatalogueRoutes(app, needs, guard)
  addRetailerRoutes(app, needs, guard)
  addTerminalRoutes(app, needs, guard)
  addCardRoutes(app, needs, guard)
  addRestockRoutes(app, needs, guard)
  addStockRoutes(app, needs, guard)
  addStatusPage(
    app,
    { name: needs.settings.name, tables: (language) => statusTables(needs, language) },
    guard,
  )
  return app
}
