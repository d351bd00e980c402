// Codes that are marked and made void, by the routes themselves, called by people of several roles, over a real vault.

import type { AgreedRequest } from '@scratchless/office/requests/agreement'
import { settleRequests } from '@scratchless/office/requests/carry-out-request'
import type { RequestView } from '@scratchless/office/requests/request-routes'
import { lotId } from '@scratchless/voucher/ids'
import { serialFromNumber, serialToNumber } from '@scratchless/voucher/serial'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditOffice } from '../../../office/testing/audit-office.ts'
import { signAgreement } from '../../../office/testing/sign-agreement.ts'
import { ATLAS, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { type StaffCall, staffCaller } from '../../testing/staff-caller.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import { centreChecks } from '../audit.ts'
import { createStaffServer } from '../staff-server.ts'
import type { VaultVerbs } from '../vault/verbs.ts'
import type { CodeHistoryView } from './case-shapes.ts'
import { centreRequests } from './centre-cases.ts'
import type { StockByStateView } from './stock-shapes.ts'

const FIRST = 1_000_000
const DAY_MS = 86_400_000
let centre: TestCentre
let terminal: TestTerminal
let app: FastifyInstance
const people = new Map<string, StaffCall>()
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(FIRST, 1_500)
  terminal = await enrolTerminal(centre, await addShop(centre, 10_000n * UNIT_PRICE_MINOR))
  app = await createStaffServer(centre.needs)
  for (const [name, ...roles] of [
    ['amel', 'stock'],
    ['nour', 'security'],
    ['sami', 'support'],
    ['lina', 'approver'],
    ['omar', 'approver'],
  ] as const)
    people.set(name, await staffCaller(app, centre.database.pool('owner'), name, roles))
  await terminal.ask('supply-order', terminal.order(10))
})
afterAll(async () => {
  await app.close()
  await centre.close()
})

type Answer = RequestView & { readonly id: string; readonly held: number }
const as = (name: string) => people.get(name)!
const serial = (offset: number) => serialFromNumber(FIRST + offset)
const mark = (name: string, state: string, offset: number, count: number) =>
  as(name)<Answer>('POST', '/api/cases', {
    ...{ operator: 'atlas', firstSerial: serial(offset), count, state, cause: 'a box burnt' },
  })
const end = (name: string, id: string) =>
  as(name)<Answer & { released: number }>('POST', `/api/cases/${id}/end`, { cause: 'found' })
function signed(view: RequestView, who: number, change: Partial<AgreedRequest> = {}) {
  const { party, number, kind, facts, expiresAt } = view
  const request = { party, number, kind: kind as AgreedRequest['kind'], facts }
  const endsAtS = Date.parse(expiresAt) / 1000
  const { name, privateKey } = centre.approvers[who]!
  return { approver: name, signature: signAgreement(privateKey, { ...request, endsAtS, ...change }) }
}
async function agree(name: string, view: RequestView, who: number) {
  const { approver, signature } = signed(view, who)
  const body = { approver, signature: signature.toString('base64') }
  return as(name)<RequestView>('POST', `/api/requests/${view.number}/agreements`, body)
}
const stateOf = async (offset: number) =>
  (await as('amel')<CodeHistoryView>('GET', `/api/codes/atlas/${serial(offset)}`)).json.state
/** What is in stock, and what is aside in any of its columns. */
const counted = async () => {
  const [{ inStock, onHold, damaged, stolen, returned, expired, inDoubt, void: gone }] = (
    await as('amel')<{ stock: [StockByStateView] }>('GET', '/api/stock')
  ).json.stock
  const aside = { onHold, damaged, stolen, returned, expired, inDoubt, void: gone }
  return [inStock, Object.fromEntries(Object.entries(aside).filter(([, codes]) => codes > 0))]
}
const broken = async () =>
  (
    await auditOffice(
      { books: centre.database.urls.auditor, vault: centre.vaultDatabase.urls.auditor },
      centreChecks,
    )
  ).filter(({ ok }) => !ok)
