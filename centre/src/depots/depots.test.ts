import { balanceMinor } from '@scratchless/ledger/account'
import { readAccount } from '@scratchless/ledger/ledger.sql'
import { foldOwnBooks } from '@scratchless/ledger/post-transfers'
import { depotId } from '@scratchless/voucher/ids'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type StaffCall, staffCaller } from '../../testing/staff-caller.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { RESTOCK_PRICE } from '../../testing/test-operator.ts'
import { retailerAccount } from '../retailers/accounts.ts'
import type { RestockOrderView, RetailerView, TerminalView } from '../staff-api.ts'
import { createStaffServer } from '../staff-server.ts'
import { whichDepot } from './which-depot.ts'

const [MAIN, SOUTH] = [depotId('main'), depotId('south')]
let centre: TestCentre
let app: FastifyInstance
let call: StaffCall

beforeAll(async () => {
  centre = await startTestCentre()
  app = await createStaffServer(centre.needs)
  call = await staffCaller(app, centre.database.pool('owner'))
})
afterAll(async () => {
  await app.close()
  await centre.close()
})

const rows = async (text: string, values: unknown[] = []) =>
  (await centre.database.pool('owner').query(text, values)).rows
const shop = (depot?: string) =>
  call<RetailerView>('POST', '/api/retailers', {
    name: 'El Amen',
    place: 'Sfax',
    ...(depot ? { depot } : {}),
  })

test('with one depot nobody says which; with several nobody guesses', async () => {
  const { pool } = centre.needs
  expect(await whichDepot(pool, undefined)).toEqual({ depot: MAIN })
  expect(await whichDepot(pool, SOUTH)).toBe('unknown-depot')
  expect((await shop()).json).toMatchObject({ depot: 'main' })
  expect(await shop('south')).toMatchObject({ status: 409, code: 'unknown-depot' })
  expect(await call('POST', '/api/depots', { id: 'South', name: 'Sud' })).toMatchObject({ status: 400 })
  expect(await call('POST', '/api/depots', { id: 'south', name: 'Sud' })).toMatchObject({ status: 201 })
  expect(await call('POST', '/api/depots', { id: 'south', name: 'Autre' })).toMatchObject({
    ...{ status: 409, code: 'depot-exists' },
  })
  expect((await call<{ depots: unknown[] }>('GET', '/api/depots')).json.depots).toMatchObject([
    { id: 'main', name: 'Main' },
    { id: 'south', name: 'Sud' },
  ])
  expect(await whichDepot(pool, undefined)).toBe('depot-needed')
  expect(await shop()).toMatchObject({ status: 409, code: 'depot-needed' })
  const wish = { operator: 'atlas', lines: [{ product: 'ATLAS-5', quantity: 1 }] }
  expect(await call('POST', '/api/restock/orders', wish)).toMatchObject({ status: 409, code: 'depot-needed' })
  expect(await call('POST', '/api/restock/orders', { ...wish, depot: 'north' })).toMatchObject({
    ...{ status: 409, code: 'unknown-depot' },
  })
})

test('what is ordered for a depot lies there, and is bought in its book', async () => {
  const before = await balanceOf(MAIN, 'payable:atlas')
  await centre.operator.stock(5_000_000, 3, {}, SOUTH)
  expect(await rows('SELECT depot_id, first_serial FROM pack WHERE first_serial = 5000000')).toEqual([
    { depot_id: 'south', first_serial: 5_000_000n },
  ])
  expect(await rows('SELECT depot_id FROM lot')).toEqual([{ depot_id: 'south' }])
  expect(await balanceOf(SOUTH, 'payable:atlas')).toBe(3n * RESTOCK_PRICE.amountMinor)
  expect(await balanceOf(MAIN, 'payable:atlas')).toBe(before)
  const { orders } = (await call<{ orders: RestockOrderView[] }>('GET', '/api/restock/orders')).json
  expect(orders[0]).toMatchObject({ depot: 'south' })
  const [line] = await centre.vaultDatabase
    .pool('owner')
    .query('SELECT depot_id FROM vault_restock_line')
    .then((found) => found.rows)
  expect(line).toEqual({ depot_id: 'south' })
  const packs = await centre.vaultDatabase.pool('owner').query('SELECT DISTINCT depot_id FROM vault_pack')
  expect(packs.rows).toEqual([{ depot_id: 'south' }])
})

async function balanceOf(depot: typeof MAIN, account: string): Promise<bigint> {
  await foldOwnBooks(centre.needs.pool, depot)
  const found = await readAccount(centre.needs.pool, depot, account)
  return found === null ? 0n : balanceMinor(found)
}

test('a shop’s money and terminals are its depot’s, and a bank’s number is used once in all', async () => {
  const [south, main] = [(await shop('south')).json, (await shop('main')).json]
  const pay = (id: string, document: string) =>
    call<RetailerView>('POST', `/api/retailers/${id}/deposits`, { amount: '10.000', document })
  expect(await pay(south.id, 'D-9')).toMatchObject({ status: 201, json: { balance: '10.000' } })
  expect(await pay(main.id, 'D-9')).toMatchObject({ status: 409, code: 'document-used' })
  expect((await pay(south.id, 'D-9')).json).toMatchObject({ balance: '10.000' })
  expect(await balanceOf(SOUTH, retailerAccount(south.id))).toBe(10_000n)
  expect(await readAccount(centre.needs.pool, MAIN, retailerAccount(south.id))).toBeNull()
  const line = await call<RetailerView>('POST', `/api/retailers/${south.id}/credit-line`, { amount: '5' })
  expect(line.json).toMatchObject({ available: '15.000' })
  const back = { document: 'D-9', reason: 'no cover' }
  expect(await call('POST', `/api/retailers/${main.id}/deposit-reversals`, back)).toMatchObject({
    ...{ status: 409, code: 'unknown-document' },
  })
  expect((await call('POST', `/api/retailers/${south.id}/deposit-reversals`, back)).json).toMatchObject({
    ...{ balance: '0.000', unpaid: '0.000' },
  })
  const terminal = await call<TerminalView>('POST', '/api/terminals', { retailer: south.id })
  expect(await rows('SELECT depot_id FROM terminal WHERE id = $1', [terminal.json.id])).toEqual([
    { depot_id: 'south' },
  ])
  expect((await call('GET', `/api/terminals/${terminal.json.id}/codes`)).status).toBe(200)
})
