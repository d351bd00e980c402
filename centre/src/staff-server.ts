// The listener for staff: sessions first, then every room's routes, and the status page.

import { addCaseRoutes } from '@scratchless/office/cases/case-routes'
import { addLotRoutes } from '@scratchless/office/cases/lot-routes'
import { addPaperRoutes } from '@scratchless/office/papers/paper-routes'
import { addRequestRoutes } from '@scratchless/office/requests/request-routes'
import { addStaffRoutes } from '@scratchless/office/staff/staff-routes'
import { addStatusPage } from '@scratchless/office/status/status-page'
import { createPeopleServer } from '@scratchless/program/http/people-server'
import type { FastifyInstance } from 'fastify'
import { addCatalogueRoutes } from './catalogue/catalogue-routes.ts'
import { addDepotRoutes } from './depots/depot-routes.ts'
import type { CentreNeeds } from './needs.ts'
import { addRestockRoutes } from './restock/restock-routes.ts'
import { addRetailerRoutes } from './retailers/retailer-routes.ts'
import { addShopRoutes } from './retailers/shop-routes.ts'
import { addSalesRoutes } from './sales/sales-routes.ts'
import { statusTables } from './status/status-tables.ts'
import { CentreCaseBody, CentreExchangeBody, CentreLotBody } from './stock/case-shapes.ts'
import { centreCases, centreRequests } from './stock/centre-cases.ts'
import { addStockRoutes } from './stock/stock-routes.ts'
import { addCardRoutes } from './terminals/card-routes.ts'
import { addTerminalRoutes } from './terminals/terminal-routes.ts'

/** With TLS in the settings the session's cookie travels by TLS only. Throws a ConfigProblem where its files are not as they should be. */
export async function createStaffServer(needs: CentreNeeds): Promise<FastifyInstance> {
  const { log, clock, random, settings } = needs
  const { party, staffHttp } = settings
  const app = createPeopleServer({ log, clock, random, setting: 'staffHttp', listener: staffHttp })
  const guard = await addStaffRoutes(app, needs, { party, secureCookie: staffHttp.tls !== undefined })
  addCatalogueRoutes(app, needs, guard)
  addDepotRoutes(app, needs, guard)
  addPaperRoutes(app, needs, guard)
  addRetailerRoutes(app, needs, guard)
  addShopRoutes(app, needs, guard)
  addTerminalRoutes(app, needs, guard)
  addCardRoutes(app, needs, guard)
  addRestockRoutes(app, needs, guard)
  addStockRoutes(app, needs, guard)
  const requests = centreRequests(needs)
  addCaseRoutes(app, centreCases(needs), guard, {
    requests,
    body: CentreCaseBody,
    exchange: CentreExchangeBody,
  })
  addLotRoutes(app, centreCases(needs), guard, { requests, body: CentreLotBody })
  addRequestRoutes(app, requests, guard)
  addSalesRoutes(app, needs, guard)
  addStatusPage(
    app,
    { name: needs.settings.name, tables: (language) => statusTables(needs, language) },
    guard,
  )
  return app
}
