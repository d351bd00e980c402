// One serial's story from its sealing to its receipt, over the rows that the flows write; and how much it reads.

import { addStaff } from '@scratchless/office/staff/staff'
import { serialFromNumber } from '@scratchless/voucher/serial'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rowsRead } from '../../../office/testing/rows-read.ts'
import { type TestVault, testVault } from '../../testing/test-vault.ts'
import { createStaffServer } from '../staff-server.ts'
import { CODE_HISTORY } from './code-history.sql.ts'

const FIRST = 1_000_000
const ORDER = '3f0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'
const PART = (n: number) => `5b0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3${n}`
const at = (minutes: number) => new Date(Date.parse('2026-11-22T10:00:00.000Z') + minutes * 60_000)
const clock = { at: at(0), nowMs: () => clock.at.getTime() }
let vault: TestVault
let app: FastifyInstance
let cookie: string
const pool = () => vault.database.pool('api')

beforeAll(async () => {
  vault = await testVault()
  const { random, log, party } = vault.needs
  app = await createStaffServer({
    ...{ clock, random, log, pool: pool() },
    vault: { listSealedLots: async () => [], signLotActivation: async () => Buffer.of(1) } as never,
    settings: {
      ...{ party, name: 'Atlas', colour: '#1D4F9F', currency: 'TND', partners: [], approvers: [] },
      ...{ staffHttp: { host: '127.0.0.1', port: 1 }, stockHttp: { host: '127.0.0.1', port: 4003 } },
    },
  })
  const member = { signInName: 'amel', fullName: 'Amel', roles: ['stock'], password: 'a long password' }
  await addStaff({ pool: vault.database.pool('owner') }, member)
  const payload = { signInName: 'amel', password: 'a long password' }
  const answer = await app.inject({ method: 'POST', url: '/api/sign-in', payload })
  cookie = String(answer.headers['set-cookie']).split(';')[0]!
  await vault.addProduct('ATLAS-5', 14)
  // The second lot was activated as it was sealed. Of the first, 0–9 were planned, 10–19 sent, 20–29 taken but for 29,
  // and 30–39 refused.
  await pool().query(
    `INSERT INTO lot (id, product, expires_on, codes, activated_at, sealed_at)
     VALUES ('L000001', 'ATLAS-5', '2099-12-31', 1100, NULL, $1),
            ('L000002', 'ATLAS-5', '2099-06-30', 10, $1, $1)`,
    [at(0)],
  )
  await pool().query(
    `INSERT INTO pack (id, lot, first_serial, count, given)
     VALUES (1, 'L000001', ${FIRST}, 1000, (-1)::bit(1000) << 960), (2, 'L000001', ${FIRST + 1_000}, 100, 0::bit(1000)),
            (3, 'L000002', ${FIRST + 2_000}, 10, 0::bit(1000))`,
  )
  await pool().query(
    `INSERT INTO restock_order (id, partner, verdict, received_at, expires_at)
     VALUES ('${ORDER}', 'centre', 'accepted', $1, $1)`,
    [at(1)],
  )
  await pool().query(
    `INSERT INTO restock_order_line (order_id, line_no, product, ordered, accepted)
     VALUES ('${ORDER}', 1, 'ATLAS-5', 40, 40)`,
  )
  await pool().query(
    `INSERT INTO restock_delivery (id, order_id, line_no, part, parts, lot, codes, state, issued_at, settled_at,
                                   codes_taken, reason)
     VALUES ('${PART(1)}', '${ORDER}', 1, 1, 4, 'L000001', 10, 'planned', $1, NULL, NULL, NULL),
            ('${PART(2)}', '${ORDER}', 1, 2, 4, 'L000001', 10, 'despatched', $1, NULL, NULL, NULL),
            ('${PART(3)}', '${ORDER}', 1, 3, 4, 'L000001', 10, 'taken', $1, $2, 9, NULL),
            ('${PART(4)}', '${ORDER}', 1, 4, 4, 'L000001', 10, 'refused', $1, $2, 0, 'not-offered')`,
    [at(1), at(2)],
  )
  await pool().query(
    `INSERT INTO restock_run (delivery_id, pack, first_serial, count)
     VALUES ('${PART(1)}', 1, ${FIRST}, 10), ('${PART(2)}', 1, ${FIRST + 10}, 10),
            ('${PART(3)}', 1, ${FIRST + 20}, 10), ('${PART(4)}', 1, ${FIRST + 30}, 10)`,
  )
  await pool().query(`INSERT INTO restock_duplicate VALUES ('${PART(3)}', ${FIRST + 29})`)
})
afterAll(async () => {
  await app.close()
  await vault.drop()
})

