// What a shop's terminals are told and what they tell: settings by their number, states and alarms, card counts, the
// balance, a price's sale; and that a terminal that was locked hears why.

import { wallClock } from '@scratchless/office/calendar/office-day'
import { vendorId } from '@scratchless/voucher/ids'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { balanceRequestMessage } from '@scratchless/wire/supply/balance-request'
import { salesReportMessage } from '@scratchless/wire/supply/sales-report'
import { settingsRequestMessage } from '@scratchless/wire/supply/settings-request'
import { type StateReport, stateReportMessage } from '@scratchless/wire/supply/state-report'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ATLAS_5 } from '../../../voucher/testing/example-product.ts'
import { type StaffCall, staffCaller } from '../../testing/staff-caller.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import type { ShopSettingsView, TerminalStateView } from '../staff-api.ts'
import { createStaffServer } from '../staff-server.ts'

let centre: TestCentre
let app: FastifyInstance
let call: StaffCall
let terminal: TestTerminal
beforeAll(async () => {
  centre = await startTestCentre()
  app = await createStaffServer(centre.needs)
  call = await staffCaller(app, centre.database.pool('owner'))
})
afterAll(async () => {
  await app.close()
  await centre.close()
})
beforeEach(async () => {
  terminal = await enrolTerminal(centre, await addShop(centre, 1_000_000n))
})

const askSettings = (holdsVersion: number) =>
  terminal.ask('settings-request', terminal.sign(settingsRequestMessage, { holdsVersion }))
const path = () => `/api/retailers/${terminal.retailer}`
const SETTINGS = {
  ...{ language: 'en', capMinor: '300000', autoOrderLimitMinor: '50000', message: 'Closed on Friday' },
  levels: [{ product: 'ATLAS-5', warnAt: 5, orderUpTo: 40 }],
  orderWindows: [{ weekdays: 31, fromMinute: 420, toMinute: 1_320 }],
  reporting: { sales: 10, seconds: 60 },
}

test('settings are told with their vendors and cards, and rise only when they say something else', async () => {
  const first = await askSettings(0)
  if (first.kind !== 'shop-settings') throw new Error(first.kind)
  const { version, standing } = first.content
  expect(first.content).toMatchObject({
    ...{ language: 'fr', timeZone: 'Africa/Tunis', capMinor: 0n, paymentReference: terminal.retailer },
    vendors: [{ vendor: '02', state: 'active', cards: [terminal.card] }],
  })
  expect(standing.settingsVersion).toBe(version)
  expect((await askSettings(version)).kind).toBe('acknowledgement')

  const change = (seen: number, settings: object = SETTINGS) =>
    call<ShopSettingsView>('POST', `${path()}/settings`, { seen, settings })
  expect(await change(0)).toMatchObject({ status: 201, json: { number: 1, settings: SETTINGS } })
  expect(await change(0)).toMatchObject({ status: 409, code: 'changed-meanwhile' })
  expect((await call('GET', `${path()}/settings`)).json).toEqual({ number: 1, settings: SETTINGS })
  const second = await askSettings(version)
  expect(second).toMatchObject({
    kind: 'shop-settings',
    content: {
      ...{ version: version + 1, language: 'en', capMinor: 300_000n, message: 'Closed on Friday' },
      ...{ levels: SETTINGS.levels, orderWindows: SETTINGS.orderWindows, reporting: SETTINGS.reporting },
    },
  })
  // The same again says nothing new.
  await change(1)
  expect(await askSettings(version + 1)).toMatchObject({ kind: 'acknowledgement' })

  await call('POST', `${path()}/vendors`, { name: 'Salma' })
  const third = await askSettings(version + 1)
  expect(third).toMatchObject({
    content: {
      version: version + 2,
      vendors: [{ vendor: '02' }, { vendor: '03', name: 'Salma', cards: [] }],
    },
  })
  const suspend = (vendor: string, suspended: boolean) =>
    call('POST', `${path()}/vendors/${vendor}/suspension`, { suspended, reason: 'holiday' })
  expect((await suspend('03', true)).json).toEqual({ id: '03', name: 'Salma', suspended: true })
  expect(await suspend('04', true)).toMatchObject({ status: 404, code: 'unknown-vendor' })
  expect(await askSettings(version + 2)).toMatchObject({
    content: { version: version + 3, vendors: [{ state: 'active' }, { state: 'suspended' }] },
  })
})

