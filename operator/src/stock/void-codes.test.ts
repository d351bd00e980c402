// Codes that are marked and made void at an operator, by the routes themselves over its real vault's tables.

import { expireLots } from '@scratchless/office/cases/expire-lots'
import type { AgreedRequest } from '@scratchless/office/requests/agreement'
import type { RequestView } from '@scratchless/office/requests/request-routes'
import { addStaff } from '@scratchless/office/staff/staff'
import { newMessageId, systemRandom } from '@scratchless/voucher/random'
import { serialFromNumber } from '@scratchless/voucher/serial'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditOffice } from '../../../office/testing/audit-office.ts'
import { signAgreement } from '../../../office/testing/sign-agreement.ts'
import { type TestVault, testVault } from '../../testing/test-vault.ts'
import { operatorChecks } from '../audit.ts'
import { createStaffServer } from '../staff-server.ts'
import { generateStock } from '../vault/generate-stock.ts'
import { readSealedLots } from '../vault/sealed-stock.sql.ts'
import type { VaultVerbs } from '../vault/verbs.ts'
import { voidCodes } from '../vault/void-codes.ts'
import { operatorCases } from './operator-cases.ts'

const PASSWORD = 'a long password'
const PLACES = 100_000_000_000
let vault: TestVault
let app: FastifyInstance
const cookies = new Map<string, string>()
beforeAll(async () => {
  vault = await testVault()
  const { needs, database, approvers } = vault
  const { clock, random, log, party } = needs
  const verbs: Partial<VaultVerbs> = {
    listSealedLots: ({ known }) => readSealedLots(needs.pool, known, 10),
    voidCodes: (act) => voidCodes(needs, act),
  }
  app = await createStaffServer({
    ...{ clock, random, log, pool: database.pool('api'), vault: verbs as never },
    settings: {
      ...{
        party,
        name: 'Atlas',
        colour: '#1D4F9F',
        currency: 'TND',
        partners: [],
        approvers: [...approvers],
      },
      ...{ staffHttp: { host: '127.0.0.1', port: 1 }, stockHttp: { host: '127.0.0.1', port: 1 } },
    },
  })
  for (const [signInName, role] of [
    ['amel', 'stock'],
    ['nour', 'security'],
    ['sami', 'support'],
    ['lina', 'approver'],
    ['omar', 'approver'],
  ] as const) {
    const member = { signInName, fullName: signInName, roles: [role], password: PASSWORD }
    await addStaff({ pool: database.pool('owner') }, member)
    const payload = { signInName, password: PASSWORD }
    const answer = await app.inject({ method: 'POST', url: '/api/sign-in', payload })
    cookies.set(signInName, String(answer.headers['set-cookie']).split(';')[0]!)
  }
  await vault.addProduct('ATLAS-5', 14)
  await make(1_500)
})
afterAll(async () => {
  await app.close()
  await vault.drop()
})

async function make(count: number): Promise<void> {
  const wanted = { product: 'ATLAS-5' as never, count, expiresOn: '2099-12-31', activated: true }
  expect(await generateStock(vault.needs, { ...wanted, actor: 'amel' })).toMatchObject({ codes: count })
}
async function call(who: string, method: 'GET' | 'POST', url: string, payload?: object) {
  const headers = { cookie: cookies.get(who)! }
  const answer = await app.inject({ method, url, headers, ...(payload && { payload }) })
  return { status: answer.statusCode, json: answer.json(), code: answer.json().error?.code }
}
const serial = (offset: number) => serialFromNumber(PLACES + offset)
const mark = (who: string, state: string, offset: number, count: number) =>
  call(who, 'POST', '/api/cases', { firstSerial: serial(offset), count, state, cause: 'a box burnt' })
const stateOf = async (offset: number) =>
  (await call('amel', 'GET', `/api/codes/${serial(offset)}`)).json.state
async function agree(who: string, view: RequestView, key: number) {
  const { party, number, kind, facts, expiresAt } = view
  const endsAtS = Date.parse(expiresAt) / 1000
  const { name, privateKey } = vault.approvers[key]!
  const request = { party, number, endsAtS, kind: kind as AgreedRequest['kind'], facts }
  const signature = signAgreement(privateKey, request).toString('base64')
  return call(who, 'POST', `/api/requests/${number}/agreements`, { approver: name, signature })
}
const broken = async () =>
  (
    await auditOffice(
      { books: vault.database.urls.auditor, vault: vault.vaultDatabase.urls.auditor },
      operatorChecks,
    )
  ).filter(({ ok }) => !ok)
async function voids(): Promise<number[]> {
  const { rows } = await vault.vaultDatabase
    .pool('auditor')
    .query<{ first_serial: bigint; void: string }>('SELECT first_serial, void FROM sealed_pack ORDER BY 1')
  return rows.flatMap(({ first_serial, void: marks }) =>
    [...marks].flatMap((one, place) => (one === '1' ? [Number(first_serial) + place - PLACES] : [])),
  )
}