async function call(method: 'GET' | 'POST', url: string, payload?: object) {
  const answer = await app.inject({ method, url, headers: { cookie }, ...(payload && { payload }) })
  return { status: answer.statusCode, json: answer.json(), code: answer.json().error?.code }
}
const serial = (offset: number) => serialFromNumber(FIRST + offset)
const ask = (offset: number) => call('GET', `/api/codes/${serial(offset)}`)
const stateOf = async (offset: number) => (await ask(offset)).json.state
const sealed = (pack: string, lot = 'L000001') => ({
  ...{ at: '2026-11-22T10:00:00.000Z', what: 'sealed', who: null, details: { lot, pack } },
})
const given = (part: number) => ({
  ...{ at: '2026-11-22T10:01:00.000Z', what: 'given', who: 'centre' },
  details: { order: ORDER, line: 1, part, delivery: PART(part) },
})

test('a code is told from its sealing to its receipt, with where it is', async () => {
  expect(await ask(28)).toEqual({
    status: 200,
    code: undefined,
    json: {
      ...{ serial: serial(28), product: 'ATLAS-5', lot: 'L000001', expiresOn: '2099-12-31' },
      ...{ activatedAt: null, state: 'delivered' },
      events: [
        ...[sealed('000001000000'), given(3)],
        {
          ...{ at: '2026-11-22T10:02:00.000Z', what: 'delivered', who: 'centre' },
          details: { delivery: PART(3) },
        },
      ],
    },
  })
  const last = async (offset: number) => {
    const { events, state } = (await ask(offset)).json
    const { what, details } = events.at(-1)
    return [events.length, what, details.delivery ?? details.lot, details.reason, state]
  }
  expect(await last(0)).toEqual([2, 'given', PART(1), undefined, 'despatched'])
  expect(await last(9)).toEqual([2, 'given', PART(1), undefined, 'despatched'])
  expect(await last(10)).toEqual([2, 'given', PART(2), undefined, 'despatched'])
  expect(await last(29)).toEqual([3, 'known-already', PART(3), undefined, 'on_hold'])
  expect(await last(39)).toEqual([3, 'refused', PART(4), 'not-offered', 'on_hold'])
  expect(await last(40)).toEqual([1, 'sealed', 'L000001', undefined, 'in_stock'])
})

test('an activation is told of the lot or of the range that it names, and by whom', async () => {
  const activated = async (offset: number) =>
    (await ask(offset)).json.events.filter(({ what }: { what: string }) => what === 'activated')
  const asSealed = {
    ...{ at: '2026-11-22T10:00:00.000Z', what: 'activated', who: null },
    details: { lot: 'L000002', from: '2026-11-22T10:00:00.000Z' },
  }
  expect(await activated(2_000)).toEqual([asSealed])
  const activate = (body: object) => call('POST', '/api/stock/activations', { lot: 'L000001', ...body })
  clock.at = at(3)
  expect((await activate({ runs: [{ firstSerial: serial(100), count: 10 }] })).status).toBe(200)
  const byRange = {
    ...{ at: '2026-11-22T10:03:00.000Z', what: 'activated', who: 'amel' },
    details: { lot: 'L000001', from: '2026-11-22T10:03:00.000Z' },
  }
  for (const [offset, told] of [
    [99, []],
    [100, [byRange]],
    [109, [byRange]],
    [110, []],
  ] as const)
    expect(await activated(offset)).toEqual(told)
  clock.at = at(4)
  expect((await activate({ activatedOn: '2026-12-01T00:00:00.000Z' })).status).toBe(200)
  const whole = {
    ...{ at: '2026-11-22T10:04:00.000Z', what: 'activated', who: 'amel' },
    details: { lot: 'L000001', from: '2026-12-01T00:00:00.000Z' },
  }
  expect(await activated(100)).toEqual([byRange, whole])
  expect(await activated(1_099)).toEqual([whole])
  expect((await ask(1_099)).json.activatedAt).toBe('2026-12-01T00:00:00.000Z')
  expect(await activated(2_009)).toEqual([asSealed])
})

test('cases are told with their cause and their end, and a code that is aside is in the state of its case', async () => {
  clock.at = at(5)
  const body = { firstSerial: serial(900), count: 101, cause: 'a box is missing' }
  const { id } = (await call('POST', '/api/cases', body)).json
  const opened = {
    ...{ at: '2026-11-22T10:05:00.000Z', what: 'case-opened', who: 'amel' },
    details: { case: Number(id), state: 'on_hold', ...body },
  }
  const cases = async (offset: number) =>
    (await ask(offset)).json.events.filter(({ what }: { what: string }) => what.startsWith('case-'))
  expect(await cases(899)).toEqual([])
  expect(await cases(900)).toEqual([opened])
  expect(await cases(1_000)).toEqual([opened])
  expect(await cases(1_001)).toEqual([])
  await pool().query(
    `INSERT INTO code_case (first_serial, count, state, cause, opened_by, opened_at)
     VALUES (${FIRST + 950}, 1, 'stolen', 'by night', 'amel', $1)`,
    [at(6)],
  )
  expect([await stateOf(900), await stateOf(950)]).toEqual(['on_hold', 'stolen'])
  clock.at = at(7)
  await call('POST', `/api/cases/${id}/end`, { cause: 'found' })
  const ended = {
    ...{ at: '2026-11-22T10:07:00.000Z', what: 'case-ended', who: 'amel' },
    details: { case: Number(id), cause: 'found' },
  }
  expect(await cases(900)).toEqual([opened, ended])
  expect([await stateOf(900), await stateOf(950)]).toEqual(['in_stock', 'stolen'])
  // A case that has ended says nothing about where the code is now.
  const again = (await call('POST', '/api/cases', { ...body, firstSerial: serial(950), count: 1 })).json
  await call('POST', `/api/cases/${again.id}/end`, { cause: 'found' })
  expect(await stateOf(950)).toBe('stolen')
  // Aside for no case that is open, and a pack that is held whole.
  await pool().query(`UPDATE pack SET aside = set_bit(aside, 800, 1) WHERE id = 1`)
  expect([await stateOf(799), await stateOf(800), await stateOf(801)]).toEqual([
    'in_stock',
    'on_hold',
    'in_stock',
  ])
  await pool().query('UPDATE pack SET held_at = now() WHERE id = 2')
  expect([await stateOf(1_001), await stateOf(2_000)]).toEqual(['on_hold', 'in_stock'])
})

