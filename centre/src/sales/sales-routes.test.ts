// What staff see of what was sold, by the routes themselves; and that a page of it reads few rows.

import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rowsRead } from '../../../office/testing/rows-read.ts'
import { type StaffCall, staffCaller } from '../../testing/staff-caller.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { createStaffServer } from '../staff-server.ts'
import { NEWEST_ORDERS } from '../stock/newest-orders.sql.ts'
import type { SupplyOrderView } from '../stock/stock-shapes.ts'
import { SALES_OF_DAYS, SALES_OF_ONE_SHOP, SALES_OF_SHOPS } from './sales-figures.sql.ts'
import type { DaySalesView, HourSalesView, ShopSalesView } from './sales-shapes.ts'

let centre: TestCentre
let app: FastifyInstance
let call: StaffCall
beforeAll(async () => {
  centre = await startTestCentre()
  app = await createStaffServer(centre.needs)
  const owner = centre.database.pool('owner')
  call = await staffCaller(app, owner)
  // 250 shops that sold each day of November, two products at the first of them; hours of two days; orders.
  await owner.query(`
    INSERT INTO product (id, operator, face_value_minor, code_digits, check_digit, validity_days, refill_template, added_at)
    VALUES ('ATLAS-10', 'atlas', 10000, 14, 'none', 90, '*123*{code}#', now());
    INSERT INTO retailer (id, depot_id, name, place, added_at)
    SELECT 'R' || lpad(n::text, 5, '0'), 'main', 'Shop ' || n, 'Sfax', now() FROM generate_series(1, 250) AS n;
    INSERT INTO sales_of_shop (depot_id, day, retailer_id, product_id, sales, amount_minor)
    SELECT 'main', '2026-10-31'::date + d, id, 'ATLAS-5', 2, 10000 FROM retailer, generate_series(1, 30) AS d;
    INSERT INTO sales_of_shop VALUES ('main', '2026-11-02', 'R00001', 'ATLAS-10', 1, 10000);
    INSERT INTO sales_of_hour VALUES
      ('main', '2026-11-01', 9, 'ATLAS-5', 3, 15000), ('main', '2026-11-01', 10, 'ATLAS-5', 1, 5000),
      ('main', '2026-11-01', 10, 'ATLAS-10', 1, 0), ('main', '2026-11-02', 9, 'ATLAS-5', 4, 20000),
      ('elsewhere', '2026-11-02', 9, 'ATLAS-5', 9, 45000);
    INSERT INTO sales_of_hour_change VALUES ('main', '2026-11-02', 9, 'ATLAS-5', 2, 10000);
    INSERT INTO supply_order (depot_id, terminal_id, sequence, retailer_id, decided_at, epoch, codes, debited_minor,
                              available_minor, state)
    SELECT 'main', 'T' || lpad((n % 3)::text, 5, '0'), n, 'R00001',
           '2026-11-25T10:00:00Z'::timestamptz + n / 4 * interval '1 second', 1, 1, 4800, 0, 'delivered'
      FROM generate_series(1, 450) AS n;
    ANALYZE`)
})
afterAll(async () => {
  await app.close()
  await centre.close()
})

test('days tell what was sold of each product, with what is not folded yet', async () => {
  const { json } = await call<{ days: DaySalesView[] }>(
    'GET',
    '/api/sales/days?from=2026-11-01&to=2026-11-02',
  )
  expect(json.days).toEqual([
    { day: '2026-11-01', product: 'ATLAS-10', sales: 1, amount: '0.000' },
    { day: '2026-11-01', product: 'ATLAS-5', sales: 4, amount: '20.000' },
    { day: '2026-11-02', product: 'ATLAS-5', sales: 6, amount: '30.000' },
  ])
  const one = await call<{ days: DaySalesView[] }>('GET', '/api/sales/days?from=2026-11-02&to=2026-11-02')
  expect(one.json.days).toEqual([json.days[2]])
})

test('hours tell what was sold in them over the days asked for', async () => {
  const { json } = await call<{ hours: HourSalesView[] }>(
    'GET',
    '/api/sales/hours?from=2026-11-01&to=2026-11-02',
  )
  expect(json.hours).toEqual([
    { hour: 9, product: 'ATLAS-5', sales: 9, amount: '45.000' },
    { hour: 10, product: 'ATLAS-10', sales: 1, amount: '0.000' },
    { hour: 10, product: 'ATLAS-5', sales: 1, amount: '5.000' },
  ])
})

test('shops come page by page, each with its products, also where it sold nothing', async () => {
  const page = async (after?: string) =>
    (
      await call<{ shops: ShopSalesView[]; next: string | null }>(
        'GET',
        `/api/sales/shops?from=2026-11-02&to=2026-11-03${after ? `&after=${after}` : ''}`,
      )
    ).json
  const first = await page()
  expect(first.shops).toHaveLength(100)
  expect(first.shops[0]).toEqual({
    ...{ retailer: 'R00001', name: 'Shop 1' },
    products: [
      { product: 'ATLAS-10', sales: 1, amount: '10.000' },
      { product: 'ATLAS-5', sales: 4, amount: '20.000' },
    ],
  })
  expect(first.shops[99]).toEqual({
    ...{ retailer: 'R00100', name: 'Shop 100' },
    products: [{ product: 'ATLAS-5', sales: 4, amount: '20.000' }],
  })
  expect(first.next).toBe('R00100')
  const second = await page('R00100')
  expect([second.shops[0]!.retailer, second.next]).toEqual(['R00101', 'R00200'])
  const last = await page('R00200')
  expect([last.shops.length, last.shops.at(-1)!.retailer, last.next]).toEqual([50, 'R00250', null])
  const none = await call<{ shops: ShopSalesView[] }>('GET', '/api/sales/shops?from=2026-12-02&to=2026-12-03')
  expect(none.json.shops[0]).toEqual({ retailer: 'R00001', name: 'Shop 1', products: [] })
})

