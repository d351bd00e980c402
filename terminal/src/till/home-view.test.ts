// What the home screen says, figure by figure.

import { cardId, operatorId, vendorId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { productId } from '@scratchless/voucher/product'
import { serialFromNumber } from '@scratchless/voucher/serial'
import type { Catalogue } from '@scratchless/wire/supply/catalogue'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { layRun, type TestStore, testStore } from '../../testing/test-store.ts'
import { saveShelf } from '../safe/safe-run.sql.ts'
import { endIntent, insertEvent, insertIntent } from '../sale/sale.sql.ts'
import { saveAvailable } from '../supply/device.sql.ts'
import { askOrder, insertOrder, orderDelivered } from '../supply/supply-order.sql.ts'
import { homeView } from './home-view.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const TEN = productId('ATLAS-10')
const CARD = cardId('C0000001')
/** Half past two in the afternoon, of the terminal's own place. */
const NOW_MS = new Date(2026, 10, 22, 14, 30).getTime()
const LEASE_S = NOW_MS / 1000 + 604_800

let world: TestStore
beforeEach(() => {
  world = testStore()
})
afterEach(() => world.close())

const product = (id: typeof TEN, operator: string, face: bigint) => ({
  ...{
    id,
    operator: operatorId(operator),
    faceValueMinor: face,
    codeDigits: 14,
  },
  ...{ checkDigit: 'none' as const, validityDays: 365, refillTemplate: '*123*{code}#' },
  ...{ qr: false, mark: 'sold' as const },
  prices: [
    {
      ...{ priceId: 1, validFromS: 0, publicPriceMinor: face + 100n, taxMinor: 0n },
      ...{ netCreditMinor: face, unitPriceMinor: face },
    },
  ],
})
const catalogue: Catalogue = {
  standing: null as never,
  ...{ version: 1, currency: 'TND', retailerName: 'Épicerie El Amen', distributorName: 'Centre' },
  distributorPhone: '71000000',
  operators: [
    { id: operatorId('sahel'), name: 'Sahel', colour: '#123456', careNumber: '1300' },
    { id: operatorId('atlas'), name: 'Atlas', colour: '#1D4F9F', careNumber: '1200' },
  ],
  products: [
    product(PRODUCT, 'atlas', 5_000n),
    product(productId('SAHEL-1'), 'sahel', 1_000n),
    product(TEN, 'atlas', 10_000n),
  ],
}

type Facts = Parameters<typeof homeView>[0]
const view = (more: Partial<Facts> = {}) =>
  homeView({
    ...{
      store: world.store,
      nowMs: NOW_MS,
      clockWaits: false,
      line: 'online',
      printer: 'ready',
      minimumStock: () => 5,
    },
    session: { who: 'vendor', vendor: vendorId('02'), card: CARD, sinceMs: NOW_MS - 5 },
    identity: {
      ...{ terminal: 'T00417', retailerName: 'As enrolled', certificateUntilMs: NOW_MS + DAY_MS },
    } as Facts['identity'],
    standing: {
      leaseUntilS: LEASE_S,
      revokedCards: [],
      unreportedSales: 500,
      notices: [],
    } as unknown as Facts['standing'],
    catalogue,
    card: { status: 'in', id: CARD },
    view: (sale) => ({ number: sale.number }) as never,
    ...more,
  })

let number = 0
function sold(atMs: number, more: { state?: 'printed' | 'in_doubt' | 'damaged'; product?: typeof TEN } = {}) {
  number++
  insertIntent(world.store, number, {
    ...{ saleId: `sale-${number}-of-a-key`, run: 1, runIndex: number, operator: operatorId('atlas') },
    ...{
      product: more.product ?? PRODUCT,
      serial: serialFromNumber(7_000 + number),
      price: money(5_100n, 'TND'),
      priceId: 1,
    },
    ...{ vendor: vendorId('02'), card: CARD, leaseUntilMs: 9e15, atMs, locale: 'fr' },
  })
  endIntent(world.store, number, more.state ?? 'printed', atMs)
  if (more.state === 'in_doubt') insertEvent(world.store, number, 'in-doubt', atMs)
}

test('a till that has everything says so', () => {
  number = 0
  layRun(world.store, { firstSerial: 100, count: 12 })
  layRun(world.store, { firstSerial: 200, count: 5, product: TEN })
  layRun(world.store, { firstSerial: 300, count: 50, product: TEN, expiresOn: '2026-11-21' })
  saveShelf(world.store, PRODUCT, 20)
  saveShelf(world.store, TEN, 3)
  insertOrder(world.store, 0, [{ product: TEN, operator: operatorId('atlas'), digits: 14, quantity: 30 }])
  saveAvailable(world.store, 77_000n)
  expect(view()).toEqual({
    ...{
      nowMs: NOW_MS,
      terminal: 'T00417',
      retailerName: 'Épicerie El Amen',
      line: 'online',
      printer: 'ready',
    },
    ...{ vendor: { id: '02', sinceMs: NOW_MS - 5 }, card: 'in', leaseUntilMs: LEASE_S * 1000, unsent: 0 },
    ...{
      locked: null,
      stopped: null,
      lastSale: null,
      doubts: [],
      balance: { amountMinor: '77000', currency: 'TND' },
    },
    day: { sales: 0, amount: { amountMinor: '0', currency: 'TND' }, byHour: new Array(24).fill(0) },
    operators: [
      {
        ...{ operator: 'sahel', name: 'Sahel', colour: '#123456', stock: 0 },
        tiles: [
          {
            ...{ key: 1, product: 'SAHEL-1', stock: 0, onTheWay: 0, minimum: 5, full: 0, coverHours: null },
            ...{ faceValue: { amountMinor: '1000', currency: 'TND' } },
            ...{ price: { amountMinor: '1100', currency: 'TND' }, level: 'none' },
          },
        ],
      },
      {
        ...{ operator: 'atlas', name: 'Atlas', colour: '#1D4F9F', stock: 17 },
        tiles: [
          expect.objectContaining({
            key: 2,
            product: PRODUCT,
            stock: 12,
            full: 20,
            level: 'normal',
            onTheWay: 0,
          }),
          // What stands there is never more than full; the codes past their day are none.
          expect.objectContaining({ key: 3, product: TEN, stock: 5, full: 5, onTheWay: 30 }),
        ],
      },
    ],
  })
})

test('before the first catalogue there is nothing to sell, and the name is the enrolment’s', () => {
  expect(view({ catalogue: null })).toMatchObject({
    ...{ operators: [], retailerName: 'As enrolled', balance: null, day: { amount: { currency: 'TND' } } },
  })
})

test('the day begins at midnight, and each hour has its own', () => {
  number = 0
  layRun(world.store, { count: 20 })
  const midnightMs = new Date(2026, 10, 22).getTime()
  sold(midnightMs - 1)
  sold(midnightMs)
  sold(midnightMs + HOUR_MS - 1)
  sold(midnightMs + 14 * HOUR_MS)
  sold(midnightMs + 14 * HOUR_MS, { state: 'damaged' })
  const { day } = view()
  expect(day.sales).toBe(3)
  expect(day.amount).toEqual({ amountMinor: '15300', currency: 'TND' })
  expect(day.byHour.flatMap((sales, hour) => (sales > 0 ? [[hour, sales]] : []))).toEqual([
    [0, 2],
    [14, 1],
  ])
})

test('a day of 25 hours counts its last with the one before', () => {
  number = 0
  layRun(world.store, { count: 20 })
  const midnightMs = new Date(2026, 10, 22).getTime()
  sold(midnightMs + 24 * HOUR_MS + 5)
  expect(view().day.byHour[23]).toBe(1)
})

test('cover is the stock over the pace of the last week, once there was a day of sales', () => {
  number = 0
  layRun(world.store, { count: 20 })
  const cover = (nowMs: number) => view({ nowMs }).operators[1]!.tiles.map(({ coverHours }) => coverHours)
  sold(NOW_MS)
  sold(NOW_MS + 1)
  expect(cover(NOW_MS + DAY_MS - 1)).toEqual([null, null])
  // Two in a day: twenty last ten days. What is not sold has no pace.
  expect(cover(NOW_MS + DAY_MS)).toEqual([240, null])
  // After ten days the first two have left the week.
  sold(NOW_MS + 5 * DAY_MS)
  expect(cover(NOW_MS + 10 * DAY_MS)).toEqual([20 * 7 * 24, null])
})

test('what the centre has not got yet is counted: sales, events, and a receipt owed', () => {
  number = 0
  layRun(world.store, { delivery: 1, count: 20 })
  sold(NOW_MS)
  sold(NOW_MS, { state: 'in_doubt' })
  expect(view()).toMatchObject({ unsent: 2, doubts: [{ number: 2 }], lastSale: { number: 2 } })
  const order = insertOrder(world.store, 0, [
    { product: TEN, operator: operatorId('atlas'), digits: 14, quantity: 30 },
  ])
  askOrder(world.store, order, 1, 0)
  orderDelivered(world.store, 1, Buffer.of(1))
  expect(view().unsent).toBe(3)
})

test('the lock on the screen is the lock of the press', () => {
  expect(view({ card: { status: 'out', id: null } })).toMatchObject({ locked: 'card-out', card: 'out' })
  const identity = { certificateUntilMs: LEASE_S * 1000 + 1 } as never
  expect(view({ nowMs: LEASE_S * 1000, identity }).locked).toBe('lease-over')
  expect(view({ nowMs: LEASE_S * 1000, clockWaits: true }).locked).toBe('clock-ahead')
  expect(view({ nowMs: NOW_MS + DAY_MS }).locked).toBe('certificate-over')
  expect(view({ printer: 'no-paper' }).locked).toBe('printer')
  const standing = { leaseUntilS: LEASE_S, revokedCards: [CARD], unreportedSales: 0 } as never
  expect(view({ standing }).locked).toBe('card-blocked')
})