test('a serial that is not here is unknown, and what is none is not asked', async () => {
  for (const offset of [-1, 1_100, 1_999, 2_010])
    expect(await ask(offset)).toMatchObject({ status: 404, code: 'unknown-serial' })
  for (const offset of [0, 999, 1_000, 1_099, 2_009]) expect((await ask(offset)).status).toBe(200)
  expect((await call('GET', '/api/codes/1000000')).status).toBe(400)
})

test('who looked up which serial is in the audit chain, also where it is not here', async () => {
  const looked = async () =>
    (
      await vault.database
        .pool('auditor')
        .query(
          `SELECT actor, subject FROM audit_entry WHERE action = 'serial-looked-up' ORDER BY n DESC LIMIT 2`,
        )
    ).rows
  await ask(0)
  await ask(1_999)
  expect(await looked()).toEqual([
    { actor: 'amel', subject: serial(1_999) },
    { actor: 'amel', subject: serial(0) },
  ])
})

test('the whole story is found by indexes: among many rows it reads few', async () => {
  const owner = vault.database.pool('owner')
  await owner.query(`
    INSERT INTO lot (id, product, expires_on, codes, sealed_at)
    SELECT 'L' || 100000 + n, 'ATLAS-5', '2099-12-31', 1000, now() FROM generate_series(1, 500) AS n;
    INSERT INTO pack (id, lot, first_serial, count, given)
    SELECT 100 + n, 'L' || 100000 + n, 2000000 + 1000 * n, 1000, (-1)::bit(1000) FROM generate_series(1, 500) AS n;
    INSERT INTO lot_activation (id, lot, activated_on, whole, made_at, made_by)
    SELECT gen_random_uuid(), 'L' || 100000 + n, now(), n % 2 = 0, now(), 'amel' FROM generate_series(1, 500) AS n;
    INSERT INTO lot_activation_run (activation_id, first_serial, count)
    SELECT id, 1 + 20 * n, 10 FROM lot_activation, generate_series(1, 20) AS n WHERE lot LIKE 'L1%';
    INSERT INTO restock_order (id, partner, verdict, received_at, expires_at)
    SELECT gen_random_uuid(), 'other', 'accepted', now(), now() FROM generate_series(1, 2000);
    INSERT INTO restock_order_line (order_id, line_no, product, ordered, accepted)
    SELECT id, 1, 'ATLAS-5', 250, 250 FROM restock_order WHERE partner = 'other';
    INSERT INTO restock_delivery (id, order_id, line_no, part, parts, lot, codes, state, issued_at, settled_at, codes_taken)
    SELECT gen_random_uuid(), id, 1, 1, 1, 'L100001', 250, 'taken', now(), now(), 250
      FROM restock_order WHERE partner = 'other';
    INSERT INTO restock_run (delivery_id, pack, first_serial, count)
    SELECT id, 101 + (n - 1) / 4, 2001000 + 250 * (n - 1), 250
      FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM restock_delivery WHERE lot = 'L100001') AS part;
    INSERT INTO restock_duplicate SELECT delivery_id, first_serial + n FROM restock_run, generate_series(0, 4) AS n;
    INSERT INTO code_case (first_serial, count, state, cause, opened_by, opened_at)
    SELECT 100 * n, 100, 'on_hold', 'c', 'amel', now() FROM generate_series(1, 5000) AS n;
    ANALYZE`)
  const about = [2_051_260]
  const { rows } = await owner.query<{ what: string }>(CODE_HISTORY, about)
  expect(rows.map(({ what }) => what).sort()).toEqual(['delivered', 'given', 'sealed'])
  const read = await rowsRead(owner, CODE_HISTORY, about)
  expect(Object.keys(read).sort()).toEqual([
    ...[
      'code_case',
      'code_exchange',
      'lot',
      'lot_activation',
      'lot_activation_run',
      'lot_state',
      'pack',
      'restock_delivery',
    ],
    ...['restock_duplicate', 'restock_order', 'restock_run'],
  ])
  for (const rowsOf of Object.values(read)) expect(rowsOf).toBeLessThanOrEqual(50)
})
