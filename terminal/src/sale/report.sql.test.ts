import { cardId, vendorId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ATLAS } from '../../../voucher/testing/example-product.ts'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { layRun, type TestStore, testStore } from '../../testing/test-store.ts'
import {
  acknowledgeReport,
  eventReported,
  eventsToReport,
  releaseReported,
  salesReported,
  salesToReport,
  unsent,
} from './report.sql.ts'
import {
  countInDoubt,
  countUnreported,
  endDoubt,
  endIntent,
  firstSaleMs,
  type Intent,
  insertEvent,
  insertIntent,
  latestSales,
  nextTicketNumber,
  saleById,
  saleByNumber,
  salesIn,
  soldByHour,
  soldSince,
  withdrawIntent,
} from './sale.sql.ts'

const AT_MS = 1_795_000_000_500
let world: TestStore
beforeEach(() => {
  world = testStore()
  layRun(world.store, { count: 20 })
})
afterEach(() => world.close())

function intent(number: number, more: Partial<Intent> = {}): Intent {
  return {
    ...{ saleId: `sale-${number}-of-a-key`, run: 1, runIndex: number - 1, operator: ATLAS, product: PRODUCT },
    serial: serialFromNumber(999 + number),
    price: money(5_000n, 'TND'),
    priceId: 7,
    ...{ vendor: vendorId('02'), card: cardId('C0000001'), leaseUntilMs: AT_MS + 1_000_000_000 },
    ...{ atMs: AT_MS + number * 1_000, locale: 'en' },
    ...more,
  }
}

/** Sells ticket `number`, and leaves it so. */
function sale(
  number: number,
  state: 'intent' | 'printed' | 'in_doubt' | 'damaged',
  more: Partial<Intent> = {},
) {
  insertIntent(world.store, number, intent(number, more))
  if (state === 'intent') return
  endIntent(world.store, number, state, AT_MS + 50_000)
  if (state === 'in_doubt') insertEvent(world.store, number, 'in-doubt', AT_MS + 50_000)
  if (state === 'damaged') insertEvent(world.store, number, 'settled-damaged', AT_MS + 50_000)
}
const tickets = (sales: readonly { ticket: number }[]) => sales.map(({ ticket }) => ticket)

test('a sale is read back as it was promised, by its id and by its number', () => {
  expect(nextTicketNumber(world.store)).toBe(1)
  sale(1, 'intent')
  sale(2, 'printed', { locale: 'fr', price: money(7_500n, 'EUR') })
  expect(nextTicketNumber(world.store)).toBe(3)
  expect(saleById(world.store, 'sale-1-of-a-key')).toEqual({
    ...intent(1),
    number: 1,
    ticketFacts: null,
    state: 'intent',
  })
  expect(saleByNumber(world.store, 2)).toEqual({
    ...intent(2),
    ...{ number: 2, ticketFacts: null, state: 'printed', locale: 'fr', price: money(7_500n, 'EUR') },
  })
  expect(saleById(world.store, 'sale-3-of-a-key')).toBeUndefined()
  expect(saleByNumber(world.store, 3)).toBeUndefined()
  world.store.statement(`UPDATE sale SET currency = 'XXX'`).run()
  expect(() => saleByNumber(world.store, 1)).toThrow('no currency of ours: XXX')
})

test('a sale ends once, and only what is open is withdrawn or settled', () => {
  sale(1, 'printed')
  expect(() => endIntent(world.store, 1, 'damaged', AT_MS)).toThrow('sale 1 has ended already')
  expect(() => withdrawIntent(world.store, 1)).toThrow('sale 1 has ended already')
  expect(() => endDoubt(world.store, 1, 'damaged', AT_MS)).toThrow('sale 1 is not in doubt')
  sale(2, 'intent')
  expect(() => endDoubt(world.store, 2, 'damaged', AT_MS)).toThrow('sale 2 is not in doubt')
  withdrawIntent(world.store, 2)
  expect(saleByNumber(world.store, 2)).toBeUndefined()
  sale(3, 'in_doubt')
  endDoubt(world.store, 3, 'damaged', AT_MS + 9)
  expect(saleByNumber(world.store, 3)?.state).toBe('damaged')
  expect(world.store.statement('SELECT ended_at_ms FROM sale ORDER BY number').all()).toEqual([
    { ended_at_ms: AT_MS + 50_000 },
    { ended_at_ms: AT_MS + 9 },
  ])
})