test('an order outside the shop’s hours is refused with the moment from which they are taken; its own shop’s alone', async () => {
  const other = await enrolTerminal(centre, await addShop(centre, 1_000_000n))
  const { minute } = wallClock(new Date(centre.clock.nowMs()), 'Asia/Tokyo')
  const enter = (seen: number, fromMinute: number, toMinute: number) =>
    call('POST', `${path()}/settings`, {
      seen,
      settings: {
        ...{ ...SETTINGS, timeZone: 'Asia/Tokyo' },
        orderWindows: [{ weekdays: 127, fromMinute, toMinute }],
      },
    })
  // Yesterday's window, and from now on another: what was entered last counts.
  expect(await enter(0, minute, minute + 1)).toMatchObject({ status: 201 })
  expect(await enter(1, minute + 2, minute + 3)).toMatchObject({ status: 201 })
  const refused = await terminal.ask('supply-order', terminal.order(1))
  const opensAtS = Math.floor(centre.clock.nowMs() / 60_000) * 60 + 120
  expect(refused).toMatchObject({ content: { why: { reason: 'order-window-closed', opensAtS } } })
  // Nothing is in stock here: who comes that far was not held up by the hours.
  const wentOn = { content: { why: { reason: 'no-stock' } } }
  expect(await other.ask('supply-order', other.order(1))).toMatchObject(wentOn)
  expect(await enter(2, minute, minute + 1)).toMatchObject({ status: 201 })
  expect(await terminal.ask('supply-order', terminal.order(1))).toMatchObject(wentOn)
})

test('settings that break a bound are refused whole, by their field', async () => {
  for (const [broken, field] of [
    [{ capMinor: '-1' }, 'settings.capMinor'],
    [{ capMinor: 5 }, 'settings.capMinor'],
    [{ timeZone: 'Mars/North' }, 'settings.timeZone'],
    [{ message: 'é'.repeat(101) }, 'settings.message'],
    [{ orderWindows: [{ weekdays: 1, fromMinute: 60, toMinute: 60 }] }, 'settings.orderWindows.0'],
    [{ levels: [{ product: 'ATLAS-5', warnAt: -1, orderUpTo: 1 }] }, 'settings.levels.0.warnAt'],
    [{ reporting: { sales: 501, seconds: 0 } }, 'settings.reporting.sales'],
  ] as const) {
    const answer = await call('POST', `${path()}/settings`, { seen: 0, settings: { ...SETTINGS, ...broken } })
    expect(answer.status, field).toBe(400)
    expect(JSON.stringify(answer.json), field).toContain(field)
  }
})

const report = (more: Partial<StateReport> = {}): StateReport => ({
  ...{ softwareVersion: '0.2.0', startedAtS: 1_795_000_000 },
  line: { carrier: 'https', rate: 0, failures: 2 },
  printer: { state: 'paper-near-end', model: 'emulated' },
  cards: [{ card: terminal.card, state: 'in', pinTriesLeft: 3, pukCount: 1, keysGiven: 40 }],
  stock: { catalogueVersion: 1, onBoard: [17], aside: [{ place: 0, inDoubt: 1, damaged: 0 }] },
  alarms: [{ kind: 'low-stock', subject: 'ATLAS-5', sinceS: 1_795_000_100 }],
  shiftMarks: [],
  ...more,
})
const tell = async (more?: Partial<StateReport>) =>
  (await terminal.ask('state-report', terminal.sign(stateReportMessage, report(more)))).kind

test('the newest state is shown, with the alarms that are open', async () => {
  const state = () => call<TerminalStateView>('GET', `/api/terminals/${terminal.id}/state`)
  expect((await state()).status).toBe(404)
  expect(await tell()).toBe('acknowledgement')
  expect((await state()).json).toMatchObject({
    softwareVersion: '0.2.0',
    report: { printer: { state: 'paper-near-end' }, stock: { onBoard: [17] } },
    alarms: [{ kind: 'low-stock', subject: 'ATLAS-5', since: '2026-11-18T11:08:20.000Z' }],
  })
  const paper = { kind: 'paper-end', subject: '', sinceS: 1_795_000_200 } as const
  await tell({ alarms: [...report().alarms, paper] })
  expect((await state()).json.alarms.map(({ kind }) => kind)).toEqual(['low-stock', 'paper-end'])
  await tell({ alarms: [paper], softwareVersion: '0.3.0' })
  expect((await state()).json).toMatchObject({ softwareVersion: '0.3.0', alarms: [{ kind: 'paper-end' }] })
  // Begun again: another alarm of the same kind.
  await tell({ alarms: [paper, { ...report().alarms[0]!, sinceS: 1_795_000_300 }] })
  const { rows } = await centre.needs.pool.query(
    `SELECT kind, ended_at IS NULL AS open FROM terminal_alarm WHERE terminal_id = $1 ORDER BY kind, since`,
    [terminal.id],
  )
  expect(rows).toEqual([
    { kind: 'low-stock', open: false },
    { kind: 'low-stock', open: true },
    { kind: 'paper-end', open: true },
  ])
})

