// The shop orders codes and looks at what became of its orders.

import { refuse } from '@scratchless/program/contract/contract'
import { serveContract } from '@scratchless/program/contract/serve-contract'
import type { ProductId } from '@scratchless/voucher/product'
import type { FastifyInstance } from 'fastify'
import type { TillDoors } from '../till/till-doors.ts'
import { takeOrder } from './send-supply-order.ts'
import { latestOrders, orderById, type StoredOrder } from './supply-order.sql.ts'
import { type SupplyOrderView, supplyOrdersContract } from './supply-orders-contract.ts'

const LATEST_ORDERS = 20
/** An order that is answered at once is shown answered; a slow line shows it on its way. */
const ANSWER_WAIT_MS = 3_000
const LOOK_AGAIN_MS = 10

export function addSupplyOrdersRoutes(app: FastifyInstance, { till, contractNeeds }: TillDoors): void {
  serveContract(app, supplyOrdersContract, contractNeeds, {
    async order({ body }) {
      const id = takeOrder(till, body.lines)
      if (typeof id === 'string') return refuse(id)
      till.supply.wake()
      const untilMs = performance.now() + ANSWER_WAIT_MS
      for (;;) {
        const view = orderView(orderById(till.store, id)!)
        if (view.state !== 'sending' || performance.now() > untilMs) return view
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
      }
    },
    supplyOrders: () => ({ supplyOrders: latestOrders(till.store, LATEST_ORDERS).map(orderView) }),
  })
}

const STATES = {
  waiting: 'sending',
  asked: 'sending',
  delivered: 'delivered',
  receipted: 'receipted',
  refused: 'refused',
} as const

function orderView(order: StoredOrder): SupplyOrderView {
  const refusal = order.refusal === null ? null : (JSON.parse(order.refusal) as { reason: string }).reason
  return {
    sequence: order.sequence ?? 0,
    atMs: order.atMs,
    lines: order.lines.map(({ product, quantity, delivered }) => ({
      product: product as ProductId,
      quantity,
      delivered,
    })),
    state: STATES[order.state],
    refusal,
  }
}
