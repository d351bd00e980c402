// What a report stores, and what of it is an alarm.

import { operatorId, vendorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { type SerialNumber, serialAt } from '@scratchless/voucher/serial'
import { type SalesReport, salesReportMessage } from '@scratchless/wire/supply/sales-report'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ATLAS_5, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { addTestProduct, startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'

const SOLD_AT_S = 1_795_000_000
const SAHEL_5 = productId('SAHEL-5')

let centre: TestCentre
let terminal: TestTerminal
let first: SerialNumber
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(1_000_000, 1_000)
})
afterAll(() => centre.close())
beforeEach(async () => {
  terminal = await enrolTerminal(centre, await addShop(centre, 10n * UNIT_PRICE_MINOR))
  const delivery = await terminal.ask('supply-order', terminal.order(5))
  if (delivery.kind !== 'supply-delivery') throw new Error(delivery.kind)
  first = delivery.content.lots[0]!.runs[0]!.firstSerial
})

const sale = (index: number, ticket = index + 1, product = ATLAS_5.id) => ({
  ...{ product, serial: serialAt(first, index), ticket, vendor: vendorId('02'), priceId: 1 },
  soldAtS: SOLD_AT_S + index,
})
async function report(content: Partial<SalesReport>): Promise<void> {
  const signed = terminal.sign(salesReportMessage, { sales: [], events: [], cards: [], ...content })
  expect(await terminal.ask('sales-report', signed)).toMatchObject({ kind: 'acknowledgement' })
}
async function stored() {
  const { rows } = await centre.needs.pool.query(
    `SELECT operator, product_id, ticket, vendor_id, sold_at, reported_in FROM sale
      WHERE terminal_id = $1 ORDER BY serial`,
    [terminal.id],
  )
  return rows
}
async function alarms() {
  const { rows } = await centre.needs.pool.query<{ kind: string; details: string }>(
    'SELECT kind, details FROM alarm WHERE subject = $1 ORDER BY id',
    [terminal.id],
  )
  return rows.map(({ kind, details }) => ({ kind, details: JSON.parse(details) as { ticket: number } }))
}
const alarmOf = (index: number, ticket: number, product = ATLAS_5.id) => ({
  kind: 'sale-of-no-code-of-its-own',
  details: { serial: serialAt(first, index), product, ticket },
})

test('a sale is stored as it was reported, with the report that brought it', async () => {
  await report({ sales: [sale(0), sale(1)] })
  const row = { operator: 'atlas', product_id: 'ATLAS-5', vendor_id: '02', reported_in: 3n }
  expect(await stored()).toEqual([
    { ...row, ticket: 1n, sold_at: new Date(SOLD_AT_S * 1000) },
    { ...row, ticket: 2n, sold_at: new Date((SOLD_AT_S + 1) * 1000) },
  ])
  expect(await alarms()).toEqual([])
})

test('the same sale in a later report changes nothing and alarms nobody', async () => {
  await report({ sales: [sale(0)] })
  await report({ sales: [sale(0), sale(1)] })
  expect((await stored()).map(({ ticket }) => ticket)).toEqual([1n, 2n])
  expect(await alarms()).toEqual([])
})

test.each(['one report', 'two reports', 'a report that repeats the first'])(
  'one code on two tickets, told in %s, is stored once and is an alarm',
  async (how) => {
    if (how === 'one report') await report({ sales: [sale(0, 1), sale(0, 2)] })
    else {
      await report({ sales: [sale(0, 1)] })
      await report({ sales: how === 'two reports' ? [sale(0, 2)] : [sale(0, 1), sale(0, 2)] })
    }
    expect((await stored()).map(({ ticket }) => ticket)).toEqual([1n])
    expect(await alarms()).toEqual([alarmOf(0, 2)])
  },
)

test('a code just before and just after what it was given is none of its own', async () => {
  const before = { ...sale(0, 8), serial: serialAt(first, -1) }
  await report({ sales: [before, sale(4, 5), sale(5, 9)] })
  expect((await stored()).map(({ ticket }) => ticket)).toEqual([5n])
  expect((await alarms()).map(({ details }) => details.ticket).sort()).toEqual([8, 9])
})

test('another terminal’s code, and one named as another product, are alarms', async () => {
  await addTestProduct(
    centre.needs.pool,
    { ...ATLAS_5, id: SAHEL_5, operator: operatorId('atlas') },
    new Date(),
  )
  await report({ sales: [sale(0, 1, SAHEL_5)] })
  expect(await alarms()).toEqual([alarmOf(0, 1, SAHEL_5)])
  const other = await enrolTerminal(centre, await addShop(centre, 0n))
  const mine = terminal
  terminal = other
  await report({ sales: [sale(1)] })
  expect(await stored()).toEqual([])
  expect(await alarms()).toEqual([alarmOf(1, 2)])
  terminal = mine
  expect(await stored()).toEqual([])
})

test('events are stored one by one, with who, when and what', async () => {
  const event = (index: number, what: 'in-doubt' | 'settled-damaged' | 'settled-sold') => {
    const { soldAtS, ...head } = sale(index)
    return { ...head, atS: soldAtS, what, copy: 0 }
  }
  await report({ events: [event(0, 'in-doubt'), event(1, 'settled-damaged'), event(2, 'settled-sold')] })
  const { rows } = await centre.needs.pool.query(
    `SELECT operator, serial, ticket, vendor_id, at, what, reported_in FROM ticket_event
      WHERE terminal_id = $1 ORDER BY serial`,
    [terminal.id],
  )
  const row = (index: number, what: string) => ({
    ...{ operator: 'atlas', serial: BigInt(serialAt(first, index)), ticket: BigInt(index + 1), what },
    ...{ vendor_id: '02', at: new Date((SOLD_AT_S + index) * 1000), reported_in: 3n },
  })
  expect(rows).toEqual([row(0, 'in-doubt'), row(1, 'settled-damaged'), row(2, 'settled-sold')])
})