test('a card that tells fewer keys than before is an alarm, and its count stays', async () => {
  const counts = async () => {
    const { rows } = await centre.needs.pool.query(
      'SELECT keys_given, puk_count FROM terminal_card WHERE terminal_id = $1',
      [terminal.id],
    )
    return rows
  }
  const card = (keysGiven: number, pukCount = 1) => ({
    cards: [{ ...report().cards[0]!, keysGiven, pukCount }],
  })
  const alarms = async () => {
    const { rows } = await centre.needs.pool.query(
      `SELECT details FROM alarm WHERE kind = 'card-count-went-back' AND subject = $1`,
      [terminal.id],
    )
    return rows.length
  }
  for (const [keys, puks, kept, raised] of [
    [40, 1, { keys_given: 40n, puk_count: 1 }, 0],
    [40, 2, { keys_given: 40n, puk_count: 2 }, 0],
    [39, 1, { keys_given: 40n, puk_count: 2 }, 1],
    [41, 2, { keys_given: 41n, puk_count: 2 }, 1],
  ] as const) {
    await tell(card(keys, puks))
    expect([await counts(), await alarms()]).toEqual([[kept], raised])
  }
  const sales = { sales: [], events: [], cards: [{ card: terminal.card, keysGiven: 7 }] }
  await terminal.ask('sales-report', terminal.sign(salesReportMessage, sales))
  expect([await counts(), await alarms()]).toEqual([[{ keys_given: 41n, puk_count: 2 }], 2])
})

test('the balance is told with its credit, and why orders are blocked', async () => {
  const ask = () => terminal.ask('balance-request', terminal.sign(balanceRequestMessage, {}))
  await call('POST', `${path()}/credit-line`, { amount: '20' })
  expect(await ask()).toMatchObject({
    kind: 'balance',
    content: {
      ...{ availableMinor: 1_020_000n, balanceMinor: 1_000_000n, owedMinor: 0n, creditLineMinor: 20_000n },
      blocked: null,
    },
  })
  await call('POST', `${path()}/deposits`, { amount: '1.000', document: `CHQ ${terminal.id}` })
  const order = terminal.order(200)
  await terminal.ask('supply-order', order)
  await centre.database
    .pool('owner')
    .query(`UPDATE account SET debits_posted = credits_posted + 5000 WHERE id = $1`, [
      `retailer:${terminal.retailer}`,
    ])
  await call('POST', `${path()}/deposit-reversals`, { document: `CHQ ${terminal.id}`, reason: 'no cover' })
  expect(await ask()).toMatchObject({
    content: { balanceMinor: 0n, owedMinor: 6_000n, blocked: null },
  })
  await centre.database
    .pool('owner')
    .query(`UPDATE account SET blocked_since = now(), blocked_why = 'suspended' WHERE id = $1`, [
      `retailer:${terminal.retailer}`,
    ])
  expect(await ask()).toMatchObject({ content: { blocked: { why: 'suspended', owedMinor: 0n } } })
  expect(await terminal.ask('supply-order', terminal.order(1))).toMatchObject({
    content: { why: { reason: 'account-blocked', why: 'suspended' } },
  })
})

test('a sale keeps the price that it names, if it is one of its product', async () => {
  await centre.operator.stock(7_000_000, 20)
  await terminal.ask('supply-order', terminal.order(3))
  const { rows: given } = await centre.needs.pool.query<{ first_serial: bigint }>(
    'SELECT first_serial FROM supply_run WHERE terminal_id = $1',
    [terminal.id],
  )
  const { rows: prices } = await centre.needs.pool.query<{ id: number }>(
    'SELECT id FROM product_price WHERE product_id = $1',
    [ATLAS_5.id],
  )
  const sale = (place: number, priceId: number) => ({
    ...{ product: ATLAS_5.id, serial: serialFromNumber(Number(given[0]!.first_serial) + place), priceId },
    ...{ ticket: place + 1, vendor: vendorId('02'), soldAtS: 1_795_000_000 + place },
  })
  const sales = [sale(0, prices[0]!.id), sale(1, 0), sale(2, 999_999)]
  await terminal.ask('sales-report', terminal.sign(salesReportMessage, { sales, events: [], cards: [] }))
  const { rows } = await centre.needs.pool.query(
    'SELECT ticket, price_id, amount_minor FROM sale WHERE terminal_id = $1 ORDER BY ticket',
    [terminal.id],
  )
  expect(rows).toEqual([
    { ticket: 1n, price_id: prices[0]!.id, amount_minor: 5_000n },
    { ticket: 2n, price_id: null, amount_minor: null },
    { ticket: 3n, price_id: null, amount_minor: null },
  ])
})

test('a terminal that staff locked or revoked hears why, with the lease ended', async () => {
  const act = (what: string, why: string) =>
    call('POST', `/api/terminals/${terminal.id}/${what}`, { why, reason: 'seen in the street' })
  const order = async () => {
    const { content } = await terminal.ask('supply-order', terminal.order(1))
    if (!('why' in content)) throw new Error('not refused')
    return { why: content.why, lease: content.standing.leaseUntilS - content.standing.timeS }
  }
  expect((await act('lock', 'stolen')).status).toBe(200)
  expect(await act('lock', 'by-staff')).toMatchObject({ status: 409, code: 'locked-already' })
  expect(await order()).toMatchObject({ why: { reason: 'terminal-locked', why: 'stolen' }, lease: 0 })
  await call('POST', `/api/terminals/${terminal.id}/unlock`, { reason: 'found' })
  expect((await act('revocation', 'replaced')).status).toBe(200)
  expect(await order()).toMatchObject({ why: { reason: 'terminal-revoked', why: 'replaced' }, lease: 0 })
})
