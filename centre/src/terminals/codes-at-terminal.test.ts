// Which codes a terminal has by the centre's books: given, and reported neither sold nor damaged.

import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import { OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
import { terminalId } from '@scratchless/voucher/ids'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TEST_DATABASE_URL, type TestDatabase, testDatabase } from '../../../office/testing/test-database.ts'
import { DEPOT } from '../../testing/main-depot.ts'
import { CENTRE_MIGRATIONS } from '../settings.ts'
import { readCodesAtTerminal } from './codes-at-terminal.sql.ts'

const [OURS, OTHERS] = [terminalId('T00001'), terminalId('T00002')]
let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS, LEDGER_MIGRATIONS, CENTRE_MIGRATIONS])
  const address = new URL(process.env[TEST_DATABASE_URL]!)
  address.pathname = new URL(database.urls.owner).pathname
  const books = new pg.Client({ connectionString: address.href })
  await books.connect()
  // The rows alone: what they point at has no part in this.
  await books.query('SET session_replication_role = replica')
  const order = (terminal: string, sequence: number, state: string) =>
    books.query(
      `INSERT INTO supply_order (depot_id, terminal_id, sequence, retailer_id, decided_at, epoch, codes,
                                 debited_minor, available_minor, state)
       VALUES ($1, $2, $3, 'R0001', now(), 1, 1, 0, 0, $4)`,
      [DEPOT, terminal, sequence, state],
    )
  const run = (
    terminal: string,
    sequence: number,
    first: number,
    count: number,
    operator = 'atlas',
    lot = 'L1',
  ) =>
    books.query(
      `INSERT INTO supply_run (depot_id, operator, first_serial, count, pack_first_serial, lot_id, product_id,
                               expires_on, unit_price_minor, terminal_id, sequence)
       VALUES ($1, $5, $3, $4, $3, $6, upper($5) || '-5', '2028-12-31', 0, $2, $7)`,
      [DEPOT, terminal, first, count, operator, lot, sequence],
    )
  const sold = (serial: number, operator = 'atlas', terminal: string = OURS) =>
    books.query(
      `UPDATE supply_run
          SET sold = set_bit(coalesce(sold, repeat('0', count)::bit varying), ($2::bigint - first_serial)::int, 1)
        WHERE depot_id = $1 AND operator = $3 AND terminal_id = $4 AND first_serial <= $2 AND first_serial + count > $2`,
      [DEPOT, serial, operator, terminal],
    )
  const event = (serial: number, what: string) =>
    books.query(
      `INSERT INTO ticket_event (depot_id, operator, serial, terminal_id, ticket, vendor_id, at, what, reported_in)
       VALUES ($1, 'atlas', $2, $3, $2, '02', now(), $4, 9)`,
      [DEPOT, serial, OURS, what],
    )
  await order(OURS, 1, 'delivered')
  await run(OURS, 1, 100, 10)
  await run(OURS, 1, 110, 5)
  await run(OURS, 1, 115, 2, 'atlas', 'L2')
  await run(OURS, 1, 100, 3, 'sahel')
  await order(OURS, 2, 'despatched')
  await run(OURS, 2, 117, 3, 'atlas', 'L2')
  await run(OURS, 1, 120, 2, 'atlas', 'L2')
  await run(OURS, 1, 122, 2)
  await order(OURS, 3, 'decided')
  await run(OURS, 3, 300, 3)
  await order(OURS, 4, 'withheld')
  await run(OURS, 4, 400, 3)
  await order(OTHERS, 1, 'delivered')
  await run(OTHERS, 1, 500, 3)
  await sold(100)
  await sold(104)
  await sold(101, 'sahel')
  await sold(500, 'atlas', OTHERS)
  await event(106, 'settled-damaged')
  await event(107, 'in-doubt')
  await event(108, 'duplicate')
  await books.end()
})
afterAll(() => database.drop())

test('ranges begin anew where a code was sold or damaged, a lot ends or a receipt is missing', async () => {
  const codes = await readCodesAtTerminal(database.pool('api'), DEPOT, OURS)
  expect(
    codes.map(({ operator, lot, state, firstSerial, count }) => [operator, lot, state, firstSerial, count]),
  ).toEqual([
    ['atlas', 'L1', 'delivered', '000000000101', 3],
    ['atlas', 'L1', 'delivered', '000000000105', 1],
    ['atlas', 'L1', 'delivered', '000000000107', 8],
    ['atlas', 'L2', 'delivered', '000000000115', 2],
    ['atlas', 'L2', 'despatched', '000000000117', 3],
    ['atlas', 'L2', 'delivered', '000000000120', 2],
    ['atlas', 'L1', 'delivered', '000000000122', 2],
    ['sahel', 'L1', 'delivered', '000000000100', 1],
    ['sahel', 'L1', 'delivered', '000000000102', 1],
  ])
  expect(codes[0]).toMatchObject({ product: 'ATLAS-5', expiresOn: '2028-12-31' })
})

test('another terminal’s are its own', async () => {
  expect(await readCodesAtTerminal(database.pool('api'), DEPOT, OTHERS)).toMatchObject([
    { firstSerial: '000000000501', count: 2 },
  ])
})
