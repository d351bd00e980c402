// How sales travel: consecutive ones in runs, said once.

import { vendorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { expect, test } from 'vitest'
import { Misshapen } from '../compact/shape.ts'
import { MAX_EVENTS_PER_REPORT, MAX_SALES_PER_REPORT, type Sale, salesReport } from './sales-report.ts'

function sale(index: number, soldAtS: number, more: Partial<Sale> = {}): Sale {
  return {
    product: productId('ATLAS-5'),
    serial: serialFromNumber(100 + index),
    ticket: 40 + index,
    vendor: vendorId('02'),
    priceId: 7,
    soldAtS,
    ...more,
  }
}
const runsOf = (...sales: Sale[]) => (salesReport.toLine({ sales, events: [], cards: [] }) as unknown[])[0]
const head = (
  serial: number,
  ticket: number,
  atS: number,
  later: number[],
  vendor = '02',
  name = 'ATLAS-5',
  priceId = 7,
) => [name, serial, ticket, vendor, priceId, atS, later]

test('sales of the next serial with the next ticket by the same vendor are one run, in seconds from each to the next', () => {
  expect(runsOf(sale(0, 1_000), sale(1, 1_000), sale(2, 1_070), sale(3, 1_071))).toEqual([
    head(100, 40, 1_000, [0, 70, 1]),
  ])
  expect(runsOf()).toEqual([])
  expect(runsOf(sale(7, 5))).toEqual([head(107, 47, 5, [])])
})

test.each([
  ['another product', { product: productId('ATLAS-1') }, head(101, 41, 1_010, [], '02', 'ATLAS-1')],
  ['another vendor', { vendor: vendorId('03') }, head(101, 41, 1_010, [], '03')],
  ['another price', { priceId: 8 }, head(101, 41, 1_010, [], '02', 'ATLAS-5', 8)],
  ['a serial passed over', { serial: serialFromNumber(102) }, head(102, 41, 1_010, [])],
  ['the same serial', { serial: serialFromNumber(100) }, head(100, 41, 1_010, [])],
  ['a ticket passed over', { ticket: 42 }, head(101, 42, 1_010, [])],
  ['the same ticket', { ticket: 40 }, head(101, 40, 1_010, [])],
  ['a clock that went back', { soldAtS: 999 }, head(101, 41, 999, [])],
])('%s begins another run', (_what, change, next) => {
  expect(runsOf(sale(0, 1_000), sale(1, 1_010, change))).toEqual([head(100, 40, 1_000, []), next])
})

test('a run is continued from its first sale and from its last, not from one of them alone', () => {
  expect(runsOf(sale(0, 1_000), sale(1, 1_005), sale(2, 1_004))).toEqual([
    head(100, 40, 1_000, [5]),
    head(102, 42, 1_004, []),
  ])
  expect(runsOf(sale(0, 1_000), sale(2, 1_005), sale(3, 1_006))).toEqual([
    head(100, 40, 1_000, []),
    head(102, 42, 1_005, [1]),
  ])
})

test('what comes back are single sales again, their seconds summed up', () => {
  const line = [[head(100, 40, 1_000, [0, 70, 1])], [], []]
  expect(salesReport.fromLine(line).sales).toEqual([
    sale(0, 1_000),
    sale(1, 1_000),
    sale(2, 1_070),
    sale(3, 1_071),
  ])
})

test('a report holds as many sales and events as it may, and none more', () => {
  expect([MAX_SALES_PER_REPORT, MAX_EVENTS_PER_REPORT]).toEqual([500, 100])
  const sales = Array.from({ length: 501 }, (_, index) => sale(index, 1_000 + index))
  expect(() => salesReport.toLine({ sales: sales.slice(0, 500), events: [], cards: [] })).not.toThrow()
  expect(() => salesReport.toLine({ sales, events: [], cards: [] })).toThrow(Misshapen)
  const scattered = Array.from({ length: 501 }, (_, index) => sale(index * 2, 1_000))
  expect(() => salesReport.toLine({ sales: scattered.slice(0, 500), events: [], cards: [] })).not.toThrow()
  expect(() => salesReport.toLine({ sales: scattered, events: [], cards: [] })).toThrow(Misshapen)
})

test('what became of a ticket stands on the line as its place among the words', () => {
  const words = ['in-doubt', 'settled-sold', 'settled-damaged', 'duplicate'] as const
  for (const [place, what] of words.entries()) {
    const { soldAtS: atS, priceId: _priceId, ...ticket } = sale(0, 7)
    const report = {
      sales: [],
      events: [{ ...ticket, atS, what, copy: what === 'duplicate' ? 2 : 0 }],
      cards: [],
    }
    const line = salesReport.toLine(report) as unknown[][][]
    expect(line[1]![0]!.slice(-2)).toEqual([place, what === 'duplicate' ? 2 : 0])
    expect(salesReport.fromLine(line as never)).toEqual(report)
  }
})
