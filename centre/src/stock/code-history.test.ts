// One serial's story from its arrival to its sale, by the route itself over what real flows wrote; and how much it reads.

import { vendorId } from '@scratchless/voucher/ids'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { type SalesReport, salesReportMessage } from '@scratchless/wire/supply/sales-report'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rowsRead } from '../../../office/testing/rows-read.ts'
import { ATLAS_5, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { type StaffCall, staffCaller } from '../../testing/staff-caller.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import { createStaffServer } from '../staff-server.ts'
import { createSupplyDoor } from '../supply/answer-supply-frame.ts'
import { createSupplyDesk } from '../supply/supply-desk.ts'
import type { VaultVerbs } from '../vault/verbs.ts'
import type { CodeHistoryView } from './case-shapes.ts'
import { CODE_HISTORY } from './code-history.sql.ts'

const FIRST = 1_000_000
const PACK = '000001000000'
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

const serial = (offset: number) => serialFromNumber(FIRST + offset)
const ask = (offset: number, operator = 'atlas') =>
  call<CodeHistoryView>('GET', `/api/codes/${operator}/${serial(offset)}`)
const stateOf = async (offset: number) => (await ask(offset)).json.state
/** What happened since it arrived and was activated. */
const story = async (offset: number) =>
  (await ask(offset)).json.events.slice(2).map(({ what, who, details }) => [what, who, details])
/** So that no two things happen at one moment. */
const later = () => centre.clock.move(1_000)
const order = async (count: number) => {
  later()
  expect((await terminal.ask('supply-order', terminal.order(count))).kind).toBe('supply-delivery')
}
async function report(content: Partial<SalesReport>, from = terminal): Promise<void> {
  later()
  const signed = from.sign(salesReportMessage, { sales: [], events: [], cards: [], ...content })
  expect(await from.ask('sales-report', signed)).toMatchObject({ kind: 'acknowledgement' })
}
const nowS = () => Math.floor(centre.clock.nowMs() / 1000)
const ticketOf = (offset: number) => ({
  ...{ product: ATLAS_5.id, serial: serial(offset), ticket: offset + 1, vendor: vendorId('02') },
})
type What = 'in-doubt' | 'settled-damaged' | 'settled-sold' | 'duplicate'
const event = (offset: number, what: What, afterS: number, copy = 0) => ({
  ...{ ...ticketOf(offset), atS: nowS() + 2 + afterS, what, copy },
})

test('a code is told from its arrival to its sale and its duplicate, with where it is at each step', async () => {
  const before = (await ask(0)).json
  const { rows } = await centre.needs.pool.query<{ id: string; order_id: string; received_at: Date }>(
    'SELECT id, order_id, received_at FROM restock_delivery',
  )
  const [part] = rows
  const at = part!.received_at.toISOString()
  expect(before).toEqual({
    ...{ operator: 'atlas', serial: PACK, product: 'ATLAS-5', lot: 'L000001', expiresOn: '2028-12-31' },
    ...{ activatedOn: '2026-01-01T00:00:00.000Z', state: 'in_stock' },
    events: [
      {
        ...{ at, what: 'arrived', who: 'atlas' },
        details: {
          ...{ order: part!.order_id, line: 1, part: 1, delivery: part!.id, lot: 'L000001', pack: PACK },
        },
      },
      {
        ...{ at: expect.any(String), what: 'activated', who: 'atlas' },
        details: { lot: 'L000001', from: '2026-01-01T00:00:00.000Z' },
      },
    ],
  })
  await order(3)
  const given = [
    ...['given', terminal.id],
    { sequence: 2, retailer: terminal.retailer, price: '4.800' },
  ] as const
  expect(await story(0)).toEqual([given])
  expect(await stateOf(0)).toBe('despatched')
  await report({})
  const delivered = ['delivered', terminal.id, { sequence: 2 }]
  expect(await story(0)).toEqual([given, delivered])
  expect(await stateOf(0)).toBe('delivered')
  const soldAtS = nowS() + 2
  later()
  await report({ sales: [{ ...ticketOf(0), priceId: 1, soldAtS }], events: [event(0, 'duplicate', 2, 1)] })
  const ticket = { ticket: 1, vendor: '02' }
  expect(await story(0)).toEqual([
    ...[given, delivered],
    ['sold', terminal.id, { ...ticket, price: '5.000' }],
    ['duplicate', terminal.id, { ...ticket, copy: 1 }],
  ])
  const { state, events } = (await ask(0)).json
  expect(state).toBe('sold')
  expect(events.find(({ what }) => what === 'sold')!.at).toBe(new Date(soldAtS * 1000).toISOString())
  expect(events.map(({ at: moment }) => moment)).toEqual(events.map(({ at: moment }) => moment).sort())
  // Its neighbours on the same delivery were not sold.
  expect(await story(1)).toEqual([given, delivered])
})

test('a doubt, and how a person settled it, is the code’s state, by the word of its own terminal alone', async () => {
  await report({ events: [event(1, 'in-doubt', 0), event(2, 'in-doubt', 0)] })
  expect(await stateOf(1)).toBe('in_doubt')
  await report({ events: [event(1, 'settled-damaged', 1), event(2, 'settled-sold', 1)] })
  expect([await stateOf(1), await stateOf(2)]).toEqual(['damaged', 'sold'])
  expect((await story(1)).map(([what]) => what)).toEqual([
    ...['given', 'delivered', 'in-doubt', 'settled-damaged'],
  ])
  const other = await enrolTerminal(centre, await addShop(centre, 0n))
  await report({ events: [event(1, 'settled-sold', 2), event(3, 'settled-damaged', 2)] }, other)
  expect([await stateOf(1), await stateOf(3)]).toEqual(['damaged', 'in_stock'])
  expect((await story(3)).map(([what, who]) => [what, who])).toEqual([['settled-damaged', other.id]])
})

test('cases, what the vault would not close, and what was let go and given to the next', async () => {
  const hold = async (offset: number, count: number) => {
    later()
    const range = { operator: 'atlas', firstSerial: serial(offset), count, cause: 'a box is missing' }
    return (await call<{ id: string }>('POST', '/api/cases', range)).json.id
  }
  const end = (id: string) => {
    later()
    return call('POST', `/api/cases/${id}/end`, { cause: 'found' })
  }
  const vault = new Proxy(centre.needs.vault, {
    get: (line, verb) =>
      verb === 'closeSupplyDeliveries'
        ? async ({ orders }: Parameters<VaultVerbs['closeSupplyDeliveries']>[0]) =>
            orders.map(() => ({ refusal: 'no-safe-key' as const }))
        : line[verb as keyof typeof line],
  })
  const needs = { ...centre.needs, vault }
  later()
  const refused = terminal.order(4)
  await createSupplyDoor(needs, createSupplyDesk(needs))(refused.frame)
  const { sequence } = refused
  const withheld = [
    ['given', terminal.id, { sequence, retailer: terminal.retailer, price: '4.800' }],
    ['withheld', terminal.id, { sequence }],
  ]
  expect(await story(4)).toEqual(withheld)
  expect(await stateOf(4)).toBe('on_hold')
  const id = await hold(4, 2)
  const opened = {
    ...{ case: Number(id), state: 'on_hold', cause: 'a box is missing', count: 2 },
    firstSerial: '000001000004',
  }
  const inCase = [
    ['case-opened', 'demo', opened],
    ['case-ended', 'demo', { case: Number(id), cause: 'found' }],
  ]
  expect(await story(4)).toEqual([...withheld, inCase[0]])
  expect((await story(5)).at(-1)).toEqual(inCase[0])
  expect((await story(6)).at(-1)![0]).toBe('withheld')
  await centre.needs.pool.query(
    `INSERT INTO code_case (operator, first_serial, count, state, cause, opened_by, opened_at)
     VALUES ('atlas', $1, 1, 'stolen', 'by night', 'demo', now() - interval '1 day')`,
    [FIRST + 5],
  )
  expect([await stateOf(4), await stateOf(5)]).toEqual(['on_hold', 'stolen'])
  await end(id)
  expect(await story(4)).toEqual([...withheld, ...inCase, ['released', terminal.id, { sequence }]])
  expect([await stateOf(4), await stateOf(5)]).toEqual(['in_stock', 'stolen'])
  // A case that has ended says nothing about where the code is now.
  await end(await hold(5, 1))
  expect(await stateOf(5)).toBe('stolen')
  const next = await enrolTerminal(centre, await addShop(centre, 10n * UNIT_PRICE_MINOR))
  later()
  expect((await next.ask('supply-order', next.order(1))).kind).toBe('supply-delivery')
  expect((await story(4)).slice(5)).toEqual([
    ['given', next.id, { sequence: 2, retailer: next.retailer, price: '4.800' }],
  ])
  expect(await stateOf(4)).toBe('despatched')
  // Whom it was withheld from has no say, and whoever has it does.
  await report({ events: [event(4, 'settled-damaged', 0)] })
  await report({}, next)
  expect(await stateOf(4)).toBe('delivered')
  // What is sold stays sold, whatever case is opened about it; what lies at a terminal is what people say of it.
  const about = await hold(0, 5)
  expect([await stateOf(0), await stateOf(1), await stateOf(2), await stateOf(4)]).toEqual([
    ...['sold', 'on_hold', 'sold', 'on_hold'],
  ])
  await end(about)
  expect([await stateOf(1), await stateOf(4)]).toEqual(['damaged', 'delivered'])
  await centre.needs.pool.query('UPDATE pack SET held_at = now()')
  expect(await stateOf(900)).toBe('on_hold')
  await centre.needs.pool.query('UPDATE pack SET held_at = NULL')
  expect(await stateOf(900)).toBe('in_stock')
})

test('activations of other codes of the lot are not told', async () => {
  const activate = (offset: number, count: number) =>
    call('POST', '/api/restock/activations', {
      ...{ operator: 'atlas', lot: 'L000001', activatedOn: '2026-01-02T00:00:00.000Z' },
      runs: [{ firstSerial: serial(offset), count }],
    })
  expect((await activate(801, 10)).status).toBe(201)
  expect((await activate(790, 10)).status).toBe(201)
  const told = async (offset: number) =>
    (await ask(offset)).json.events.filter(({ what }) => what === 'activated').length
  expect([await told(799), await told(800), await told(801), await told(811)]).toEqual([2, 1, 2, 1])
})

test('a serial that is not here is unknown, and what is none is not asked', async () => {
  for (const offset of [-1, 1_100])
    expect(await ask(offset)).toMatchObject({ status: 404, code: 'unknown-serial' })
  expect(await ask(0, 'another')).toMatchObject({ status: 404, code: 'unknown-serial' })
  expect((await ask(999)).status).toBe(200)
  expect((await ask(1_099)).json).toMatchObject({ serial: '000001001099', state: 'in_stock' })
  expect((await call('GET', '/api/codes/atlas/1000000')).status).toBe(400)
  expect((await call('GET', `/api/codes/ATLAS/${PACK}`)).status).toBe(400)
})

test('the whole story is found by indexes: among many rows it reads few', async () => {
  const owner = centre.database.pool('owner')
  // A pack of a thousand codes in each thousand, in orders of fifty, each code an event, and cases about all of it.
  await owner.query(`
    INSERT INTO restock_delivery (id, operator, order_id, line_no, part, parts, lot_id, product_id, verdict, codes, received_at)
    SELECT gen_random_uuid(), 'atlas', gen_random_uuid(), 1, 1, 1, 'L' || 100000 + n, 'ATLAS-5', 'taken', 1000, now()
      FROM generate_series(1, 1000) AS n;
    INSERT INTO lot (depot_id, operator, id, product_id, expires_on)
    SELECT 'main', 'atlas', 'L' || 100000 + n, 'ATLAS-5', '2099-12-31' FROM generate_series(1, 1000) AS n;
    INSERT INTO lot_activation (operator, id, lot_id, activated_on, whole, taken_at)
    SELECT 'atlas', gen_random_uuid(), 'L' || 100000 + n, now(), n % 2 = 0, now() FROM generate_series(1, 1000) AS n;
    INSERT INTO lot_activation_run (operator, activation_id, first_serial, count)
    SELECT 'atlas', id, 2000000 + 20 * n, 10 FROM lot_activation, generate_series(1, 20) AS n WHERE lot_id LIKE 'L1%';
    INSERT INTO pack (depot_id, operator, first_serial, count, lot_id, product_id, delivery_id, expires_on)
    SELECT 'main', 'atlas', 2000000 + 1000 * n, 1000, lot_id, product_id, id, '2099-12-31'
      FROM (SELECT *, row_number() OVER (ORDER BY lot_id) AS n FROM restock_delivery WHERE lot_id LIKE 'L1%') AS part;
    INSERT INTO supply_order (depot_id, terminal_id, sequence, retailer_id, decided_at, epoch, codes, debited_minor,
                              available_minor, state)
    SELECT 'main', 'T99999', n, 'R99999', now(), 1, 50, 1, 1, 'delivered' FROM generate_series(1, 4000) AS n;
    INSERT INTO supply_run (depot_id, operator, first_serial, count, pack_first_serial, lot_id, product_id, expires_on,
                            unit_price_minor, terminal_id, sequence)
    SELECT 'main', 'atlas', 2001000 + 50 * (n - 1), 50, 2001000 + (n - 1) / 20 * 1000, 'L100001', 'ATLAS-5', '2099-12-31',
           1, 'T99999', n FROM generate_series(1, 4000) AS n;
    INSERT INTO sale (depot_id, operator, serial, product_id, terminal_id, ticket, vendor_id, sold_at, sold_on, sold_hour,
                      reported_in, reported_at)
    SELECT 'main', 'atlas', 2001000 + 20 * n, 'ATLAS-5', 'T99999', n, '02', now(), '2026-11-25', 9, 3, now()
      FROM generate_series(1, 8000) AS n;
    INSERT INTO ticket_event (depot_id, operator, serial, terminal_id, ticket, vendor_id, at, what, reported_in)
    SELECT 'main', 'atlas', 2001000 + 20 * n, 'T99999', n, '02', now(), 'in-doubt', 3 FROM generate_series(1, 8000) AS n;
    INSERT INTO code_case (operator, first_serial, count, state, cause, opened_by, opened_at)
    SELECT 'atlas', 100 * n, 100, 'on_hold', 'c', 'demo', now() FROM generate_series(1, 8000) AS n;
    UPDATE pack SET given = (-1)::bit(1000) WHERE first_serial >= 2001000;
    ANALYZE`)
  const about = ['atlas', 2_151_060]
  const { rows } = await owner.query<{ what: string }>(CODE_HISTORY, about)
  expect(rows.map(({ what }) => what).sort()).toEqual(['arrived', 'delivered', 'given', 'in-doubt', 'sold'])
  const read = await rowsRead(owner, CODE_HISTORY, about)
  expect(Object.keys(read).sort()).toEqual([
    ...[
      'code_case',
      'code_exchange',
      'depot',
      'lot_activation',
      'lot_activation_run',
      'lot_state',
      'pack',
      'restock_delivery',
      'sale',
      'supply_order',
    ],
    ...['supply_run', 'ticket_event'],
  ])
  for (const rowsOf of Object.values(read)) expect(rowsOf).toBeLessThanOrEqual(150)
})
