// Whole lots held, recalled, let go, made void and expired, by the routes themselves over real tables, vault and supply.

import { expireLots } from '@scratchless/office/cases/expire-lots'
import type { LotStateView } from '@scratchless/office/cases/lot-state.sql'
import type { AgreedRequest } from '@scratchless/office/requests/agreement'
import { settleRequests } from '@scratchless/office/requests/carry-out-request'
import type { RequestView } from '@scratchless/office/requests/request-routes'
import { lotId } from '@scratchless/voucher/ids'
import { serialFromNumber } from '@scratchless/voucher/serial'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditOffice } from '../../../office/testing/audit-office.ts'
import { signAgreement } from '../../../office/testing/sign-agreement.ts'
import { UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { type StaffCall, staffCaller } from '../../testing/staff-caller.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import { centreChecks } from '../audit.ts'
import { createStaffServer } from '../staff-server.ts'
import type { CodeHistoryView } from './case-shapes.ts'
import { centreCases, centreRequests } from './centre-cases.ts'
import type { StockView } from './stock-shapes.ts'

const FIRST = 1_000_000
const SECOND = 2_000_000
const LOT = lotId('L000001')
const OTHER = lotId('L000002')
let centre: TestCentre
let terminal: TestTerminal
let app: FastifyInstance
const people = new Map<string, StaffCall>()
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(FIRST, 1_200)
  await centre.operator.stock(SECOND, 100, { lot: OTHER })
  terminal = await enrolTerminal(centre, await addShop(centre, 10_000n * UNIT_PRICE_MINOR))
  app = await createStaffServer(centre.needs)
  for (const [name, role] of [
    ['amel', 'stock'],
    ['lina', 'approver'],
    ['omar', 'approver'],
  ] as const)
    people.set(name, await staffCaller(app, centre.database.pool('owner'), name, [role]))
  await terminal.ask('supply-order', terminal.order(10))
})
afterAll(async () => {
  await app.close()
  await centre.close()
})

const as = (name: string) => people.get(name)!
type Answer = LotStateView & RequestView & { readonly codes: number; readonly given: number }
const bring = (state: string, lot = LOT, operator = 'atlas') =>
  as('amel')<Answer>('POST', '/api/lots', { operator, lot, state, cause: 'a box burnt' })
const aside = async () =>
  (await as('amel')<{ lots: LotStateView[] }>('GET', '/api/lots')).json.lots.map(({ lot, state, by }) => [
    ...[lot, state, by],
  ])
async function agree(name: string, { party, number, kind, facts, expiresAt }: RequestView, who: number) {
  const request = { party, number, kind: kind as AgreedRequest['kind'], facts }
  const { name: approver, privateKey } = centre.approvers[who]!
  const signature = signAgreement(privateKey, { ...request, endsAtS: Date.parse(expiresAt) / 1000 })
  const body = { approver, signature: signature.toString('base64') }
  return as(name)<RequestView>('POST', `/api/requests/${number}/agreements`, body)
}
const history = async (serial: number) =>
  (await as('amel')<CodeHistoryView>('GET', `/api/codes/atlas/${serialFromNumber(serial)}`)).json
const stateOf = async (serial: number) => (await history(serial)).state
const counted = async () => {
  const [{ inStock, onHold }] = (await as('amel')<{ stock: [StockView] }>('GET', '/api/stock')).json.stock
  return [inStock, onHold]
}
async function take(count: number): Promise<string> {
  const answer = await terminal.ask('supply-order', terminal.order(count))
  return answer.kind === 'supply-refusal'
    ? answer.content.why.reason
    : answer.content.lots.map(({ lot, runs }) => `${lot} ${runs[0]!.firstSerial}`).join()
}
const broken = async () =>
  (
    await auditOffice(
      { books: centre.database.urls.auditor, vault: centre.vaultDatabase.urls.auditor },
      centreChecks,
    )
  ).filter(({ ok }) => !ok)

