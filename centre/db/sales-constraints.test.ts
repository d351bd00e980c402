// What the tables of sales refuse.

import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import { OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  columnsThatMayBeEmpty,
  constraintsOf,
  emptyColumnsOf,
  type TriedTable,
  triedConstraints,
  tryTables,
} from '../../ledger/testing/tried-tables.ts'
import { type TestDatabase, testDatabase } from '../../office/testing/test-database.ts'
import { CENTRE_MIGRATIONS } from '../src/settings.ts'

const at = new Date('2026-11-22T10:00:00Z')
const depot_id = 'main'
const day = '2026-11-22'
const product_id = 'TT-5000'
const sold = { depot_id, day, product_id, sales: 1, amount_minor: 0 }
const hourBreaks = (table: string) => ({
  [`${table}_hour_check`]: [{ hour: -1 }, { hour: 24 }],
  [`${table}_sales_check`]: [{ sales: 0 }],
  [`${table}_amount_minor_check`]: [{ amount_minor: -1 }],
})

const TABLES: readonly TriedTable[] = [
  {
    table: 'sale',
    row: {
      ...{ depot_id, operator: 'ooredoo', serial: 100, product_id, terminal_id: 'T00001', ticket: 1 },
      ...{ vendor_id: '02', sold_at: at, sold_on: day, sold_hour: 0, reported_in: 2, reported_at: at },
    },
    takes: [
      { price_id: 1, amount_minor: 5_000 },
      { sold_hour: 23 },
      { sold_at: '1970-01-01', sold_on: '2106-02-07' },
    ],
    breaks: {
      // One code in one report; across reports its run says that it is sold (supply_run.sold).
      sale_pkey: [{ ticket: 2, terminal_id: 'T00002' }],
      sale_price_id_fkey: [{ price_id: 2, amount_minor: 1 }],
      sale_amount_minor_check: [{ price_id: 1, amount_minor: 0 }],
      sale_amount_of_price: [{ price_id: 1 }, { amount_minor: 1 }],
      sale_sold_hour_check: [{ sold_hour: -1 }, { sold_hour: 24 }],
    },
    mayBeEmpty: ['price_id', 'amount_minor'],
  },
  {
    table: 'sales_of_hour',
    row: { ...sold, hour: 0 },
    takes: [{ hour: 23 }],
    breaks: {
      sales_of_hour_pkey: [{ sales: 2 }],
      sales_of_hour_product_id_fkey: [{ product_id: 'TT-1' }],
      ...hourBreaks('sales_of_hour'),
    },
  },
  {
    table: 'sales_of_hour_change',
    row: { ...sold, hour: 0 },
    takes: [{ hour: 23 }],
    breaks: hourBreaks('sales_of_hour_change'),
  },
  {
    table: 'sales_of_shop',
    row: { ...sold, retailer_id: 'R00001' },
    breaks: {
      sales_of_shop_pkey: [{ sales: 2 }],
      sales_of_shop_product_id_fkey: [{ product_id: 'TT-1' }],
      sales_of_shop_retailer_id_fkey: [{ retailer_id: 'R00002' }],
      sales_of_shop_sales_check: [{ sales: 0 }],
      sales_of_shop_amount_minor_check: [{ amount_minor: -1 }],
    },
  },
  {
    table: 'bytes_let_go',
    row: { depot_id, terminal_id: 'T00001', upto_sequence: 1 },
    breaks: {
      bytes_let_go_pkey: [{ upto_sequence: 2 }],
      bytes_let_go_terminal_id_fkey: [{ terminal_id: 'T00002' }],
      bytes_let_go_upto_sequence_check: [{ upto_sequence: 0 }],
    },
  },
]

const NAMES = TABLES.map(({ table }) => table)

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS, LEDGER_MIGRATIONS, CENTRE_MIGRATIONS])
  client = new pg.Client({ connectionString: database.urls.owner })
  await client.connect()
  await client.query(`
    INSERT INTO product (id, operator, face_value_minor, code_digits, check_digit, validity_days, refill_template, added_at)
    VALUES ('TT-5000', 'ooredoo', 5000, 14, 'none', 90, '*101*{code}#', now());
    INSERT INTO product_price (product_id, valid_from, public_price_minor, tax_minor, net_credit_minor, set_by, set_at)
    VALUES ('TT-5000', now(), 5000, 0, 4300, 'pricing', now());
    INSERT INTO retailer (id, depot_id, name, place, added_at) VALUES ('R00001', 'main', 'a', 'b', now());
    INSERT INTO terminal (id, depot_id, retailer_id, added_at) VALUES ('T00001', 'main', 'R00001', now());
    SELECT make_sale_month('2026-11-22')`)
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

test('each constraint refuses the rows that break it alone, and no others', async () => {
  expect(await tryTables(client, TABLES)).toEqual([])
})

test('no constraint is untried', async () => {
  expect(await constraintsOf(client, NAMES)).toEqual(triedConstraints(TABLES))
})

test('only these columns may be without a value', async () => {
  expect(await emptyColumnsOf(client, NAMES)).toEqual(columnsThatMayBeEmpty(TABLES))
})

test('a sale whose month has no table is refused, not put aside', async () => {
  const insert = client.query(
    `INSERT INTO sale (depot_id, operator, serial, product_id, terminal_id, ticket, vendor_id, sold_at, sold_on, sold_hour,
                       reported_in, reported_at)
     VALUES ('main', 'ooredoo', 1, 'TT-5000', 'T00001', 1, '02', now(), now(), 0, 2, '2071-01-01')`,
  )
  await expect(insert).rejects.toThrow('no partition of relation "sale" found')
})
