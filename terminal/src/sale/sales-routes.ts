// Selling at the counter: one press, one ticket; a doubt settled by looking at the paper; the latest sales.

import { refuse } from '@scratchless/program/contract/contract'
import { serveContract } from '@scratchless/program/contract/serve-contract'
import type { FastifyInstance } from 'fastify'
import { type TillDoors, vendorOf } from '../till/till-doors.ts'
import { latestSales } from './sale.sql.ts'
import { salesContract } from './sales-contract.ts'
import { settleDoubt } from './settle-doubt.ts'

const LATEST_SALES = 50

export function addSalesRoutes(app: FastifyInstance, { till, contractNeeds }: TillDoors): void {
  serveContract(app, salesContract, contractNeeds, {
    async sell({ caller, body }) {
      const outcome = await till.sell(vendorOf(caller), body)
      // The card has forgotten its PIN: whoever stands here signs in again.
      if (outcome === 'card-locked') return refuse('signed-out')
      return typeof outcome === 'string' ? refuse(outcome) : till.view(outcome)
    },
    settleDoubt({ params, body }) {
      const outcome = settleDoubt(till, params.number, body)
      if (typeof outcome === 'string') return refuse(outcome)
      const sale = till.view(outcome)
      till.events.tell(() => ({ kind: 'sale', sale }))
      till.supply.wake()
      return sale
    },
    journal: () => ({ sales: latestSales(till.store, LATEST_SALES).map(till.view) }),
  })
}