/** Places of the vault's void codes, from the first serial on. */
async function voids(): Promise<number[]> {
  const { rows } = await centre.vaultDatabase
    .pool('auditor')
    .query<{ first_serial: bigint; void: string }>('SELECT first_serial, void FROM vault_pack ORDER BY 1')
  return rows.flatMap(({ first_serial, void: marks }) =>
    [...marks].flatMap((mark, place) => (mark === '1' ? [Number(first_serial) + place - FIRST] : [])),
  )
}
async function take(count: number): Promise<number[] | string> {
  const answer = await terminal.ask('supply-order', terminal.order(count))
  if (answer.kind === 'supply-refusal') return answer.content.why.reason
  return answer.content.lots.flatMap(({ runs }) =>
    runs.map(({ firstSerial }) => serialToNumber(firstSerial) - FIRST),
  )
}

test('who may put codes into which state is asked of the tables, for each state and each end', async () => {
  const asked: Record<string, string[]> = {}
  for (const state of ['on_hold', 'in_doubt', 'damaged', 'expired', 'returned', 'stolen', 'void'])
    for (const name of people.keys()) {
      // Nothing is known of these: whoever gets past the door is told so.
      const { status } = await mark(name, state, 900_000, 1)
      if (status !== 403) asked[state] = [...(asked[state] ?? []), name]
    }
  const three = ['amel', 'nour', 'sami']
  expect(asked).toEqual({
    ...{ on_hold: three, in_doubt: three, damaged: three, expired: three, returned: three },
    ...{ stolen: ['nour'], void: ['amel', 'nour'] },
  })
  await centre.database.pool('owner').query(`DELETE FROM act_role WHERE act = 'mark-codes'`)
  expect((await mark('amel', 'damaged', 900_000, 1)).status).toBe(403)
  expect((await mark('amel', 'on_hold', 900_000, 1)).code).toBe('unknown-range')
  await centre.database
    .pool('owner')
    .query(`INSERT INTO act_role SELECT 'mark-codes', unnest('{stock,support,security}'::text[])`)
})

test('a state goes where the table of states lets it, and the code is told to be in it', async () => {
  const damaged = (await mark('amel', 'damaged', 20, 5)).json
  expect([await stateOf(20), await stateOf(25), await counted()]).toEqual([
    ...['damaged', 'in_stock', [1_485, { damaged: 5 }]],
  ])
  expect(await mark('amel', 'damaged', 24, 1)).toMatchObject({ code: 'overlaps' })
  expect(await mark('amel', 'in_doubt', 24, 2)).toMatchObject({
    ...{ status: 409, code: 'not-from', json: { error: { details: { state: 'damaged' } } } },
  })
  expect(await mark('amel', 'returned', 30, 1)).toMatchObject({
    ...{ code: 'not-from', json: { error: { details: { state: 'in_stock' } } } },
  })
  const returned = await mark('sami', 'returned', 0, 3)
  expect(returned).toMatchObject({ status: 201, json: { state: 'returned', held: 0, given: 3 } })
  expect(await stateOf(0)).toBe('returned')
  // What is returned is sold by nobody any more: it ends void or exchanged.
  expect(await end('amel', returned.json.id)).toMatchObject({ status: 409, code: 'not-released' })
  expect((await end('amel', damaged.id)).json).toMatchObject({ released: 5 })
  expect([await stateOf(20), await counted()]).toEqual(['in_stock', [1_490, {}]])
})

test('void takes two people whatever the tables say, and other acts only what they say', async () => {
  const owner = centre.database.pool('owner')
  const secondFrom = (act: string, codes: number | null) =>
    owner.query('UPDATE act SET second_from = $2 WHERE name = $1', [act, codes])
  await secondFrom('void-codes', null)
  for (const act of ['hold-codes', 'mark-codes', 'release-codes']) await secondFrom(act, 6)
  const asked = await mark('amel', 'void', 40, 6)
  expect([asked.status, asked.json.kind]).toEqual([202, 'void-codes'])
  await as('amel')('POST', `/api/requests/${asked.json.number}/withdrawal`, { reason: 'a mistake' })
  for (const [state, kind] of [
    ['on_hold', 'hold-codes'],
    ['damaged', 'mark-codes'],
  ] as const) {
    const small = await mark('amel', state, 40, 5)
    expect(small.status).toBe(201)
    expect((await end('amel', small.json.id)).status).toBe(200)
    const large = (await mark('amel', state, 40, 6)).json
    expect([large.kind, large.needed, await stateOf(40)]).toEqual([kind, 1, 'in_stock'])
    expect([(await agree('lina', large, 0)).json.state, await stateOf(40)]).toEqual(['done', state])
    const [{ id }] = (await as('amel')<{ cases: [{ id: string }] }>('GET', '/api/cases')).json.cases
    const back = (await end('amel', id)).json
    expect([back.kind, (await agree('omar', back, 1)).json.state]).toEqual(['release-codes', 'done'])
    expect(await stateOf(40)).toBe('in_stock')
  }
  await secondFrom('void-codes', 1)
  for (const act of ['hold-codes', 'mark-codes', 'release-codes']) await secondFrom(act, null)
})

