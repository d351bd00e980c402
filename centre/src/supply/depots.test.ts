// Terminals of two depots at one centre process: each is served from its depot's packs, and a pack of one depot goes to no
// terminal of the other, whatever the vault is told.

import { depotId, lotId } from '@scratchless/voucher/ids'
import { serialFromNumber, serialToNumber } from '@scratchless/voucher/serial'
import { type SupplyReceipt, supplyReceiptMessage } from '@scratchless/wire/supply/supply-receipt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ATLAS, ATLAS_5, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { DEPOT } from '../../testing/main-depot.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import { createOwnAccounts } from '../retailers/accounts.ts'
import { createSupplyDoor } from './answer-supply-frame.ts'
import { resumeSupplyOrders } from './close-supply-orders.ts'
import { settleOverdueOrders } from './settle-overdue-orders.ts'
import { createSupplyDesk } from './supply-desk.ts'

const SOUTH = depotId('south')
const FIRST = 1_000_000
const PACK_CODES = 1_000
const DAY_MS = 86_400_000

let centre: TestCentre
let main: TestTerminal
let south: TestTerminal
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(FIRST, 2 * PACK_CODES)
  // The second pack is the south's.
  const second = FIRST + PACK_CODES
  const books = centre.database.pool('owner')
  await books.query("INSERT INTO depot VALUES ($1, 'South', now(), 'test')", [SOUTH])
  await books.query(
    `INSERT INTO lot (depot_id, operator, id, product_id, expires_on, activated_on)
     SELECT $1, operator, id, product_id, expires_on, activated_on FROM lot`,
    [SOUTH],
  )
  await books.query('UPDATE pack SET depot_id = $1 WHERE first_serial = $2', [SOUTH, second])
  const vault = centre.vaultDatabase.pool('owner')
  await vault.query('UPDATE vault_pack SET depot_id = $1 WHERE first_serial = $2', [SOUTH, second])
  await createOwnAccounts(books, SOUTH, 'TND', new Date(centre.clock.nowMs()))
  main = await enrolTerminal(centre, await addShop(centre, 100n * UNIT_PRICE_MINOR))
  south = await enrolTerminal(centre, await addShop(centre, 100n * UNIT_PRICE_MINOR, SOUTH))
})
afterAll(() => centre.close())

async function delivered(terminal: TestTerminal, codes: number) {
  const order = terminal.order(codes)
  const answer = await terminal.ask('supply-order', order)
  if (answer.kind !== 'supply-delivery') throw new Error(answer.kind)
  const { standing, lots } = answer.content
  const deliveryHash = answer.payloadHash.subarray(0, 8)
  const first = serialToNumber(lots[0]!.runs[0]!.firstSerial)
  return { order, standing, first, receipt: { delivery: order.sequence, deliveryHash } }
}

const statesIn = async (depot: string) =>
  (
    await centre.needs.pool.query<{ state: string }>(
      'SELECT state FROM supply_order WHERE depot_id = $1 ORDER BY terminal_id, sequence',
      [depot],
    )
  ).rows.map(({ state }) => state)

test('each terminal gets codes of its own depot, and its money stays there', async () => {
  const [one, two] = await Promise.all([delivered(main, 3), delivered(south, 3)])
  expect([one.first, two.first]).toEqual([FIRST, FIRST + PACK_CODES])
  const receipt = async (terminal: TestTerminal, content: SupplyReceipt) =>
    (await terminal.ask('supply-receipt', terminal.sign(supplyReceiptMessage, content))).kind
  const kinds = await Promise.all([receipt(main, one.receipt), receipt(south, two.receipt)])
  expect(kinds).toEqual(['acknowledgement', 'acknowledgement'])
  expect([await statesIn(DEPOT), await statesIn(SOUTH)]).toEqual([['delivered'], ['delivered']])
  const { rows } = await centre.needs.pool.query(
    "SELECT depot_id, amount_minor FROM transfer WHERE kind = 'supply' ORDER BY depot_id",
  )
  expect(rows).toEqual([DEPOT, SOUTH].map((depot_id) => ({ depot_id, amount_minor: 3n * UNIT_PRICE_MINOR })))
})

