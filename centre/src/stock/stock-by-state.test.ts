// Each code of the centre is counted in one column, whatever people, terminals and the vault say of it; and who looks a
// serial up is written down.

import { vendorId } from '@scratchless/voucher/ids'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { salesReportMessage } from '@scratchless/wire/supply/sales-report'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ATLAS_5, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { type StaffCall, staffCaller } from '../../testing/staff-caller.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import { createStaffServer } from '../staff-server.ts'
import { createSupplyDoor } from '../supply/answer-supply-frame.ts'
import { createSupplyDesk } from '../supply/supply-desk.ts'
import type { VaultVerbs } from '../vault/verbs.ts'
import type { StockByStateView } from './stock-shapes.ts'

const FIRST = 1_000_000
let centre: TestCentre
let terminal: TestTerminal
let app: FastifyInstance
let call: StaffCall
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(FIRST, 1_100)
  terminal = await enrolTerminal(centre, await addShop(centre, 10_000n * UNIT_PRICE_MINOR))
  app = await createStaffServer(centre.needs)
  call = await staffCaller(app, centre.database.pool('owner'))
})
afterAll(async () => {
  await app.close()
  await centre.close()
})

const owner = () => centre.database.pool('owner')
/** Every column that is not empty. */
async function counted(): Promise<Record<string, number>> {
  const [{ depot: _, operator: __, product: ___, ...columns }] = (
    await call<{ stock: [StockByStateView] }>('GET', '/api/stock')
  ).json.stock
  const { notActivated: ____, ...places } = columns
  expect(Object.values(places).reduce((sum, codes) => sum + codes, 0)).toBe(1_100)
  return Object.fromEntries(Object.entries(columns).filter(([, codes]) => codes > 0))
}
const putCase = (state: string, offset: number, count: number) =>
  owner().query(
    `INSERT INTO code_case (operator, first_serial, count, state, cause, opened_by, opened_at)
     VALUES ('atlas', $1, $2, $3, 'c', 'demo', now())`,
    [FIRST + offset, count, state],
  )
const ticketOf = (offset: number) => ({
  ...{
    product: ATLAS_5.id,
    serial: serialFromNumber(FIRST + offset),
    ticket: offset + 1,
    vendor: vendorId('02'),
  },
})

test('what terminals sold, doubt and found illegible, and what the vault withheld, is counted apart', async () => {
  expect(await counted()).toEqual({ inStock: 1_100 })
  await terminal.ask('supply-order', terminal.order(10))
  expect(await counted()).toEqual({ inStock: 1_090, despatched: 10 })
  const atS = Math.floor(centre.clock.nowMs() / 1000) + 2
  const event = (offset: number, what: 'in-doubt' | 'settled-damaged' | 'settled-sold') => ({
    ...{ ...ticketOf(offset), atS, what, copy: 0 },
  })
  const sales = [{ ...ticketOf(0), priceId: 1, soldAtS: atS }]
  for (const report of [
    { sales, events: [1, 2, 3].map((offset) => event(offset, 'in-doubt')), cards: [] },
    { sales: [], events: [event(2, 'settled-damaged'), event(3, 'settled-sold')], cards: [] },
  ])
    await terminal.ask('sales-report', terminal.sign(salesReportMessage, report))
  // Another terminal's word about these counts for nothing.
  const other = await enrolTerminal(centre, await addShop(centre, 0n))
  const lie = other.sign(salesReportMessage, { sales: [], events: [event(4, 'in-doubt')], cards: [] })
  await other.ask('sales-report', lie)
  expect(await counted()).toEqual({ inStock: 1_090, sold: 1, inDoubt: 1, damaged: 1, delivered: 7 })
  const vault = new Proxy(centre.needs.vault, {
    get: (line, verb) =>
      verb === 'closeSupplyDeliveries'
        ? async ({ orders }: Parameters<VaultVerbs['closeSupplyDeliveries']>[0]) =>
            orders.map(() => ({ refusal: 'no-safe-key' as const }))
        : line[verb as keyof typeof line],
  })
  const needs = { ...centre.needs, vault }
  await createSupplyDoor(needs, createSupplyDesk(needs))(terminal.order(4).frame)
  expect(await counted()).toEqual({
    ...{ inStock: 1_086, withheld: 4, sold: 1, inDoubt: 1, damaged: 1, delivered: 7 },
  })
})

test('what the vault withheld and people let go is withheld no more', async () => {
  const range = { operator: 'atlas', firstSerial: serialFromNumber(FIRST + 10), count: 4, cause: 'looked at' }
  const { id } = (await call<{ id: string }>('POST', '/api/cases', range)).json
  await call('POST', `/api/cases/${id}/end`, { cause: 'all is well' })
  expect(await counted()).toEqual({ inStock: 1_090, sold: 1, inDoubt: 1, damaged: 1, delivered: 7 })
})

test('of several cases about one code the gravest counts, and what only sleeps is in stock', async () => {
  const before = { sold: 1, inDoubt: 1, damaged: 1, delivered: 7 }
  await owner().query(`UPDATE pack SET aside = aside | $1, asleep = $2 WHERE first_serial = ${FIRST}`, [
    `${'0'.repeat(100)}${'1'.repeat(60)}${'0'.repeat(840)}`,
    `${'0'.repeat(150)}${'1'.repeat(10)}${'0'.repeat(840)}`,
  ])
  expect(await counted()).toEqual({ ...before, inStock: 1_040, notActivated: 10, onHold: 50 })
  const states = ['in_doubt', 'damaged', 'expired', 'returned', 'stolen']
  // Each begins five codes later and reaches to the end; the last of them all sleep.
  for (const [index, state] of states.entries()) await putCase(state, 110 + 5 * index, 50 - 5 * index)
  expect(await counted()).toEqual({
    ...{ ...before, inStock: 1_040, notActivated: 10, onHold: 10 },
    ...{ inDoubt: 1 + 5, damaged: 1 + 5, expired: 5, returned: 5, stolen: 20 },
  })
  await owner().query(`UPDATE code_case SET ended_at = now(), ended_by = 'x', ended_cause = 'c'`)
  await owner().query(`UPDATE pack SET aside = aside & ~$1::bit(1000), asleep = 0::bit(1000)`, [
    `${'0'.repeat(100)}${'1'.repeat(60)}${'0'.repeat(840)}`,
  ])
  await owner().query(
    `INSERT INTO lot_state (operator, lot, no, state, cause, set_by, set_at)
     VALUES ('atlas', 'L000001', 1, 'expired', 'c', 'x', now())`,
  )
  await owner().query('UPDATE pack SET held_at = now()')
  expect(await counted()).toEqual({ ...before, expired: 1_090 })
})

test('who looked up which serial is in the audit chain, also where it is not here', async () => {
  await call('GET', `/api/codes/atlas/${serialFromNumber(FIRST)}`)
  await call('GET', `/api/codes/atlas/${serialFromNumber(9_999_999)}`)
  await call('GET', '/api/codes/atlas/12')
  const { rows } = await centre.database
    .pool('auditor')
    .query(`SELECT actor, subject, details FROM audit_entry WHERE action = 'serial-looked-up' ORDER BY n`)
  expect(rows).toEqual(
    [FIRST, 9_999_999].map((serial) => ({
      ...{ actor: 'demo', subject: `atlas ${serialFromNumber(serial)}`, details: '{}' },
    })),
  )
})