test('a lot that is held is supplied to nobody, a part that comes later included, until it is let go', async () => {
  expect(await bring('held', LOT, 'sahel')).toMatchObject({ status: 404, code: 'unknown-lot' })
  expect(await bring('held', lotId('L000009'))).toMatchObject({ status: 404, code: 'unknown-lot' })
  expect(await bring('in_stock')).toMatchObject({ status: 409, code: 'not-from' })
  expect(await bring('held')).toMatchObject({
    status: 201,
    json: { lot: LOT, operator: 'atlas', state: 'held', by: 'amel', codes: 1_200, given: 10 },
  })
  expect(await bring('held')).toMatchObject({
    code: 'not-from',
    json: { error: { details: { state: 'held' } } },
  })
  expect([await aside(), await counted()]).toEqual([[[LOT, 'held', 'amel']], [100, 1_190]])
  expect([await stateOf(FIRST + 20), await stateOf(SECOND), await take(2)]).toEqual([
    ...['on_hold', 'in_stock', `${OTHER} ${serialFromNumber(SECOND)}`],
  ])
  await centre.operator.stock(FIRST + 1_200, 50)
  expect([await counted(), await broken()]).toEqual([[98, 1_240], []])
  expect(await bring('in_stock')).toMatchObject({ status: 201, json: { state: 'in_stock', codes: 1_250 } })
  expect([await aside(), await counted(), await take(1)]).toEqual([
    ...[[], [1_338, 0]],
    `${LOT} ${serialFromNumber(FIRST + 10)}`,
  ])
  const { events } = await history(FIRST + 20)
  expect(events.filter(({ what }) => what.startsWith('lot-'))).toMatchObject([
    { what: 'lot-held', who: 'amel', details: { lot: LOT, cause: 'a box burnt' } },
    { what: 'lot-released', who: 'amel' },
  ])
})

test('a recall is one person’s to begin, and two people’s to end', async () => {
  expect((await bring('recalled')).status).toBe(201)
  expect([await aside(), await stateOf(FIRST + 20), await stateOf(FIRST)]).toEqual([
    ...[[[LOT, 'recalled', 'amel']], 'on_hold', 'on_hold'],
  ])
  expect(await bring('held')).toMatchObject({ code: 'not-from' })
  const ended = await bring('in_stock')
  expect(ended).toMatchObject({
    ...{ status: 202, json: { kind: 'end-recall', needed: 1, figures: { here: 1_239, given: 11 } } },
  })
  expect((await aside())[0]![1]).toBe('recalled')
  expect((await agree('lina', ended.json, 0)).json.state).toBe('done')
  expect([await aside(), await broken()]).toEqual([[], []])
})

test('what the tables say takes two is asked for, for each way of a lot', async () => {
  const owner = centre.database.pool('owner')
  const secondFrom = (codes: number | null) =>
    owner.query(`UPDATE act SET second_from = $1 WHERE name IN ('hold-lot', 'release-lot', 'recall-lot')`, [
      codes,
    ])
  await secondFrom(1)
  for (const [to, kind] of [
    ['held', 'hold-lot'],
    ['in_stock', 'release-lot'],
    ['recalled', 'recall-lot'],
    ['in_stock', 'end-recall'],
  ] as const) {
    const asked = await bring(to)
    expect([asked.status, asked.json.kind]).toEqual([202, kind])
    expect((await agree('lina', asked.json, 0)).json.state).toBe('done')
    expect(await aside()).toEqual(to === 'in_stock' ? [] : [[LOT, to, 'amel']])
  }
  await secondFrom(null)
})

