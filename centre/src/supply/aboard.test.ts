// The value on board of a terminal, as the centre counts it: up with each order, down with each sale and with what was
// withheld; and the shop's cap, by which an order is refused.

import { serialAt } from '@scratchless/voucher/serial'
import { type Sale, salesReportMessage } from '@scratchless/wire/supply/sales-report'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ATLAS_5, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import { insertShopSettings } from '../retailers/shop-settings.sql.ts'
import { NO_SETTINGS, settingsText } from '../retailers/shop-settings.ts'
import { countMisvaluedTerminals } from './aboard.sql.ts'
import { createSupplyDoor } from './answer-supply-frame.ts'
import { createSupplyDesk } from './supply-desk.ts'

const PRICE = ATLAS_5.publicPrice.amountMinor

let centre: TestCentre
let terminal: TestTerminal
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(1_000_000, 3_000)
})
afterAll(async () => {
  const books = centre.database.pool('auditor')
  const office = { books, vaultBefore: books, vaultAfter: books }
  expect(await countMisvaluedTerminals(office)).toMatchObject({ breaks: 0n })
  await centre.close()
})
beforeEach(async () => {
  terminal = await enrolTerminal(centre, await addShop(centre, 100n * UNIT_PRICE_MINOR))
})

/** In codes. */
async function aboard(): Promise<number> {
  const { rows } = await centre.needs.pool.query<{ aboard_minor: bigint }>(
    'SELECT aboard_minor FROM terminal WHERE id = $1',
    [terminal.id],
  )
  return Number(rows[0]!.aboard_minor) / Number(PRICE)
}

async function order(codes: number) {
  const answer = await terminal.ask('supply-order', terminal.order(codes))
  if (answer.kind === 'supply-refusal') return answer.content.why
  return answer.content.lots[0]!.runs[0]!.firstSerial
}

async function report(sales: readonly Sale[]): Promise<void> {
  const signed = terminal.sign(salesReportMessage, { sales, events: [], cards: [] })
  expect((await terminal.ask('sales-report', signed)).kind).toBe('acknowledgement')
}

test('it rises with each order and falls with each sale, once', async () => {
  const [first, second] = [await order(5), await order(3)]
  if (typeof first !== 'string' || typeof second !== 'string') throw new Error('refused')
  expect(await aboard()).toBe(8)
  const sale = (serial: typeof first, ticket: number): Sale => ({
    ...{
      serial,
      product: ATLAS_5.id,
      ticket,
      vendor: '02' as Sale['vendor'],
      soldAtS: 1_795_000_000,
      priceId: 1,
    },
  })
  await report([sale(first, 1), sale(serialAt(first, 4), 2), sale(second, 3)])
  expect(await aboard()).toBe(5)
  // A repeat, the same code on another ticket, a code that it was not given, and a sale that is told twice at once.
  await report([
    sale(first, 1),
    sale(first, 9),
    sale(serialAt(second, 3), 4),
    ...[sale(serialAt(second, 1), 5), sale(serialAt(second, 1), 5)],
  ])
  expect(await aboard()).toBe(4)
})

test('what the vault would not close is on board of nobody', async () => {
  await order(2)
  const vault = new Proxy(centre.needs.vault, {
    get: (line, verb) =>
      verb === 'closeSupplyDeliveries'
        ? async ({ orders }: { orders: readonly unknown[] }) =>
            orders.map(() => ({ refusal: 'no-safe-key' as const }))
        : line[verb as keyof typeof line],
  })
  const needs = { ...centre.needs, vault }
  await createSupplyDoor(needs, createSupplyDesk(needs))(terminal.order(7).frame)
  expect(await aboard()).toBe(2)
})

test('an order above the shop’s cap is refused with what may still come, and one at it is not', async () => {
  const content = settingsText({ ...NO_SETTINGS, capMinor: 6n * PRICE })
  await insertShopSettings(centre.needs.pool, {
    ...{ retailer: terminal.retailer, number: 1, content, setBy: 'test', setAt: new Date() },
  })
  expect(await order(7)).toEqual({ reason: 'cap-exceeded', freeMinor: 6n * PRICE })
  expect(await order(4)).toBeTypeOf('string')
  expect(await order(3)).toEqual({ reason: 'cap-exceeded', freeMinor: 2n * PRICE })
  expect(await order(2)).toBeTypeOf('string')
  expect(await order(1)).toEqual({ reason: 'cap-exceeded', freeMinor: 0n })
})