test('a shop’s days are its own', async () => {
  const { json } = await call<{ days: DaySalesView[] }>(
    'GET',
    '/api/retailers/R00001/sales?from=2026-11-02&to=2026-11-03',
  )
  expect(json.days).toEqual([
    { day: '2026-11-02', product: 'ATLAS-10', sales: 1, amount: '10.000' },
    { day: '2026-11-02', product: 'ATLAS-5', sales: 2, amount: '10.000' },
    { day: '2026-11-03', product: 'ATLAS-5', sales: 2, amount: '10.000' },
  ])
})

test.each([
  '/api/sales/days?from=2025-11-25&to=2026-11-26',
  '/api/sales/days?from=2026-11-02&to=2026-11-01',
  '/api/sales/hours?from=2026-11-31&to=2026-11-31',
  '/api/sales/shops?from=2026-11-01&to=2026-12-02',
  '/api/sales/shops?from=2026-11-01&to=2026-11-01&after=T00001',
  '/api/supply/orders?before=yesterday',
  '/api/supply/orders?before=2026-11-25T99:00:00.000Z~T00001~1',
])('%s is refused', async (url) => {
  expect((await call('GET', url)).status).toBe(400)
})

test('a year and a day, and a month, are not too much', async () => {
  expect((await call('GET', '/api/sales/days?from=2025-11-25&to=2026-11-25')).status).toBe(200)
  expect((await call('GET', '/api/sales/shops?from=2026-11-01&to=2026-12-01')).status).toBe(200)
})

test('with several depots it is said which one is asked about', async () => {
  const days = 'from=2026-11-02&to=2026-11-02'
  expect((await call('GET', `/api/sales/days?${days}&depot=elsewhere`)).code).toBe('unknown-depot')
  await centre.database
    .pool('owner')
    .query(`INSERT INTO depot (id, name, opened_at, opened_by) VALUES ('elsewhere', 'E', now(), 'test')`)
  for (const what of ['sales/days', 'sales/hours', 'sales/shops', 'retailers/R00001/sales'])
    expect((await call('GET', `/api/${what}?${days}`)).code).toBe('depot-needed')
  const { json } = await call<{ days: DaySalesView[] }>('GET', `/api/sales/days?${days}&depot=elsewhere`)
  expect(json.days).toEqual([{ day: '2026-11-02', product: 'ATLAS-5', sales: 9, amount: '45.000' }])
  const shops = await call<{ shops: ShopSalesView[] }>('GET', `/api/sales/shops?${days}&depot=elsewhere`)
  expect(shops.json.shops).toEqual([])
  await centre.database.pool('owner').query(`DELETE FROM depot WHERE id = 'elsewhere'`)
})

test('orders come newest first, page by page, each once', async () => {
  const seen: string[] = []
  const pages: number[] = []
  for (let next: string | null = ''; next !== null; ) {
    const page: { json: { orders: SupplyOrderView[]; next: string | null } } = await call(
      'GET',
      `/api/supply/orders${next === '' ? '' : `?before=${encodeURIComponent(next)}`}`,
    )
    pages.push(page.json.orders.length)
    seen.push(
      ...page.json.orders.map(
        ({ decidedAt, terminal, sequence }) =>
          `${decidedAt} ${terminal} ${String(sequence).padStart(4, '0')}`,
      ),
    )
    next = page.json.next
  }
  expect(pages).toEqual([200, 200, 50])
  expect(new Set(seen).size).toBe(450)
  expect(seen).toEqual(seen.toSorted().toReversed())
})

test('a page reads its own rows, whatever stands beside them', async () => {
  const owner = centre.database.pool('owner')
  const orders = await rowsRead(owner, NEWEST_ORDERS, ['main', 20, '2026-11-25T10:01:00Z', 'T00001', 240])
  expect(orders.supply_order).toBeLessThanOrEqual(21)
  const shops = await rowsRead(owner, SALES_OF_SHOPS, ['main', '2026-11-01', '2026-11-07', 'R00100', 10])
  expect(shops.sales_of_shop).toBeLessThanOrEqual(70)
  const shop = await rowsRead(owner, SALES_OF_ONE_SHOP, ['main', '2026-11-01', '2026-11-30', 'R00100'])
  expect(shop.sales_of_shop).toBeLessThanOrEqual(30)
  const days = await rowsRead(owner, SALES_OF_DAYS, ['main', '2026-11-01', '2026-11-02'])
  expect(Object.keys(days).sort()).toEqual(['sales_of_hour', 'sales_of_hour_change'])
})

test('the status page tells what was sold today', async () => {
  await centre.database
    .pool('owner')
    .query(
      `INSERT INTO sales_of_hour_change VALUES ('main', ($1::timestamptz AT TIME ZONE 'Africa/Tunis')::date, 9, 'ATLAS-5', 7, 35000)`,
      [new Date(centre.clock.nowMs())],
    )
  const { payload } = await app.inject({ method: 'GET', url: '/?lang=fr', headers: { cookie: call.cookie } })
  expect(payload).toMatch(/Ventes du jour.*ATLAS-5<\/td><td class="number">7<\/td><td>35\.000 TND/s)
})