test('codes are void once two others agree, in the vault too, and for good', async () => {
  expect((await mark('sami', 'void', 5, 20)).status).toBe(403)
  const { status, json: view } = await mark('amel', 'void', 990, 20)
  expect([status, view.kind, view.needed, await voids()]).toEqual([202, 'void-codes', 2, []])
  expect((await agree('lina', view, 0)).json.state).toBe('open')
  expect((await agree('omar', view, 1)).json.state).toBe('done')
  expect(await voids()).toEqual(Array.from({ length: 20 }, (_, place) => 990 + place))
  expect([await stateOf(989), await stateOf(990), await stateOf(1_009)]).toEqual(['in_stock', 'void', 'void'])
  expect(await mark('amel', 'on_hold', 1_000, 1)).toMatchObject({ code: 'not-from' })
  expect(await broken()).toEqual([])
})

const bring = (who: string, lot: string, state: string) =>
  call(who, 'POST', '/api/lots', { lot, state, cause: 'burnt' })
const counted = async () => {
  const [{ inStock, onHold, void: gone }] = (await call('amel', 'GET', '/api/stock')).json.stock
  return [inStock, onHold, gone]
}

test('a lot is held and let go whole, and void once two others agree, and nothing else with it', async () => {
  const [{ lot }] = (await call('amel', 'GET', '/api/stock')).json.lots
  await make(10)
  expect((await bring('sami', lot, 'held')).status).toBe(403)
  expect((await bring('amel', 'L999999', 'held')).code).toBe('unknown-lot')
  expect((await bring('amel', lot, 'held')).json).toMatchObject({ state: 'held', by: 'amel', codes: 1_500 })
  expect([await counted(), await stateOf(0), await broken()]).toEqual([[10, 1_480, 20], 'on_hold', []])
  expect((await bring('amel', lot, 'in_stock')).status).toBe(201)
  expect(await counted()).toEqual([1_490, 0, 20])
  const { status, json: view } = await bring('nour', lot, 'void')
  expect([status, view.kind]).toEqual([202, 'void-lot'])
  await agree('lina', view, 0)
  expect((await agree('omar', view, 1)).json.state).toBe('done')
  expect(await voids()).toEqual(Array.from({ length: 1_500 }, (_, place) => place))
  expect([await stateOf(0), await stateOf(1_500), await broken()]).toEqual(['void', 'in_stock', []])
  expect(await counted()).toEqual([10, 0, 1_500])
  const events = (await call('amel', 'GET', `/api/codes/${serial(0)}`)).json.events
  expect(events.map(({ what }: { what: string }) => what)).toEqual([
    ...['sealed', 'activated', 'lot-held', 'lot-released', 'lot-void'],
  ])
  expect((await bring('amel', lot, 'in_stock')).code).toBe('not-from')
})

test('a lot expires after its last day, by itself', async () => {
  const { needs, database } = vault
  const nowMs = Date.parse('2100-01-01T00:00:00Z')
  const office = operatorCases({
    ...{ pool: database.pool('api'), party: needs.party, clock: { nowMs: () => nowMs } },
    vault: { listSealedLots: async () => [] },
  })
  expect(await expireLots({ ...office, clock: { nowMs: () => nowMs - 1 } }, 'UTC')).toBe(0)
  // The other lot is void already.
  expect(await expireLots(office, 'UTC')).toBe(1)
  expect([await stateOf(1_500), await stateOf(0), await broken()]).toEqual(['expired', 'void', []])
  await database.pool('owner').query(`DELETE FROM lot_state WHERE state = 'expired'`)
  await database.pool('owner').query(`UPDATE pack SET held_at = NULL WHERE count = 10`)
})

test('a part that is planned and not despatched is waited for, and what comes in void is void', async () => {
  const owner = vault.database.pool('owner')
  await call('amel', 'GET', '/api/stock')
  const [order, part] = [newMessageId(systemRandom), newMessageId(systemRandom)]
  await owner.query(
    `INSERT INTO restock_order (id, partner, verdict, received_at, expires_at)
     VALUES ($1, 'centre', 'accepted', now(), now())`,
    [order],
  )
  await owner.query(
    `INSERT INTO restock_order_line (order_id, line_no, product, ordered, accepted) VALUES ($1, 1, 'ATLAS-5', 5, 5)`,
    [order],
  )
  const { rows } = await owner.query(`SELECT id, lot FROM pack WHERE count = 10`)
  await owner.query(
    `INSERT INTO restock_delivery (id, order_id, line_no, part, parts, lot, codes, issued_at)
     VALUES ($1, $2, 1, 1, 1, $3, 5, now())`,
    [part, order, rows[0].lot],
  )
  await owner.query('INSERT INTO restock_run VALUES ($1, $2, $3, 5)', [part, rows[0].id, PLACES + 1_500])
  const { json: view } = await mark('nour', 'void', 1_504, 12)
  await agree('lina', view, 0)
  expect((await agree('omar', view, 1)).json.state).toBe('agreed')
  expect(await stateOf(1_509)).toBe('in_stock')
  await owner.query(`UPDATE restock_delivery SET state = 'despatched'`)
  const again = (await mark('nour', 'void', 1_504, 13)).json
  await agree('lina', again, 0)
  expect((await agree('omar', again, 1)).json.state).toBe('done')
  await make(10)
  expect((await voids()).slice(1_500)).toEqual(Array.from({ length: 13 }, (_, place) => 1_504 + place))
  expect([await stateOf(1_516), await stateOf(1_517)]).toEqual(['void', 'in_stock'])
})
