// Step 15 of the way of a code: what was sold. A sale is stored once; one of a code that this terminal was not given,
// or that stands on another ticket already, is an alarm and changes nothing.

import type { SqlClient } from '@scratchless/office/database/database'
import type { SalesReport } from '@scratchless/wire/supply/sales-report'
import { raiseAlarm } from '../alarms.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import { bookSales } from '../sales/book-sales.ts'
import { insertTicketEvents } from '../sales/sale.sql.ts'
import { lowerAboardBySales } from './aboard.sql.ts'
import { type Answered, acknowledge } from './answer-in-sequence.ts'
import { takeCardCounts } from './receive-state-report.ts'
import type { SignedMessage } from './signed-message.ts'

export async function receiveSalesReport(
  needs: CentreNeeds,
  message: SignedMessage,
  report: SalesReport,
): Promise<Answered> {
  return acknowledge(needs, message, (sql, at) => store(needs, sql, message, report, at))
}

async function store(
  { settings }: CentreNeeds,
  sql: SqlClient,
  { terminal, depot, sequence }: SignedMessage,
  { sales, events, cards }: SalesReport,
  at: Date,
): Promise<void> {
  const from = { depot, terminal: terminal.id, sequence }
  const { timeZone } = settings
  const reporting = { ...from, retailer: terminal.retailer_id, at, timeZone }
  const { booked, strange } = await bookSales(sql, reporting, sales)
  await lowerAboardBySales(sql, from, booked)
  for (const { serial, product, ticket } of strange)
    await raiseAlarm(sql, {
      at,
      kind: 'sale-of-no-code-of-its-own',
      subject: terminal.id,
      details: { serial, product, ticket },
    })
  if (events.length > 0) await insertTicketEvents(sql, from, events)
  await takeCardCounts(
    sql,
    terminal.id,
    cards.map((card) => ({ ...card, pukCount: 0 })),
    at,
  )
}