test('the vault closes no pack of another depot, and no order of a terminal that is of another', async () => {
  const { standing } = await delivered(main, 1)
  const close = async (terminal: TestTerminal, depot: typeof SOUTH, serial: number) => {
    const pack = serialFromNumber(serial - (serial % PACK_CODES))
    const { sequence, frame } = terminal.order(1)
    const run = { packFirstSerial: pack, firstSerial: serialFromNumber(serial), count: 1 }
    const lot = {
      ...{ operator: ATLAS, product: ATLAS_5.id, lot: lotId('L000001'), expiresOn: '2028-12-31' },
      ...{ unitPriceMinor: UNIT_PRICE_MINOR, runs: [run] },
    }
    const decided = { standing, debitedMinor: UNIT_PRICE_MINOR, availableMinor: 0n, lots: [lot] }
    const orders = [{ terminal: terminal.id, sequence, frame, decided }]
    const [said] = await centre.needs.vault.closeSupplyDeliveries({ depot, orders })
    return 'refusal' in said! ? said.refusal : 'closed'
  }
  const one = await enrolTerminal(centre, await addShop(centre, 0n))
  const two = await enrolTerminal(centre, await addShop(centre, 0n, SOUTH))
  const [ofMain, ofSouth] = [FIRST + 500, FIRST + PACK_CODES + 500]
  expect(await close(one, DEPOT, ofSouth)).toBe('codes-taken')
  expect(await close(two, SOUTH, ofMain)).toBe('codes-taken')
  expect(await close(one, SOUTH, ofSouth)).toBe('order-not-verified')
  expect(await close(two, DEPOT, ofMain)).toBe('order-not-verified')
  expect(await close(one, DEPOT, ofMain)).toBe('closed')
  expect(await close(two, SOUTH, ofSouth)).toBe('closed')
})

test('a terminal whose depot was altered at the vault’s database is none of its own', async () => {
  const other = await enrolTerminal(centre, await addShop(centre, 9n * UNIT_PRICE_MINOR))
  const vault = centre.vaultDatabase.pool('owner')
  await vault.query('UPDATE vault_terminal SET depot_id = $1 WHERE id = $2', [SOUTH, other.id])
  const { sequence, frame } = other.order(1)
  const decided = {
    standing: (await delivered(main, 1)).standing,
    debitedMinor: 0n,
    availableMinor: 0n,
    lots: [],
  }
  const orders = [{ terminal: other.id, sequence, frame, decided }]
  await expect(centre.needs.vault.closeSupplyDeliveries({ depot: SOUTH, orders })).rejects.toThrow()
  expect(String(centre.faults.splice(0)[0])).toContain("is not this vault's")
})

test('orders that were left open are closed, and overdue ones settled, in each depot', async () => {
  const vault = new Proxy(centre.needs.vault, {
    get: (line, verb) =>
      verb === 'closeSupplyDeliveries'
        ? () => Promise.reject(new Error('killed'))
        : line[verb as keyof typeof line],
  })
  const needs = { ...centre.needs, vault }
  const door = createSupplyDoor(needs, createSupplyDesk(needs))
  for (const terminal of [main, south]) await expect(door(terminal.order(2).frame)).rejects.toThrow('killed')
  centre.clock.move(10_000)
  expect(await resumeSupplyOrders(centre.needs)).toBe(2)
  const last = async (depot: string) => (await statesIn(depot)).at(-1)
  expect([await last(DEPOT), await last(SOUTH)]).toEqual(['despatched', 'despatched'])
  centre.clock.move(DAY_MS)
  expect(await settleOverdueOrders(centre.needs)).toBeGreaterThanOrEqual(2)
  expect([await last(DEPOT), await last(SOUTH)]).toEqual(['delivered', 'delivered'])
})
