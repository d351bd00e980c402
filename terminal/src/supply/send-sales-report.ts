// Step 15 of the way of a code: the terminal reports what it sold. A sale stays unreported until the centre's
// acknowledgement is stored.

import {
  MAX_EVENTS_PER_REPORT,
  MAX_SALES_PER_REPORT,
  salesReportMessage,
} from '@scratchless/wire/supply/sales-report'
import {
  acknowledgeReport,
  eventReported,
  eventsToReport,
  releaseReported,
  salesReported,
  salesToReport,
} from '../sale/report.sql.ts'
import type { Store } from '../store/connect-store.ts'
import type { StoredRequest } from './request.sql.ts'
import { type RequestNeeds, saveRequest } from './save-request.ts'

export function sendSalesReport(needs: RequestNeeds): StoredRequest {
  const { store } = needs
  const sales = salesToReport(store, MAX_SALES_PER_REPORT)
  const events = eventsToReport(store, MAX_EVENTS_PER_REPORT)
  return saveRequest(
    needs,
    'sales-report',
    (signer, binding) =>
      salesReportMessage.sign(
        { sales, events: events.map(({ event }) => event), cards: [] },
        signer,
        binding,
      ),
    (sequence) => {
      salesReported(store, sales.at(-1)?.ticket ?? 0, sequence)
      for (const { id } of events) eventReported(store, id, sequence)
    },
  )
}

/** Inside the transaction that stores the answer. */
export function takeReportAcknowledgement(store: Store, sequence: number): void {
  acknowledgeReport(store, sequence)
}

/** Inside the transaction that stores the answer: a report that was refused was not taken. */
export function releaseReport(store: Store, sequence: number): void {
  releaseReported(store, sequence)
}
