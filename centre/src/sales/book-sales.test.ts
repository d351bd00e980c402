// What a report leaves in the books: sales in their month, marks on the runs that it names, and what they add up to.

import { inTransaction } from '@scratchless/office/database/database'
import { vendorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { type SerialNumber, serialAt } from '@scratchless/voucher/serial'
import type { Sale } from '@scratchless/wire/supply/sales-report'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { rowsRead } from '../../../office/testing/rows-read.ts'
import { ATLAS_5, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { DEPOT } from '../../testing/main-depot.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import { readStock } from '../stock/stock.sql.ts'
import { bookSales } from './book-sales.ts'
import { makeSaleMonths } from './make-sale-months.ts'
import { findRunsOf, markSold, RUNS_OF } from './sale.sql.ts'
import { foldHours } from './sales-sums.sql.ts'

let centre: TestCentre
let terminal: TestTerminal
let first: SerialNumber
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(1_000_000, 1_000)
})
afterAll(() => centre.close())
beforeEach(async () => {
  await centre.database
    .pool('owner')
    .query('DELETE FROM sales_of_hour; DELETE FROM sales_of_hour_change; DELETE FROM sales_of_shop')
  terminal = await enrolTerminal(centre, await addShop(centre, 10n * UNIT_PRICE_MINOR))
  const delivery = await terminal.ask('supply-order', terminal.order(5))
  if (delivery.kind !== 'supply-delivery') throw new Error(delivery.kind)
  first = delivery.content.lots[0]!.runs[0]!.firstSerial
})

const AT = new Date('2026-11-25T12:00:00Z')
const soldAt = (index: number, at: string, priceId = 1): Sale => ({
  ...{ product: ATLAS_5.id, serial: serialAt(first, index), ticket: index + 1, vendor: vendorId('02') },
  ...{ priceId, soldAtS: Date.parse(at) / 1000 },
})
const report = (over: { at?: Date; timeZone?: string } = {}) => ({
  ...{ depot: DEPOT, terminal: terminal.id, retailer: terminal.retailer, sequence: 3 },
  ...{ at: AT, timeZone: 'Africa/Tunis', ...over },
})
const book = (sales: readonly Sale[], over: { at?: Date; timeZone?: string } = {}) =>
  inTransaction(centre.needs.pool, async (sql) => (await bookSales(sql, report(over), sales)).strange)
async function rows<Row>(query: string): Promise<Row[]> {
  return (await centre.needs.pool.query(query)).rows as Row[]
}
const marks = () =>
  rows(`SELECT sold::text FROM supply_run WHERE terminal_id = '${terminal.id}' ORDER BY first_serial`)
const HOURS = `SELECT day, hour, sales::int, amount_minor::int AS amount FROM`

test('the run marks what is sold, and nothing else of it', async () => {
  expect(await marks()).toEqual([{ sold: null }])
  expect(await book([soldAt(1, '2026-11-25T10:00:00Z'), soldAt(4, '2026-11-25T10:00:01Z')])).toEqual([])
  expect(await marks()).toEqual([{ sold: '01001' }])
  expect(await book([soldAt(0, '2026-11-25T10:00:00Z')])).toEqual([])
  expect(await marks()).toEqual([{ sold: '11001' }])
})

test('a code that is marked as sold is not marked again, whoever asks', async () => {
  const sales = [soldAt(1, '2026-11-25T10:00:00Z'), soldAt(2, '2026-11-25T10:00:00Z')]
  const [one, two] = await findRunsOf(centre.needs.pool, report(), sales)
  await markSold(centre.needs.pool, report(), [one!])
  await expect(markSold(centre.needs.pool, report(), [one!, two!])).rejects.toThrow('sold already')
  await expect(markSold(centre.needs.pool, report(), [two!, two!])).rejects.toThrow('sold already')
  expect(await marks()).toEqual([{ sold: '01000' }])
})

test('a sale lies in the month in which it was reported, whatever the terminal’s clock says', async () => {
  await book([soldAt(0, '1999-12-31T23:59:59Z'), soldAt(1, '2105-01-01T00:00:00Z')])
  const tables = await rows(
    `SELECT tableoid::regclass::text AS "table", sold_on FROM sale WHERE terminal_id = '${terminal.id}' ORDER BY serial`,
  )
  expect(tables).toEqual([
    { table: 'sale_2026_11', sold_on: '2000-01-01' },
    { table: 'sale_2026_11', sold_on: '2105-01-01' },
  ])
})