test('codes are void once two others agree, in the vault too, and no order gets them', async () => {
  const asked = await mark('amel', 'void', 5, 20)
  expect(asked).toMatchObject({
    status: 202,
    json: {
      ...{ party: 'centre', kind: 'void-codes', state: 'open', askedBy: 'amel', needed: 2, agreements: [] },
      facts: { operator: 'atlas', firstSerial: serial(5), count: 20, cause: 'a box burnt' },
      figures: { here: 15, given: 5, unknown: 0 },
    },
  })
  const view = asked.json
  expect(view.effect.fr[0]).toMatch(/^Annuler 20 codes atlas/)
  // Asked for is not done.
  expect([await voids(), await stateOf(15), await counted()]).toEqual([[], 'in_stock', [1_490, {}]])
  expect(await agree('nour', view, 0)).toMatchObject({ status: 403, code: 'not-allowed' })
  expect(await agree('lina', view, 0)).toMatchObject({ status: 200, json: { state: 'open' } })
  expect([await voids(), await counted()]).toEqual([[], [1_490, {}]])
  expect((await agree('omar', view, 1)).json).toMatchObject({
    ...{ state: 'done', endedBy: 'system' },
    agreements: [
      { approver: 'one', givenBy: 'lina' },
      { approver: 'two', givenBy: 'omar' },
    ],
  })
  const gone = Array.from({ length: 15 }, (_, place) => 10 + place)
  expect([await voids(), await counted()]).toEqual([gone, [1_475, { void: 15 }]])
  expect([await stateOf(10), await stateOf(9), await stateOf(25)]).toEqual(['void', 'void', 'in_stock'])
  expect(await take(2)).toEqual([25])
  expect(await broken()).toEqual([])
  const [{ id }] = (await as('amel')<{ cases: [{ id: string }] }>('GET', '/api/cases')).json.cases
  expect(await end('amel', id)).toMatchObject({ status: 409, code: 'not-released' })
  expect(await mark('amel', 'on_hold', 10, 1)).toMatchObject({ code: 'not-from' })
  expect((await agree('omar', view, 1)).code).toBe('not-open')
  const { requests } = (await as('lina')<{ requests: RequestView[] }>('GET', '/api/requests')).json
  expect(requests).toEqual([])
  // Another case of the same request there is none, whoever writes it.
  await expect(
    centre.database.pool('api').query(
      `INSERT INTO code_case (operator, first_serial, count, state, cause, opened_by, opened_at, request)
       VALUES ('atlas', 1, 1, 'void', 'c', 'x', now(), $1)`,
      [view.number],
    ),
  ).rejects.toThrow('code_case_request_key')
})

test('a void code has another in its place, once, and both are told of it', async () => {
  const exchange = (replaced: number, replacing: number, name = 'sami') =>
    as(name)<{ error: { details: unknown } }>('POST', '/api/exchanges', {
      ...{ operator: 'atlas', replaced: serial(replaced), replacing: serial(replacing), cause: 'illegible' },
    })
  expect((await exchange(10, 3, 'lina')).status).toBe(403)
  expect(await exchange(30, 3)).toMatchObject({
    ...{ status: 409, code: 'not-from' },
    json: { error: { details: { serial: serial(30), state: 'in_stock' } } },
  })
  expect(await exchange(10, 30)).toMatchObject({
    ...{ code: 'not-from', json: { error: { details: { serial: serial(30), state: 'in_stock' } } } },
  })
  expect(await exchange(900_000, 3)).toMatchObject({ status: 404, code: 'unknown-serial' })
  expect(await exchange(10, 900_000)).toMatchObject({ status: 404, code: 'unknown-serial' })
  expect((await exchange(10, 3)).status).toBe(201)
  for (const [replaced, replacing] of [
    [10, 3],
    [10, 4],
    [11, 3],
  ] as const)
    expect(await exchange(replaced, replacing)).toMatchObject({ status: 409, code: 'exchanged-already' })
  const told = async (offset: number) =>
    (await as('amel')<CodeHistoryView>('GET', `/api/codes/atlas/${serial(offset)}`)).json.events
      .filter(({ what }) => what.startsWith('replace'))
      .map(({ what, who, details }) => [what, who, details.serial])
  expect([await told(10), await told(3), await told(11)]).toEqual([
    ...[[['replaced', 'sami', serial(3)]], [['replaces', 'sami', serial(10)]], []],
  ])
})

