// The till's own room: its state, its home screen, its status.

import { serveContract } from '@scratchless/program/contract/serve-contract'
import type { FastifyInstance } from 'fastify'
import { stockOnBoard } from '../safe/safe-run.sql.ts'
import { unsent } from '../sale/report.sql.ts'
import { countInDoubt } from '../sale/sale.sql.ts'
import { minimumOf } from '../supply/ask-settings.ts'
import { newestLetterEpoch } from '../supply/card-letter.sql.ts'
import { getSettings } from '../supply/centre-word.sql.ts'
import { askedRequests, lastSequence } from '../supply/request.sql.ts'
import { countUnfinishedOrders, onTheWay } from '../supply/supply-order.sql.ts'
import { homeView } from './home-view.ts'
import { stateView } from './state-view.ts'
import type { Till } from './till.ts'
import { type TillStatus, tillContract } from './till-contract.ts'
import { type TillDoors, vendorOf } from './till-doors.ts'

export function addTillRoutes(app: FastifyInstance, { till, contractNeeds }: TillDoors): void {
  serveContract(app, tillContract, contractNeeds, {
    state: ({ caller }) => stateView(till, caller.session),
    home({ caller }) {
      const { identity, standing, catalogue } = till.word()!
      return homeView({
        ...{ store: till.store, session: vendorOf(caller) },
        ...{ nowMs: till.clock.nowMs(), clockWaits: till.clock.waitsForCentre() },
        ...{ identity, standing, catalogue, line: till.supply.status() },
        ...{ printer: till.printerStatus(), card: till.cardState() },
        ...{ minimumStock: minimumOf(getSettings(till.store) ?? null, till.minimumStock), view: till.view },
      })
    },
    status: () => statusOf(till),
  })
}

function statusOf(till: Till): TillStatus {
  const { store } = till
  const { terminal, enrolment, fingerprint } = stateView(till, null)
  const today = new Date(till.clock.nowMs()).toISOString().slice(0, 10)
  const { sales, events } = unsent(store)
  return {
    ...{ terminal, enrolment, fingerprint },
    stock: Object.fromEntries(stockOnBoard(store, today)),
    onTheWay: Object.fromEntries(onTheWay(store)),
    outboxEmpty:
      askedRequests(store).length === 0 && sales + events === 0 && countUnfinishedOrders(store) === 0,
    unsent: sales + events,
    inDoubt: countInDoubt(store),
    lastSequence: lastSequence(store),
    catalogueVersion: till.word()?.catalogue?.version ?? 0,
    letterEpoch: newestLetterEpoch(store),
    line: till.supply.status(),
    waitsFor: till.clock.waitsForCentre() ? 'centre-time' : null,
    printer: till.printerStatus(),
    card: till.cardState().status,
  }
}