test('a report that finds its month missing makes it, and the months ahead are made in time', async () => {
  await book([soldAt(0, '2026-11-25T10:00:00Z')], { at: new Date('2031-05-31T23:59:59.999Z') })
  await book([soldAt(1, '2026-11-25T10:00:00Z')], { at: new Date('2031-06-01T00:00:00Z') })
  const made = () =>
    rows<{ name: string }>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'sale'::regclass
          AND inhrelid::regclass::text ~ '203[1-3]' ORDER BY 1`,
    )
  expect(await made()).toEqual([{ name: 'sale_2031_05' }, { name: 'sale_2031_06' }])
  await makeSaleMonths({ ...centre.needs, clock: { nowMs: () => Date.parse('2032-11-30T12:00:00Z') } })
  expect((await made()).slice(2).map(({ name }) => name)).toEqual([
    ...['sale_2032_11', 'sale_2032_12', 'sale_2033_01', 'sale_2033_02'],
  ])
})

test('a month that cannot be made is one alarm, and the work fails', async () => {
  const owner = centre.database.pool('owner')
  await owner.query('REVOKE EXECUTE ON FUNCTION make_sale_month FROM test_api')
  try {
    const needs = { ...centre.needs, clock: { nowMs: () => Date.parse('2034-01-01T00:00:00Z') } }
    for (let tries = 0; tries < 2; tries++)
      await expect(makeSaleMonths(needs)).rejects.toThrow('permission denied')
  } finally {
    await owner.query('GRANT EXECUTE ON FUNCTION make_sale_month TO test_api')
  }
  expect(await rows(`SELECT subject FROM alarm WHERE kind = 'sale-month-not-made'`)).toEqual([
    { subject: '2034-01' },
  ])
})

test('no month is made twice, nor one that no sale can be of', async () => {
  const make = (day: string) => rows<{ made: boolean }>(`SELECT make_sale_month('${day}') AS made`)
  expect(await make('2040-02-29')).toEqual([{ made: true }])
  expect(await make('2040-02-01')).toEqual([{ made: false }])
  await expect(make('2019-12-31')).rejects.toThrow('no month of sales')
  await expect(make('2120-01-01')).rejects.toThrow('no month of sales')
})

test('what is sold is added up by the office’s clock, and a clock that is put back shows an hour twice', async () => {
  await book(
    [
      soldAt(0, '2026-10-24T21:59:59Z'),
      soldAt(1, '2026-10-24T22:00:00Z'),
      soldAt(2, '2026-10-25T00:30:00Z'),
      // No price that the centre knows.
      soldAt(3, '2026-10-25T01:30:00Z', 99),
      soldAt(4, '2026-10-25T02:30:00Z'),
    ],
    { timeZone: 'Europe/Paris' },
  )
  const hours = [
    { day: '2026-10-24', hour: 23, sales: 1, amount: 5_000 },
    { day: '2026-10-25', hour: 0, sales: 1, amount: 5_000 },
    { day: '2026-10-25', hour: 2, sales: 2, amount: 5_000 },
    { day: '2026-10-25', hour: 3, sales: 1, amount: 5_000 },
  ]
  expect(await rows(`${HOURS} sales_of_hour_change ORDER BY day, hour`)).toEqual(hours)
  expect(
    await rows(
      `SELECT day, retailer_id, sales::int, amount_minor::int AS amount FROM sales_of_shop ORDER BY day`,
    ),
  ).toEqual([
    { day: '2026-10-24', retailer_id: terminal.retailer, sales: 1, amount: 5_000 },
    { day: '2026-10-25', retailer_id: terminal.retailer, sales: 4, amount: 15_000 },
  ])
  expect(
    await rows(
      `SELECT sold_on AS day, sold_hour AS hour FROM sale WHERE terminal_id = '${terminal.id}' ORDER BY serial`,
    ),
  ).toMatchObject([0, 1, 2, 2, 3].map((at) => ({ day: hours[at]!.day, hour: hours[at]!.hour })))
  const fold = () => inTransaction(centre.needs.pool, (sql) => foldHours(sql, DEPOT))
  await fold()
  await fold()
  expect(await rows(`${HOURS} sales_of_hour ORDER BY day, hour`)).toEqual(hours)
  expect(await rows('SELECT FROM sales_of_hour_change')).toEqual([])
})

test('what is folded later is added to what stands, and a shop’s day grows', async () => {
  const fold = () => inTransaction(centre.needs.pool, (sql) => foldHours(sql, DEPOT))
  await book([soldAt(0, '2026-11-25T10:00:00Z')])
  await fold()
  await book([soldAt(1, '2026-11-25T10:10:00Z')])
  await book([soldAt(2, '2026-11-25T10:20:00Z')])
  await fold()
  const sum = { day: '2026-11-25', sales: 3, amount: 15_000 }
  expect(await rows(`${HOURS} sales_of_hour`)).toEqual([{ ...sum, hour: 11 }])
  expect(await rows(`SELECT day, sales::int, amount_minor::int AS amount FROM sales_of_shop`)).toEqual([sum])
})

test('a sale that is told again, or on a second ticket, is added up once', async () => {
  const sale = soldAt(0, '2026-11-25T10:00:00Z')
  const second = { ...sale, ticket: 9 }
  expect(await book([sale, second])).toEqual([second])
  expect(await book([sale])).toEqual([])
  expect(await book([second, sale])).toEqual([second])
  expect(await rows(`${HOURS} sales_of_hour_change`)).toMatchObject([{ sales: 1 }])
  const other = { ...soldAt(1, '2026-11-25T10:00:00Z'), product: productId('SAHEL-5') }
  expect(await book([other])).toEqual([other])
  expect(await rows(`${HOURS} sales_of_hour_change`)).toMatchObject([{ sales: 1 }])
})

test('a code of a withheld order is not sold; given again, it is sold from its new run', async () => {
  const owner = centre.database.pool('owner')
  await owner.query(`UPDATE supply_order SET state = 'withheld' WHERE terminal_id = $1`, [terminal.id])
  const sale = soldAt(2, '2026-11-25T10:00:00Z')
  expect(await book([sale])).toEqual([sale])
  // From the middle of the withheld run on, in an order of its own.
  await owner.query(
    `INSERT INTO supply_order (depot_id, terminal_id, sequence, retailer_id, decided_at, epoch, codes, debited_minor,
                               available_minor, state)
     VALUES ('main', $1, 9, $2, now(), 1, 4, 0, 0, 'delivered')`,
    [terminal.id, terminal.retailer],
  )
  await owner.query(
    `INSERT INTO supply_run (depot_id, operator, first_serial, count, pack_first_serial, lot_id, product_id, expires_on,
                             unit_price_minor, terminal_id, sequence)
     SELECT depot_id, operator, first_serial - 1, 4, pack_first_serial, lot_id, product_id, expires_on, unit_price_minor,
            terminal_id, 9 FROM supply_run WHERE terminal_id = $1`,
    [terminal.id],
  )
  expect(await book([sale])).toEqual([])
  expect(await marks()).toEqual([{ sold: '0001' }, { sold: null }])
})

test('a report reads the runs that it names, not those that its terminal ever got', async () => {
  const owner = centre.database.pool('owner')
  await owner.query(`
    INSERT INTO pack (depot_id, operator, first_serial, count, lot_id, product_id, delivery_id, expires_on)
    SELECT depot_id, operator, 5000000 + 1000 * n, 1000, lot_id, product_id, delivery_id, expires_on
      FROM pack, generate_series(0, 99) AS n WHERE first_serial = 1000000;
    INSERT INTO supply_order (depot_id, terminal_id, sequence, retailer_id, decided_at, epoch, codes, debited_minor,
                              available_minor, state)
    SELECT 'main', '${terminal.id}', 100 + n, '${terminal.retailer}', now(), 1, 20, 0, 0, 'delivered'
      FROM generate_series(0, 4999) AS n;
    INSERT INTO supply_run (depot_id, operator, first_serial, count, pack_first_serial, lot_id, product_id, expires_on,
                            unit_price_minor, terminal_id, sequence)
    SELECT 'main', 'atlas', 5000000 + 20 * n, 20, 5000000 + n / 50 * 1000, 'L000001', 'ATLAS-5', '2099-12-31', 1,
           '${terminal.id}', 100 + n FROM generate_series(0, 4999) AS n;
    ANALYZE supply_run; ANALYZE supply_order`)
  const serials = Array.from({ length: 30 }, (_, n) => 5_050_000 + n)
  const read = await rowsRead(owner, RUNS_OF, [DEPOT, terminal.id, serials.map(() => 'ATLAS-5'), serials])
  expect(read.supply_run).toBeLessThanOrEqual(60)
  expect(read.supply_order).toBeLessThanOrEqual(60)
})

test('stock tells what is with terminals, on its way and sold', async () => {
  const stock = async () => {
    const [row] = await readStock(centre.needs.pool)
    return { despatched: row!.despatched, delivered: row!.delivered, sold: row!.sold, inStock: row!.inStock }
  }
  await centre.database.pool('owner').query(
    `DELETE FROM supply_run WHERE sequence > 5; DELETE FROM supply_order WHERE sequence > 5;
     DELETE FROM pack WHERE first_serial >= 5000000`,
  )
  const before = await stock()
  const delivery = await terminal.ask('supply-order', terminal.order(3))
  if (delivery.kind !== 'supply-delivery') throw new Error(delivery.kind)
  // The second order settles the first.
  expect(await stock()).toEqual({
    ...{ despatched: before.despatched - 5 + 3, delivered: before.delivered + 5 },
    ...{ sold: before.sold, inStock: before.inStock - 3 },
  })
  const now = await stock()
  await book([soldAt(0, '2026-11-25T10:00:00Z'), soldAt(1, '2026-11-25T10:00:00Z')])
  expect(await stock()).toEqual({ ...now, delivered: now.delivered - 2, sold: now.sold + 2 })
  await inTransaction(centre.needs.pool, (sql) => foldHours(sql, DEPOT))
  expect(await stock()).toEqual({ ...now, delivered: now.delivered - 2, sold: now.sold + 2 })
})

test('a sale of another code, or of another product, on a ticket that stands is none that stands', async () => {
  expect(await book([soldAt(0, '2026-11-25T10:00:00Z')])).toEqual([])
  const sale = soldAt(0, '2026-11-25T10:00:00Z')
  const ofNone = { ...sale, serial: serialAt(first, 900) }
  const ofOther = { ...sale, product: productId('SAHEL-5') }
  expect(await book([ofNone])).toEqual([ofNone])
  expect(await book([ofOther])).toEqual([ofOther])
})

test('the price of another product is none of this sale', async () => {
  await centre.database.pool('owner').query(`
    INSERT INTO product (id, operator, face_value_minor, code_digits, check_digit, validity_days, refill_template, added_at)
    VALUES ('ATLAS-10', 'atlas', 10000, 14, 'none', 90, '*123*{code}#', now());
    INSERT INTO product_price (product_id, valid_from, public_price_minor, tax_minor, net_credit_minor, set_by, set_at)
    VALUES ('ATLAS-10', now(), 10000, 0, 9400, 'test', now())`)
  const [{ id }] = (await rows<{ id: number }>(
    `SELECT id FROM product_price WHERE product_id = 'ATLAS-10'`,
  )) as [{ id: number }]
  await book([soldAt(0, '2026-11-25T10:00:00Z', id)])
  expect(await rows(`SELECT price_id, amount_minor FROM sale WHERE terminal_id = '${terminal.id}'`)).toEqual([
    { price_id: null, amount_minor: null },
  ])
})

test('codes of an order that is being closed are on their way', async () => {
  const [before] = await readStock(centre.needs.pool)
  const owner = centre.database.pool('owner')
  await owner.query(`UPDATE supply_order SET state = 'decided' WHERE terminal_id = $1`, [terminal.id])
  await owner.query('UPDATE supply_message SET answer = NULL WHERE terminal_id = $1 AND sequence = 2', [
    terminal.id,
  ])
  expect(await readStock(centre.needs.pool)).toEqual([before])
})
