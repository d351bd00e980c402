// The till's listener: every room by its contract, the stream of events, and the screen itself.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import cookie from '@fastify/cookie'
import { openApiOf } from '@scratchless/program/contract/open-api'
import type { Listener } from '@scratchless/program/http/listener'
import { createPeopleServer } from '@scratchless/program/http/people-server'
import type { Log } from '@scratchless/program/log'
import type { Clock } from '@scratchless/voucher/clock'
import type { Random } from '@scratchless/voucher/random'
import type { FastifyInstance } from 'fastify'
import { salesContract } from '../sale/sales-contract.ts'
import { addSalesRoutes } from '../sale/sales-routes.ts'
import { enrolmentContract } from '../supply/enrolment-contract.ts'
import { addEnrolmentRoutes } from '../supply/enrolment-routes.ts'
import { supplyOrdersContract } from '../supply/supply-orders-contract.ts'
import { addSupplyOrdersRoutes } from '../supply/supply-orders-routes.ts'
import { vendorsContract } from '../vendors/vendors-contract.ts'
import { addVendorsRoutes } from '../vendors/vendors-routes.ts'
import type { Till } from './till.ts'
import { tillContract } from './till-contract.ts'
import { createTillDoors } from './till-doors.ts'
import { addTillRoutes } from './till-routes.ts'

/** The largest form has 20 lines of an order. */
const BODY_LIMIT_BYTES = 16 * 1024
/** One screen, pressed by a script at worst. */
const REQUESTS_PER_SECOND = 5_000
const SCREEN = fileURLToPath(new URL('../../touch/dist', import.meta.url))

const ROOMS = {
  till: tillContract,
  vendors: vendorsContract,
  enrolment: enrolmentContract,
  supplyOrders: supplyOrdersContract,
  sales: salesContract,
}

export async function createTillServer(
  till: Till,
  needs: { log: Log; random: Random; clock: Clock; listener: Listener },
): Promise<FastifyInstance> {
  const { log, random, clock, listener } = needs
  const app = createPeopleServer({
    setting: 'http',
    listener,
    // Of the machine: the terminal's own may stand still.
    ...{ log, random, clock },
    bodyLimitBytes: BODY_LIMIT_BYTES,
    requestsPerSecond: REQUESTS_PER_SECOND,
  })
  await app.register(cookie)
  const doors = createTillDoors(till, { log, secure: listener.tls !== undefined })
  addTillRoutes(app, doors)
  addVendorsRoutes(app, doors)
  addEnrolmentRoutes(app, doors)
  addSupplyOrdersRoutes(app, doors)
  addSalesRoutes(app, doors)

  app.get('/api/events', (_request, reply) => {
    reply.hijack()
    till.events.listen(reply.raw)
  })
  app.get('/api/openapi.json', () => openApiOf('Scratchless till', ROOMS))

  if (existsSync(SCREEN)) {
    const { default: files } = await import('@fastify/static')
    await app.register(files, { root: SCREEN, cacheControl: false })
  }
  return app
}
