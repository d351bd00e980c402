// A device enrolled and codes ordered from the screen: what each form does, and each refusal.

import { createPublicKey } from 'node:crypto'
import { deviceFingerprint } from '@scratchless/wire/supply/enrolment-code'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { PASSWORD, type TestTillServer, testTillServer } from '../../testing/test-till-server.ts'
import type { TillState } from '../till/till-contract.ts'
import { vendorOf } from '../vendors/vendor.sql.ts'
import { waitForApproval } from './enrolment.sql.ts'
import { insertOrder } from './supply-order.sql.ts'
import type { SupplyOrdersView, SupplyOrderView } from './supply-orders-contract.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
let shop: TestTillServer
beforeEach(async () => {
  shop = await testTillServer({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    ...{ startMs: START_MS, stock: 0 },
  })
})
afterEach(() => shop.close())

const lost = (many: number) => Array.from({ length: many }, () => 'lose-request' as const)
const code = (word: string) => ({ error: { code: word } })

describe('a device without a name', () => {
  beforeEach(async () => {
    shop.world.store().statement('DELETE FROM centre_word').run()
    shop.world.store().statement('DELETE FROM vendor').run()
    await shop.restart()
  })
  const enrol = (form: { enrolmentCode?: string; ownerPassword?: string } = {}) =>
    shop.call<TillState>('POST', '/api/enrolment', {
      ...{ enrolmentCode: shop.world.centre.enrolmentCode, ownerPassword: PASSWORD },
      ...form,
    })
  const state = async () => (await shop.call<TillState>('GET', '/api/state')).body

  test('is enrolled again by its owner, once he has signed in, and by nobody else', async () => {
    await enrol()
    shop.forgetCookie()
    expect(await enrol()).toMatchObject({ status: 409, body: code('already-enrolled') })
    await shop.signIn('owner')
    const before = shop.world.till().word()!.identity.key
    expect((await enrol()).status).toBe(200)
    await shop.world.until(() => !shop.world.till().word()!.identity.key.equals(before))
  })

  test('asks with its code, and whoever typed it is the owner and signed in', async () => {
    expect(await state()).toEqual({
      ...{ terminal: null, retailerName: null, enrolment: 'none', fingerprint: null },
      ...{
        enrolmentRefusal: null,
        stopped: null,
        message: null,
        updateNeeded: false,
        certificateOver: false,
      },
      ...{ vendors: [], signedIn: 'nobody', locale: 'fr' },
    })
    const wake = vi.spyOn(shop.world.till().supply, 'wake')
    const { status, body } = await enrol()
    expect([status, body]).toEqual([
      200,
      {
        ...{ terminal: 'T00001', retailerName: 'Épicerie El Amen', enrolment: 'enrolled', fingerprint: null },
        ...{
          enrolmentRefusal: null,
          stopped: null,
          message: null,
          updateNeeded: false,
          certificateOver: false,
        },
        ...{ vendors: [], signedIn: 'owner', locale: 'fr' },
      },
    ])
    expect(wake).toHaveBeenCalledTimes(1)
    expect(await state()).toEqual(body)
    expect(vendorOf(shop.world.store(), 'owner')).toMatchObject({ card: null })
    shop.forgetCookie()
    await shop.signIn('owner')
    expect(shop.acts()).toEqual(['enrolment-asked nobody done', 'signed-in nobody done'])
    shop.forgetCookie()
    expect(await enrol({ ownerPassword: 'short' })).toMatchObject({
      status: 409,
      body: code('already-enrolled'),
    })
  })

  test('is refused for a short password before anything is asked, and keeps no owner', async () => {
    const before = shop.world.centre.heard.length
    expect(await enrol({ ownerPassword: 'nine char' })).toMatchObject({
      status: 409,
      body: code('password-too-short'),
    })
    expect(shop.world.centre.heard).toHaveLength(before)
    expect((await enrol({ ownerPassword: 'ten chars.' })).status).toBe(200)
  })

  test('is told why not, and whoever was told so is not the owner', async () => {
    expect(await enrol({ enrolmentCode: 'no code at all' })).toMatchObject({
      status: 409,
      body: code('wrong-enrolment-code'),
    })
    shop.world.centre.disturb('lose-request')
    expect(await enrol()).toMatchObject({ status: 503, body: code('centre-unreachable') })
    shop.world.centre.refuseEnrolment()
    expect(await enrol()).toMatchObject({ status: 409, body: code('enrolment-refused') })
    expect(vendorOf(shop.world.store(), 'owner')).toBeUndefined()
    expect((await state()).signedIn).toBe('nobody')
    expect(shop.acts()).toEqual([
      'enrolment-asked nobody refused: wrong-enrolment-code',
      'enrolment-asked nobody refused: centre-unreachable',
      'enrolment-asked nobody refused: enrolment-refused',
    ])
  })

  test('that waits shows its fingerprint, and asks when it is told to', async () => {
    shop.world.centre.disturb(...lost(50))
    await enrol()
    waitForApproval(shop.world.store(), 1042)
    expect(await state()).toMatchObject({
      enrolment: 'waiting',
      fingerprint: deviceFingerprint(createPublicKey(shop.world.till().deviceKeys.held()[0]!)),
    })
    const wake = vi.spyOn(shop.world.till().supply, 'wake')
    expect(await shop.call('POST', '/api/enrolment/poll')).toMatchObject({ status: 204, body: null })
    expect(wake).toHaveBeenCalledTimes(1)
  })
})

