// What the terminal's requests say, read as the centre reads them.

import { generatePair } from '@scratchless/keys/party-keys'
import { operatorId, retailerId, terminalId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { p256Signer } from '@scratchless/wire/compact/cose'
import { kidOfNumber } from '@scratchless/wire/compact/cwt'
import { readFrame } from '@scratchless/wire/compact/frame'
import type { Catalogue } from '@scratchless/wire/supply/catalogue'
import { catalogueRequestMessage } from '@scratchless/wire/supply/catalogue-request'
import { supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { type TestStore, testStore } from '../../testing/test-store.ts'
import { askCatalogue } from './ask-catalogue.ts'
import { putCatalogue } from './centre-word.sql.ts'
import { clockMarks } from './device.sql.ts'
import type { Identity } from './identity.ts'
import { askedRequests, lastAskedMs, type StoredRequest } from './request.sql.ts'
import type { RequestNeeds } from './save-request.ts'
import { sendSupplyOrder, takeOrder } from './send-supply-order.ts'
import { firstOrderIn, latestOrders } from './supply-order.sql.ts'
import { terminalClock } from './terminal-clock.ts'

const NOW_MS = 1_795_000_000_000
const TEN = productId('ATLAS-10')
const { privateKey, publicKey } = generatePair('supply-sign')
const TERMINAL = terminalId('T00001')

let world: TestStore
let needs: RequestNeeds
beforeEach(() => {
  world = testStore()
  const identity: Identity = {
    ...{ terminal: TERMINAL, retailer: retailerId('R00001'), retailerName: 'Épicerie El Amen' },
    ...{ signer: p256Signer(kidOfNumber(2), privateKey), key: privateKey },
    ...{ centre: null as never, certificateUntilMs: 9e15 },
  }
  const clock = terminalClock({ nowMs: () => NOW_MS }, world.store)
  needs = { store: world.store, clock, identity }
})
afterEach(() => world.close())

/** A catalogue of these products, each at its price. */
function know(...prices: (readonly [typeof PRODUCT, bigint])[]): void {
  const catalogue: Catalogue = {
    standing: {
      ...{ timeS: NOW_MS / 1000, leaseUntilS: NOW_MS / 1000, unreportedSales: 1, revokedCards: [] },
      ...{ catalogueVersion: 1, settingsVersion: 0, letter: 1, notices: [] },
    },
    ...{ version: 4, currency: 'TND', retailerName: 'Épicerie El Amen', distributorName: 'Centre' },
    distributorPhone: '71000000',
    operators: [{ id: operatorId('atlas'), name: 'Atlas', colour: '#1D4F9F', careNumber: '1200' }],
    products: prices.map(([id, unitPriceMinor]) => ({
      ...{
        id,
        operator: operatorId('atlas'),
        faceValueMinor: 5_000n,
        codeDigits: 14,
      },
      ...{ checkDigit: 'none' as const, validityDays: 365, refillTemplate: '*123*{code}#' },
      ...{ qr: false, mark: 'sold' as const },
      prices: [
        {
          ...{ priceId: 1, validFromS: 0, publicPriceMinor: 5_000n, taxMinor: 0n },
          ...{ netCreditMinor: 5_000n, unitPriceMinor },
        },
      ],
    })),
  }
  putCatalogue(world.store, catalogue)
}

const read = ({ frame, sequence }: StoredRequest) =>
  [
    readFrame(frame)!,
    { kid: kidOfNumber(2), publicKey },
    { terminal: TERMINAL, sequence, answering: null },
  ] as const

test('an order says what is wanted at the prices now known, and ends a day later', () => {
  know([PRODUCT, 4_750n], [TEN, 9_500n])
  takeOrder(needs, [
    { product: TEN, quantity: 3 },
    { product: PRODUCT, quantity: 7 },
  ])
  know([PRODUCT, 4_700n], [TEN, 9_500n])
  const request = sendSupplyOrder(needs, firstOrderIn(world.store, 'waiting')!)!
  expect(supplyOrderMessage.verify(...read(request))).toMatchObject({
    content: {
      expiresAtS: NOW_MS / 1000 + 86_400,
      lines: [
        { product: TEN, quantity: 3, unitPriceMinor: 9_500n },
        { product: PRODUCT, quantity: 7, unitPriceMinor: 4_700n },
      ],
    },
  })
  expect(askedRequests(world.store)).toMatchObject([{ sequence: 1, kind: 'supply-order' }])
  expect(firstOrderIn(world.store, 'asked')).toMatchObject({
    ...{ sequence: 1, expiresAtS: NOW_MS / 1000 + 86_400 },
  })
})

test('an order whose product left the catalogue while it waited is refused here, and nothing is asked', () => {
  know([PRODUCT, 4_750n], [TEN, 9_500n])
  takeOrder(needs, [
    { product: TEN, quantity: 3 },
    { product: PRODUCT, quantity: 7 },
  ])
  know([PRODUCT, 4_750n])
  expect(sendSupplyOrder(needs, firstOrderIn(world.store, 'waiting')!)).toBeNull()
  expect(latestOrders(world.store, 1)).toMatchObject([
    { state: 'refused', refusal: '{"reason":"unknown-product"}', sequence: null },
  ])
  expect(askedRequests(world.store)).toEqual([])
})

test('a catalogue is asked for with the version held, or none', () => {
  const known = () => {
    const verified = catalogueRequestMessage.verify(...read(askCatalogue(needs)))
    return verified === 'unacceptable' ? verified : verified.content
  }
  expect(lastAskedMs(world.store, 'catalogue-request')).toBe(0)
  expect(known()).toEqual({ knownVersion: 0 })
  know([PRODUCT, 4_750n])
  expect(known()).toEqual({ knownVersion: 4 })
  expect(lastAskedMs(world.store, 'catalogue-request')).toBe(NOW_MS)
  expect(lastAskedMs(world.store, 'sales-report')).toBe(0)
})

test('the clock’s latest time is durable with each request, and a request that cannot be made leaves none', () => {
  needs.clock.nowMs()
  expect(clockMarks(world.store).highWaterMs).toBe(0)
  askCatalogue(needs)
  expect(clockMarks(world.store).highWaterMs).toBe(NOW_MS)
  const broken = { ...needs, identity: { ...needs.identity, signer: null as never } }
  expect(() => askCatalogue(broken)).toThrow()
  expect(askedRequests(world.store)).toHaveLength(1)
})