test('a lot is void once two others agree, in the vault too, with what comes later of it', async () => {
  const owner = centre.database.pool('owner')
  // Whatever the tables say.
  await owner.query(`UPDATE act SET second_from = NULL WHERE name = 'void-lot'`)
  const asked = await bring('void')
  await owner.query(`UPDATE act SET second_from = 1 WHERE name = 'void-lot'`)
  expect(asked).toMatchObject({ status: 202, json: { kind: 'void-lot', needed: 2 } })
  await agree('lina', asked.json, 0)
  expect([await aside(), (await agree('omar', asked.json, 1)).json.state]).toEqual([[], 'done'])
  expect([await stateOf(FIRST), await stateOf(FIRST + 20), await aside()]).toEqual([
    ...['void', 'void', [[LOT, 'void', 'amel']]],
  ])
  expect([await broken(), await take(1)]).toEqual([[], `${OTHER} ${serialFromNumber(SECOND + 2)}`])
  await centre.operator.stock(FIRST + 1_250, 50)
  expect([await stateOf(FIRST + 1_270), await broken()]).toEqual(['void', []])
  for (const state of ['in_stock', 'held', 'recalled', 'void'])
    expect(await bring(state)).toMatchObject({ code: 'not-from' })
})

test('what the vault does not believe never was, and waits while codes of the lot are being closed', async () => {
  const { vault } = centre.needs
  const refusing = new Proxy(vault, {
    get: (line, name) =>
      name === 'voidCodes' ? async () => ({ refusal: 'over' }) : line[name as keyof typeof line],
  })
  const owner = centre.database.pool('owner')
  const agreed = async () => {
    const { number } = (await bring('void', OTHER)).json
    await owner.query(`UPDATE request SET state = 'agreed', agreed_by = 'omar' WHERE number = $1`, [number])
    return number
  }
  const stateOfRequest = async (number: number) =>
    (await as('amel')<RequestView>('GET', `/api/requests/${number}`)).json.state
  expect((await bring('held', OTHER)).status).toBe(201)
  const refused = await agreed()
  await settleRequests(centreRequests({ ...centre.needs, vault: refusing }))
  expect([await stateOfRequest(refused), (await aside())[0], await broken()]).toEqual([
    ...['refused', [OTHER, 'held', 'system'], []],
  ])
  await owner.query(
    `WITH message AS (UPDATE supply_message SET answer = NULL WHERE sequence = 3 RETURNING terminal_id)
     UPDATE supply_order SET state = 'decided' WHERE sequence = 3`,
  )
  const waits = await agreed()
  await settleRequests(centreRequests(centre.needs))
  expect([await stateOfRequest(waits), (await aside())[0]![1]]).toEqual(['agreed', 'held'])
  await owner.query(
    `WITH message AS (UPDATE supply_message SET answer = '\\x00' WHERE sequence = 3 RETURNING terminal_id)
     UPDATE supply_order SET state = 'delivered' WHERE sequence = 3`,
  )
  await owner.query(
    `UPDATE request SET state = 'refused', ended_by = 'x', ended_at = now(), ended_why = 'w'
                      WHERE number = $1`,
    [waits],
  )
  expect((await bring('in_stock', OTHER)).status).toBe(201)
})

test('a lot whose last day has passed expires by itself, by the office’s days, once', async () => {
  const office = centreCases(centre.needs)
  const now = centre.clock.nowMs()
  const toExpire = (moment: string) => {
    centre.clock.move(Date.parse(moment) - centre.clock.nowMs())
    return expireLots(office, 'Africa/Tunis')
  }
  // The office is an hour before UTC; a day is good to its end.
  expect(await toExpire('2028-12-31T22:59:00Z')).toBe(0)
  // Of two processes one ends it.
  const both = await Promise.all([toExpire('2028-12-31T23:01:00Z'), toExpire('2028-12-31T23:01:00Z')])
  expect(both.sort()).toEqual([0, 1])
  expect(await expireLots(office, 'Africa/Tunis')).toBe(0)
  centre.clock.move(now - centre.clock.nowMs())
  expect(await aside()).toEqual([
    [OTHER, 'expired', 'system'],
    [LOT, 'void', 'amel'],
  ])
  expect([await stateOf(SECOND + 50), await take(1), await broken()]).toEqual(['expired', 'no-stock', []])
  expect(await bring('in_stock', OTHER)).toMatchObject({ code: 'not-from' })
})