describe('an order', () => {
  beforeEach(() => shop.signIn())
  const order = (...lines: { product: string; quantity: number }[]) =>
    shop.call<SupplyOrderView>('POST', '/api/supply-orders', { lines })
  const list = async () => (await shop.call<SupplyOrdersView>('GET', '/api/supply-orders')).body.supplyOrders

  test('that is answered at once is shown answered', async () => {
    const { status, body } = await order({ product: PRODUCT, quantity: 7 })
    expect([status, body]).toEqual([
      200,
      {
        ...{ sequence: 3, atMs: START_MS, refusal: null },
        state: expect.stringMatching(/^(delivered|receipted)$/),
        lines: [{ product: PRODUCT, quantity: 7, delivered: 7 }],
      },
    ])
    await shop.world.until(() => shop.world.centre.receipts.length === 1)
    await shop.world.until(() => shop.world.till().supply.status() === 'online')
    expect(await list()).toMatchObject([{ sequence: 3, state: 'receipted' }])
    expect(shop.acts()).toContain('supply-ordered 02 done')
  })

  test('that the centre refuses says its reason', async () => {
    shop.world.centre.refuseNext('supply-order', { reason: 'balance-too-low', missingMinor: 5n })
    expect((await order({ product: PRODUCT, quantity: 7 })).body).toMatchObject({
      ...{ state: 'refused', refusal: 'balance-too-low', sequence: 3 },
      lines: [{ quantity: 7, delivered: 0 }],
    })
  })

  test('over a line that is down is shown on its way after three seconds', async () => {
    await shop.world.until(() => shop.world.till().supply.status() === 'online')
    shop.world.centre.disturb(...lost(50))
    const begunMs = performance.now()
    const { body } = await order({ product: PRODUCT, quantity: 7 })
    expect(body).toMatchObject({ state: 'sending', refusal: null, lines: [{ delivered: 0 }] })
    expect(performance.now() - begunMs).toBeGreaterThan(2_900)
    expect(performance.now() - begunMs).toBeLessThan(4_500)
  })

  test('that cannot be taken is refused by its reason, and is no order', async () => {
    const five = (quantity: number) => ({ product: PRODUCT, quantity })
    const many = Array.from({ length: 21 }, (_, i) => ({ product: `ATLAS-${i}`, quantity: 1 }))
    const refusals = [
      [[], 'no-lines'],
      [many, 'too-many-lines'],
      [[five(600), { product: 'ATLAS-10', quantity: 600 }], 'too-many-codes'],
      [[five(1), five(2)], 'product-twice'],
      [[{ product: 'ATLAS-10', quantity: 1 }], 'unknown-product'],
    ] as const
    for (const [lines, word] of refusals)
      expect(await order(...lines)).toMatchObject({ status: 409, body: code(word) })
    expect(await list()).toEqual([])
    expect(shop.acts().slice(1)).toEqual(refusals.map(([, word]) => `supply-ordered 02 refused: ${word}`))
  })

  test('the latest twenty stand in the list, the newest first', async () => {
    await shop.world.till().supply.stop()
    for (let i = 1; i <= 22; i++)
      insertOrder(shop.world.store(), i, [
        { product: PRODUCT as never, operator: 'atlas' as never, digits: 14, quantity: i },
      ])
    const orders = await list()
    expect([orders.length, orders[0]!.atMs, orders.at(-1)!.atMs]).toEqual([20, 22, 3])
    expect(orders[0]).toMatchObject({ sequence: 0, state: 'sending', refusal: null })
  })

  test('of another shape is none', async () => {
    const line = { product: PRODUCT, quantity: 1 }
    const forms = [
      ...[
        { ...line, quantity: 0 },
        { ...line, quantity: 1_001 },
        { ...line, quantity: 1.5 },
      ].map((one) => [one]),
      ...[[{ ...line, product: 'no product' }], [{ ...line, price: 1 }]],
      Array.from({ length: 101 }, () => line),
    ]
    for (const lines of forms)
      expect(await shop.call('POST', '/api/supply-orders', { lines })).toMatchObject({
        body: code('invalid'),
      })
    expect(await shop.call('POST', '/api/supply-orders', {})).toMatchObject({ body: code('invalid') })
  })
})