test('lists and counts hold what they say', () => {
  sale(1, 'printed')
  sale(2, 'in_doubt')
  sale(3, 'damaged')
  sale(4, 'in_doubt')
  sale(5, 'intent')
  expect(salesIn(world.store, 'in_doubt').map(({ number }) => number)).toEqual([2, 4])
  expect(salesIn(world.store, 'intent').map(({ number }) => number)).toEqual([5])
  expect(countInDoubt(world.store)).toBe(2)
  expect(latestSales(world.store, 2).map(({ number }) => number)).toEqual([5, 4])
  expect(countUnreported(world.store)).toBe(5)
  expect(firstSaleMs(world.store)).toBe(AT_MS + 1_000)
})

test('sold is what was printed since, by the hour and by the product', () => {
  expect(firstSaleMs(world.store)).toBeNull()
  const hour = 3_600_000
  sale(1, 'printed', { atMs: AT_MS - 1 })
  sale(2, 'printed', { atMs: AT_MS })
  sale(3, 'printed', { atMs: AT_MS + hour - 1, price: money(6_000n, 'TND') })
  sale(4, 'printed', { atMs: AT_MS + hour })
  sale(5, 'damaged', { atMs: AT_MS + hour })
  expect(soldByHour(world.store, AT_MS)).toEqual([
    { hour: 0, sales: 2, amountMinor: 11_000n },
    { hour: 1, sales: 1, amountMinor: 5_000n },
  ])
  expect([...soldSince(world.store, AT_MS)]).toEqual([[PRODUCT, 3]])
})

test('a report takes what was printed, oldest first, with its whole second', () => {
  sale(1, 'printed')
  sale(2, 'in_doubt')
  sale(3, 'printed')
  sale(4, 'intent')
  expect(salesToReport(world.store, 10)).toEqual([
    {
      ...{ product: PRODUCT, serial: '000000001000', ticket: 1, vendor: '02', priceId: 7 },
      soldAtS: Math.floor((AT_MS + 1_000) / 1000),
    },
    expect.objectContaining({ ticket: 3 }),
  ])
  expect(tickets(salesToReport(world.store, 1))).toEqual([1])
  expect(eventsToReport(world.store, 10)).toEqual([
    {
      id: 1,
      event: {
        ...{ product: PRODUCT, serial: '000000001001', ticket: 2, vendor: '02', what: 'in-doubt' },
        atS: Math.floor((AT_MS + 50_000) / 1000),
        copy: 0,
      },
    },
  ])
  expect(eventsToReport(world.store, 0)).toEqual([])
})

test('what is in a report is in no other until that one is refused', () => {
  for (const number of [1, 2, 3]) sale(number, 'printed')
  sale(4, 'in_doubt')
  salesReported(world.store, 2, 7)
  eventReported(world.store, 1, 7)
  expect(tickets(salesToReport(world.store, 10))).toEqual([3])
  expect(eventsToReport(world.store, 10)).toEqual([])
  expect(unsent(world.store)).toEqual({
    ...{ sales: 1, events: 0, oldestMs: AT_MS + 3_000, products: [PRODUCT] },
  })
  releaseReported(world.store, 8)
  expect(tickets(salesToReport(world.store, 10))).toEqual([3])
  releaseReported(world.store, 7)
  expect(tickets(salesToReport(world.store, 10))).toEqual([1, 2, 3])
  expect(eventsToReport(world.store, 10)).toHaveLength(1)
  expect(unsent(world.store)).toEqual({
    ...{ sales: 3, events: 1, oldestMs: AT_MS + 1_000, products: [PRODUCT] },
  })
})

test('an acknowledgement takes its own report and no other', () => {
  for (const number of [1, 2]) sale(number, 'printed')
  salesReported(world.store, 1, 7)
  acknowledgeReport(world.store, 8)
  expect(countUnreported(world.store)).toBe(2)
  acknowledgeReport(world.store, 7)
  expect(countUnreported(world.store)).toBe(1)
  // Nothing brings back what the centre has.
  releaseReported(world.store, 7)
  expect(tickets(salesToReport(world.store, 10))).toEqual([2])
})

test('an open doubt counts as unreported although it was told; a damaged ticket is told with its event', () => {
  sale(1, 'in_doubt')
  sale(2, 'damaged')
  for (const { id } of eventsToReport(world.store, 10)) eventReported(world.store, id, 7)
  acknowledgeReport(world.store, 7)
  expect(countUnreported(world.store)).toBe(1)
  expect(eventsToReport(world.store, 10)).toEqual([])
  // Refused afterwards by nobody: what is acknowledged stays so.
  releaseReported(world.store, 7)
  expect(eventsToReport(world.store, 10)).toEqual([])
  endDoubt(world.store, 1, 'printed', AT_MS)
  expect(tickets(salesToReport(world.store, 10))).toEqual([1])
})

test('nothing unsent is nothing', () => {
  expect(unsent(world.store)).toEqual({
    ...{ sales: 0, events: 0, oldestMs: Number.MAX_SAFE_INTEGER, products: [] },
  })
})
