// terminal → centre: what was sold since the last report, and what happened to single tickets. Answered by an
// acknowledgement; the terminal keeps its sales until then.

import { cardId, vendorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { serialAt } from '@scratchless/voucher/serial'
import {
  type ContentOf,
  checked,
  integer,
  list,
  mapped,
  named,
  oneOf,
  record,
  seconds,
  serial,
} from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { keyCount, MAX_CARDS, ticketNumber, u32 } from './line-fields.ts'

/** Two days of the busiest till; the rest goes in the next report. */
export const MAX_SALES_PER_REPORT = 500

/** Events are rare beside sales. */
export const MAX_EVENTS_PER_REPORT = 100

/** Nobody prints a ticket ten times over; what comes after counts as the ninth. */
export const MAX_COPY = 9

/** The price of the catalogue under which it was sold; 0: unknown. */
const priceId = u32

const sale = record({
  product: named(productId),
  serial,
  ticket: ticketNumber,
  vendor: named(vendorId),
  priceId,
  /** When its ticket was printed, by the terminal's clock. */
  soldAtS: seconds,
})

export type Sale = ContentOf<typeof sale>

// Most sales are of the next serial, with the next ticket, by the same vendor at the same price: such a run says them once and then
// only how many seconds passed from each sale to the next. 30 sales in four runs take 150 bytes, not 700.
const saleRun = record({
  product: named(productId),
  firstSerial: serial,
  firstTicket: ticketNumber,
  vendor: named(vendorId),
  priceId,
  firstSoldAtS: seconds,
  /** One number for each sale after the first. */
  secondsLater: list(integer(0, 0xffff_ffff), 0, MAX_SALES_PER_REPORT - 1),
})

type SaleRun = ContentOf<typeof saleRun>

/** Sales as runs, in the order given. */
function runsOf(sales: readonly Sale[]): SaleRun[] {
  const runs: { head: Sale; last: Sale; secondsLater: number[] }[] = []
  for (const next of sales) {
    const run = runs.at(-1)
    if (run && continues(run.head, run.secondsLater.length + 1, run.last, next)) {
      run.secondsLater.push(next.soldAtS - run.last.soldAtS)
      run.last = next
    } else runs.push({ head: next, last: next, secondsLater: [] })
  }
  return runs.map(({ head, secondsLater }) => ({
    product: head.product,
    firstSerial: head.serial,
    firstTicket: head.ticket,
    vendor: head.vendor,
    priceId: head.priceId,
    firstSoldAtS: head.soldAtS,
    secondsLater,
  }))
}

function continues(head: Sale, index: number, last: Sale, next: Sale): boolean {
  return (
    next.product === head.product &&
    next.vendor === head.vendor &&
    next.priceId === head.priceId &&
    Number(next.serial) === Number(head.serial) + index &&
    next.ticket === head.ticket + index &&
    next.soldAtS >= last.soldAtS
  )
}

function salesOf(runs: readonly SaleRun[]): Sale[] {
  return runs.flatMap(
    ({ product, firstSerial, firstTicket, vendor, priceId, firstSoldAtS, secondsLater }) => {
      let soldAtS = firstSoldAtS
      return [0, ...secondsLater].map((later, index) => {
        soldAtS += later
        return {
          product,
          serial: serialAt(firstSerial, index),
          ticket: firstTicket + index,
          vendor,
          priceId,
          soldAtS,
        }
      })
    },
  )
}

const saleRunList = checked(
  list(saleRun, 0, MAX_SALES_PER_REPORT),
  `at most ${MAX_SALES_PER_REPORT} sales, numbers and times within their bounds`,
  (runs) =>
    runs.reduce((sum, { secondsLater }) => sum + 1 + secondsLater.length, 0) <= MAX_SALES_PER_REPORT &&
    runs.every(
      ({ firstSerial, firstTicket, firstSoldAtS, secondsLater }) =>
        Number(firstSerial) + secondsLater.length <= 999_999_999_999 &&
        firstTicket + secondsLater.length <= 0xffff_ffff &&
        secondsLater.reduce((sum, later) => sum + later, firstSoldAtS) <= 0xffff_ffff,
    ),
)

const ticketEvent = record({
  product: named(productId),
  serial,
  ticket: ticketNumber,
  vendor: named(vendorId),
  atS: seconds,
  /**
   * `in-doubt`: the ticket may or may not have come out. `settled-sold` and `settled-damaged`: what a person then
   * found. `duplicate`: the same ticket was printed once more.
   */
  what: oneOf(['in-doubt', 'settled-sold', 'settled-damaged', 'duplicate']),
  /** Which duplicate of its ticket it is, from 1, the ninth for all after it; 0 for other events. */
  copy: integer(0, MAX_COPY),
})

export type TicketEvent = ContentOf<typeof ticketEvent>

const event = checked(
  ticketEvent,
  'a copy of a duplicate',
  ({ what, copy }) => (what === 'duplicate') === copy > 0,
)

/** What a card has given in its life, by its own count: a gap to what was reported is somebody's to explain. */
const cardCount = record({ card: named(cardId), keysGiven: keyCount })

export const salesReport = record({
  sales: mapped<readonly Sale[], readonly SaleRun[]>(saleRunList, runsOf, salesOf),
  events: list(event, 0, MAX_EVENTS_PER_REPORT),
  cards: list(cardCount, 0, MAX_CARDS),
})

export type SalesReport = ContentOf<typeof salesReport>

export const salesReportMessage = supplyMessage('sales-report', salesReport)
