// The listener for staff: sessions first, then every room's routes, and the status page.

import { addCaseRoutes } from '@scratchless/office/cases/case-routes'
import { CaseBody, ExchangeBody } from '@scratchless/office/cases/case-shapes'
import { addLotRoutes, LotBody } from '@scratchless/office/cases/lot-routes'
import type { Pool } from '@scratchless/office/database/database'
import { addRequestRoutes } from '@scratchless/office/requests/request-routes'
import { addStaffRoutes } from '@scratchless/office/staff/staff-routes'
import { addStatusPage } from '@scratchless/office/status/status-page'
import { addressOf } from '@scratchless/program/http/listener'
import { createPeopleServer } from '@scratchless/program/http/people-server'
import type { Log } from '@scratchless/program/log'
import type { PrivateLine } from '@scratchless/program/private-line'
import type { Clock } from '@scratchless/voucher/clock'
import type { Random } from '@scratchless/voucher/random'
import type { FastifyInstance } from 'fastify'
import { addFinanceRoutes } from './finance/finance-routes.ts'
import { addRestockRoutes } from './restock/restock-routes.ts'
import type { OperatorSettings } from './settings.ts'
import { statusTables } from './status/status-tables.ts'
import { operatorCases, operatorRequests } from './stock/operator-cases.ts'
import { addStockRoutes } from './stock/stock-routes.ts'
import type { VaultVerbs } from './vault/verbs.ts'

export interface StaffServerNeeds {
  readonly pool: Pool
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly vault: PrivateLine<VaultVerbs>
  readonly settings: Pick<
    OperatorSettings,
    'party' | 'name' | 'colour' | 'currency' | 'staffHttp' | 'stockHttp' | 'partners' | 'approvers'
  >
}

/** With TLS in the settings the session's cookie travels by TLS only. Throws a ConfigProblem where its files are not as they should be. */
export async function createStaffServer(needs: StaffServerNeeds): Promise<FastifyInstance> {
  const { log, clock, random, pool, settings } = needs
  const { party, name, colour, currency, staffHttp, stockHttp } = settings
  const app = createPeopleServer({ log, clock, random, setting: 'staffHttp', listener: staffHttp })
  const guard = await addStaffRoutes(app, needs, { party, secureCookie: staffHttp.tls !== undefined })
  addStockRoutes(app, { ...needs, party, currency, stockUrl: addressOf(stockHttp) }, guard)
  const approvers = new Map(settings.approvers.map(({ name: approver, publicKey }) => [approver, publicKey]))
  const requests = operatorRequests({ ...needs, party, approvers })
  addCaseRoutes(app, operatorCases({ ...needs, party }), guard, {
    requests,
    body: CaseBody,
    exchange: ExchangeBody,
  })
  addLotRoutes(app, operatorCases({ ...needs, party }), guard, { requests, body: LotBody })
  addRequestRoutes(app, requests, guard)
  addRestockRoutes(app, { pool }, guard)
  addFinanceRoutes(app, { pool, partners: settings.partners.map((partner) => partner.party) }, guard)
  addStatusPage(app, { name, colour, tables: (language) => statusTables(needs, language) }, guard)
  return app
}