test('the vault believes nobody: each part of what was agreed is verified there, and used once', async () => {
  const stock = { operator: ATLAS, firstSerial: serial(100), count: 10 }
  const endsAtS = Math.floor(centre.clock.nowMs() / 1000) + 3_600
  const cause = 'c'
  const good = { party: 'centre', number: 7_000, endsAtS, kind: 'void-codes' } as const
  const sign = (who: number, change: object = {}) => {
    const { name, privateKey } = centre.approvers[who]!
    const signature = signAgreement(privateKey, { ...good, facts: { ...stock, cause }, ...change })
    return { approver: name, signature }
  }
  const ask = async (change: Partial<Parameters<VaultVerbs['voidCodes']>[0]> = {}) => {
    const approvals = [sign(0), sign(1)]
    return centre.needs.vault.voidCodes({ number: 7_000, endsAtS, stock, cause, approvals, ...change })
  }
  const before = await voids()
  const wrong = { refusal: 'wrong-signature' }
  for (const change of [
    ...[{ number: 7_001 }, { endsAtS: endsAtS + 1 }, { cause: 'another' }],
    ...[{ stock: { ...stock, count: 11 } }, { stock: { ...stock, firstSerial: serial(101) } }],
    ...[
      { stock: { ...stock, operator: 'sahel' as never } },
      { stock: { operator: ATLAS, lot: lotId('L000001') } },
    ],
    { approvals: [sign(0), sign(1, { party: 'atlas' })] },
    { approvals: [sign(0), sign(1, { kind: 'mark-stolen' })] },
  ])
    expect(await ask(change)).toEqual(wrong)
  expect(await ask({ approvals: [sign(0)] })).toEqual({ refusal: 'one-approver-only' })
  expect(await ask({ approvals: [sign(0), sign(0)] })).toEqual({ refusal: 'one-approver-only' })
  const stranger = { ...sign(1), approver: 'three' }
  expect(await ask({ approvals: [sign(0), stranger] })).toEqual({ refusal: 'unknown-approver' })
  for (const late of [0, -1, 9 * DAY_MS]) {
    const at = Math.floor(centre.clock.nowMs() / 1000) + Math.trunc(late / 1000) - (late === 0 ? 1 : 0)
    const approvals = [sign(0, { endsAtS: at }), sign(1, { endsAtS: at })]
    expect(await ask({ endsAtS: at, approvals })).toEqual({ refusal: 'over' })
  }
  expect(await voids()).toEqual(before)
  expect(await ask()).toEqual({ codes: 10 })
  expect((await voids()).filter((place) => place >= 100 && place < 200)).toHaveLength(10)
  // The same again is answered alike, also after its end; the number serves nothing else.
  centre.clock.move(DAY_MS)
  expect(await ask()).toEqual({ codes: 10 })
  centre.clock.move(-DAY_MS)
  const other = { ...stock, firstSerial: serial(200) }
  const approvals = [0, 1].map((who) => sign(who, { facts: { ...other, cause } }))
  expect(await ask({ stock: other, approvals })).toEqual({ refusal: 'used-already' })
  // The office knows nothing of it: that is what its audit says.
  expect(await broken()).toMatchObject([{ detail: expect.stringContaining('made void') }])
  const books = centre.database.pool('owner')
  await books.query(`UPDATE pack SET aside = aside | $1 WHERE first_serial = ${FIRST}`, [
    `${'0'.repeat(100)}${'1'.repeat(10)}${'0'.repeat(890)}`,
  ])
  expect(await broken()).toEqual([])
})

