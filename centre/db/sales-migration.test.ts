// What stood before sales lay in months comes over: each sale in its month, its run marked, its hour and shop added up.

import fs from 'node:fs'
import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import { OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../office/testing/test-database.ts'

const HERE = new URL('.', import.meta.url)
const OURS = '0013-sales.sql'

let database: TestDatabase
let owner: pg.PoolClient
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS, LEDGER_MIGRATIONS])
  owner = await database.pool('owner').connect()
  const files = fs.readdirSync(HERE).filter((file) => /^\d{4}-.*\.sql$/.test(file) && file < OURS)
  for (const file of files.sort()) await owner.query(fs.readFileSync(new URL(file, HERE), 'utf8'))
  await owner.query(`
    INSERT INTO product (id, operator, face_value_minor, code_digits, check_digit, validity_days, refill_template, added_at)
    VALUES ('ATLAS-5', 'atlas', 5000, 14, 'none', 90, '*123*{code}#', now());
    INSERT INTO product_price (product_id, valid_from, public_price_minor, tax_minor, net_credit_minor, set_by, set_at)
    VALUES ('ATLAS-5', now(), 5000, 0, 4300, 'pricing', now());
    INSERT INTO retailer (id, depot_id, name, place, added_at) VALUES ('R00001', 'main', 'a', 'b', now());
    INSERT INTO terminal (id, depot_id, retailer_id, added_at)
    SELECT 'T0000' || n, 'main', 'R00001', now() FROM generate_series(1, 2) AS n;
    INSERT INTO restock_delivery (id, operator, order_id, line_no, part, parts, lot_id, product_id, verdict, codes, received_at)
    VALUES ('3f0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b', 'atlas', gen_random_uuid(), 1, 1, 1, 'L1', 'ATLAS-5', 'taken', 1000, now());
    INSERT INTO lot (depot_id, operator, id, product_id, expires_on) VALUES ('main', 'atlas', 'L1', 'ATLAS-5', '2099-12-31');
    INSERT INTO pack (depot_id, operator, first_serial, count, lot_id, product_id, delivery_id, expires_on)
    SELECT 'main', 'atlas', 1000, 1000, 'L1', 'ATLAS-5', id, '2099-12-31' FROM restock_delivery;
    INSERT INTO supply_message (depot_id, terminal_id, sequence, kind, payload_hash, request, taken_at)
    VALUES ('main', 'T00001', 3, 'sales-report', sha256('r'), 'r', '2025-01-31T23:59:59.999Z'),
           ('main', 'T00001', 4, 'sales-report', sha256('r'), 'r', '2025-02-01T00:00:00Z')`)
  const run = (terminal: string, sequence: number, first: number, count: number, state = 'delivered') => `
    INSERT INTO supply_order (depot_id, terminal_id, sequence, retailer_id, decided_at, epoch, codes, debited_minor,
                              available_minor, state)
    VALUES ('main', '${terminal}', ${sequence}, 'R00001', now(), 1, ${count}, 0, 0, '${state}');
    INSERT INTO supply_run (depot_id, operator, first_serial, count, pack_first_serial, lot_id, product_id, expires_on,
                            unit_price_minor, terminal_id, sequence)
    VALUES ('main', 'atlas', ${first}, ${count}, 1000, 'L1', 'ATLAS-5', '2099-12-31', 1, '${terminal}', ${sequence});`
  await owner.query(
    run('T00001', 1, 1_000, 5) +
      run('T00001', 2, 1_010, 3) +
      run('T00002', 1, 1_020, 4) +
      // Withheld, let go and given again a code later.
      run('T00002', 2, 1_030, 4, 'withheld') +
      run('T00002', 3, 1_031, 4),
  )
  const sale = (terminal: string, serial: number, at: string, reportedIn: number, price = true) =>
    owner.query(
      `INSERT INTO sale (depot_id, operator, serial, product_id, terminal_id, ticket, vendor_id, sold_at, reported_in,
                         price_id, amount_minor)
       VALUES ('main', 'atlas', $2, 'ATLAS-5', $1, $2, '02', $3, $4, $5, $6)`,
      [terminal, serial, at, reportedIn, price ? 1 : null, price ? 5_000 : null],
    )
  // The clock in Tunis is an hour ahead.
  await sale('T00001', 1_000, '2025-01-31T22:59:59Z', 3)
  await sale('T00001', 1_004, '2025-01-31T23:00:00Z', 3)
  await sale('T00001', 1_011, '2025-01-31T23:10:00Z', 4, false)
  await sale('T00002', 1_031, '2025-01-31T23:20:00Z', 9)
  await owner.query(`SELECT set_config('scratchless.time_zone', 'Africa/Tunis', false)`)
  await owner.query('BEGIN')
  await owner.query(fs.readFileSync(new URL(OURS, HERE), 'utf8'))
  await owner.query('COMMIT')
})
afterAll(async () => {
  owner.release(true)
  await database.drop()
})

test('each sale is as it was, in the month of its report, with the office’s day and hour', async () => {
  const { rows } = await owner.query(
    `SELECT serial::int, ticket::int, reported_in::int, amount_minor::int AS amount, sold_on::text AS day, sold_hour AS hour,
            tableoid::regclass::text AS "table" FROM sale WHERE terminal_id = 'T00001' ORDER BY serial`,
  )
  const january = { reported_in: 3, amount: 5_000, table: 'sale_2025_01' }
  expect(rows).toEqual([
    { ...january, serial: 1_000, ticket: 1_000, day: '2025-01-31', hour: 23 },
    { ...january, serial: 1_004, ticket: 1_004, day: '2025-02-01', hour: 0 },
    {
      ...{ serial: 1_011, ticket: 1_011, reported_in: 4, amount: null, day: '2025-02-01', hour: 0 },
      table: 'sale_2025_02',
    },
  ])
})

test('one whose report is not there lies in this month, and the next three months have their tables', async () => {
  const { rows } = await owner.query(
    `SELECT count(*)::int AS tables,
            bool_or(inhrelid = (SELECT tableoid FROM sale WHERE terminal_id = 'T00002')
                    AND inhrelid::regclass::text = 'sale_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')) AS there
       FROM pg_inherits WHERE inhparent = 'sale'::regclass`,
  )
  expect(rows).toEqual([{ tables: 6, there: true }])
})

test('the runs mark what is sold, of codes given twice the run that was not withheld', async () => {
  const { rows } = await owner.query(
    `SELECT first_serial::int AS first, sold::text FROM supply_run ORDER BY first_serial`,
  )
  expect(rows).toEqual([
    { first: 1_000, sold: '10001' },
    { first: 1_010, sold: '010' },
    { first: 1_020, sold: null },
    { first: 1_030, sold: null },
    { first: 1_031, sold: '1000' },
  ])
})

test('hours and shops are added up, by what is known of prices', async () => {
  const hours = await owner.query(
    `SELECT day::text, hour, sales::int, amount_minor::int AS amount FROM sales_of_hour ORDER BY day, hour`,
  )
  expect(hours.rows).toEqual([
    { day: '2025-01-31', hour: 23, sales: 1, amount: 5_000 },
    { day: '2025-02-01', hour: 0, sales: 3, amount: 10_000 },
  ])
  const shops = await owner.query(
    `SELECT day::text, retailer_id, sales::int, amount_minor::int AS amount FROM sales_of_shop ORDER BY day`,
  )
  expect(shops.rows).toEqual([
    { day: '2025-01-31', retailer_id: 'R00001', sales: 1, amount: 5_000 },
    { day: '2025-02-01', retailer_id: 'R00001', sales: 3, amount: 10_000 },
  ])
})