test('what the vault does not believe never was, and what it has not done yet is done later', async () => {
  const { vault } = centre.needs
  const through = (verb: VaultVerbs['voidCodes']) =>
    centreRequests({
      ...centre.needs,
      vault: new Proxy(vault, {
        get: (line, name) => (name === 'voidCodes' ? verb : line[name as keyof typeof line]),
      }),
    })
  const agreed = async (offset: number) => {
    const view = (await mark('amel', 'void', offset, 5)).json
    await centre.database.pool('owner').query(
      `INSERT INTO request_agreement (request, asked_by, given_by, approver, signature, given_at)
       SELECT $1, 'amel', given_by, approver, signature, now()
         FROM unnest($2::text[], $3::text[], $4::bytea[]) AS row (given_by, approver, signature)`,
      [view.number, ['lina', 'omar'], ['one', 'two'], [0, 1].map((who) => signed(view, who).signature)],
    )
    await centre.database
      .pool('owner')
      .query(`UPDATE request SET state = 'agreed', agreed_by = 'omar' WHERE number = $1`, [view.number])
    return view.number
  }
  const stateOfRequest = async (number: number) => {
    const { state, endedWhy } = (await as('amel')<RequestView>('GET', `/api/requests/${number}`)).json
    return [state, endedWhy]
  }
  const refused = await agreed(300)
  await settleRequests(through(async () => ({ refusal: 'wrong-signature' })))
  expect(await stateOfRequest(refused)).toEqual(['refused', 'wrong-signature'])
  expect([await stateOf(300), await broken()]).toEqual(['in_stock', []])

  const later = await agreed(310)
  const away = through(() => Promise.reject(new Error('the vault is away')))
  await expect(settleRequests(away)).rejects.toThrow('the vault is away')
  expect([await stateOfRequest(later), await stateOf(310)]).toEqual([['agreed', null], 'void'])
  // Nothing of it is free meanwhile, and the vault may be behind.
  expect(await broken()).toEqual([])
  await settleRequests(centreRequests(centre.needs))
  expect([await stateOfRequest(later), await broken()]).toEqual([['done', null], []])
  expect((await voids()).filter((place) => place >= 310 && place < 320)).toHaveLength(5)

  // Codes that are decided for somebody and not closed yet are waited for.
  await centre.database.pool('owner').query(`UPDATE supply_order SET state = 'decided' WHERE sequence = 2`)
  const next = await agreed(0)
  await settleRequests(centreRequests(centre.needs))
  expect(await stateOfRequest(next)).toEqual(['agreed', null])
  await centre.database.pool('owner').query(`UPDATE supply_order SET state = 'delivered' WHERE sequence = 2`)
  centre.clock.move(8 * DAY_MS)
  await settleRequests(centreRequests(centre.needs))
  centre.clock.move(-8 * DAY_MS)
  // Its end came before it was begun.
  expect(await stateOfRequest(next)).toEqual(['refused', 'expired'])
})

test('what arrives inside an open case’s range comes in aside, and what arrives void is void in the vault', async () => {
  const range = { operator: 'atlas', firstSerial: serial(1_490), count: 30, cause: 'a box is missing' }
  const held = (await as('amel')<Answer>('POST', '/api/cases', range)).json
  const view = (await mark('amel', 'void', 1_495, 15)).json
  await agree('lina', view, 0)
  expect((await agree('omar', view, 1)).json.state).toBe('done')
  await centre.operator.stock(FIRST + 1_500, 100)
  expect((await voids()).filter((place) => place >= 1_490)).toEqual(
    Array.from({ length: 15 }, (_, place) => 1_495 + place),
  )
  expect([await stateOf(1_500), await stateOf(1_510), await stateOf(1_519), await stateOf(1_520)]).toEqual([
    ...['void', 'on_hold', 'on_hold', 'in_stock'],
  ])
  expect(await broken()).toEqual([])
  expect((await end('amel', held.id)).json).toMatchObject({ released: 15 })
  expect(await broken()).toEqual([])
})

test('stolen codes take two people, and two again to be let go', async () => {
  const view = (await mark('nour', 'stolen', 700, 10)).json
  expect(view).toMatchObject({ kind: 'mark-stolen', needed: 1, state: 'open' })
  expect((await agree('lina', view, 0)).json.state).toBe('done')
  expect([await stateOf(700), (await voids()).includes(700)]).toEqual(['stolen', false])
  const [{ id }] = (await as('amel')<{ cases: [{ id: string }] }>('GET', '/api/cases')).json.cases
  expect(await end('amel', id)).toMatchObject({ status: 403 })
  const back = await end('nour', id)
  expect(back).toMatchObject({ status: 202, json: { kind: 'release-stolen' } })
  expect(await stateOf(700)).toBe('stolen')
  expect((await agree('omar', back.json, 1)).json.state).toBe('done')
  expect([await stateOf(700), await broken()]).toEqual(['in_stock', []])
})
