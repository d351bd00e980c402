// What each answer changes in the terminal's store, and what it leaves as it was.

import { type CardId, cardId, lotId, operatorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import type { SealedRun } from '@scratchless/voucher/sealed-code'
import { sealedSize } from '@scratchless/voucher/sealed-code'
import { serialFromNumber } from '@scratchless/voucher/serial'
import type { Catalogue } from '@scratchless/wire/supply/catalogue'
import type { Standing } from '@scratchless/wire/supply/standing'
import type { SupplyDelivery } from '@scratchless/wire/supply/supply-delivery'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { layRun, type TestStore, testStore } from '../../testing/test-store.ts'
import { shelves, stockOf } from '../safe/safe-run.sql.ts'
import { takeCardLetter } from './ask-card-letter.ts'
import { takeCatalogue } from './ask-catalogue.ts'
import { takeStatusAnswer } from './ask-status.ts'
import { cardLetterFor, newestLetterEpoch } from './card-letter.sql.ts'
import { getCatalogue, getStanding, putCatalogue } from './centre-word.sql.ts'
import { available, heldLetter, saveAvailable } from './device.sql.ts'
import { receiveSupplyDelivery, takeOrderRefusal } from './receive-supply-delivery.ts'
import { askedRequests, insertRequest, nextSequence, saveAnswer } from './request.sql.ts'
import { takeOrder } from './send-supply-order.ts'
import { takeReceiptAnswer } from './send-supply-receipt.ts'
import {
  askOrder,
  countUnfinishedOrders,
  firstOrderIn,
  insertOrder,
  onTheWay,
  orderById,
  receiptSent,
} from './supply-order.sql.ts'
import { takeStanding } from './take-standing.ts'
import { terminalClock } from './terminal-clock.ts'

const NOW_MS = 1_795_000_000_000
const ATLAS = operatorId('atlas')
let world: TestStore
let nowMs: number
beforeEach(() => {
  world = testStore()
  nowMs = NOW_MS
})
afterEach(() => world.close())
const clock = () => terminalClock({ nowMs: () => nowMs }, world.store)

const standing: Standing = {
  ...{ timeS: NOW_MS / 1000, leaseUntilS: NOW_MS / 1000 + 604_800, unreportedSales: 500, revokedCards: [] },
  ...{ catalogueVersion: 1, settingsVersion: 0, letter: 1, notices: [] },
}

test('an older standing does not overwrite a newer one, and one of the same second does', () => {
  const take = (change: Partial<Standing>) =>
    takeStanding({ store: world.store, clock: clock() }, { ...standing, ...change }, false)
  take({ revokedCards: [cardId('C0000001')] })
  take({ timeS: standing.timeS - 1 })
  expect(getStanding(world.store)?.revokedCards).toEqual(['C0000001'])
  take({ unreportedSales: 7 })
  expect(getStanding(world.store)).toMatchObject({ unreportedSales: 7, revokedCards: [] })
  take({ timeS: standing.timeS + 1, letter: 2 })
  expect(getStanding(world.store)).toMatchObject({ letter: 2, unreportedSales: 500 })
})

test('its time sets the clock, and only a fresh one sets it back', () => {
  const our = clock()
  const take = (timeS: number, fresh: boolean) =>
    takeStanding({ store: world.store, clock: our }, { ...standing, timeS }, fresh)
  nowMs = NOW_MS + 3_600_000
  take(NOW_MS / 1000, false)
  expect(our.nowMs()).toBe(NOW_MS + 3_600_000)
  take(NOW_MS / 1000 + 1, true)
  expect(our.nowMs()).toBe(NOW_MS + 1_000)
})

const catalogue: Catalogue = {
  ...{ standing, version: 2, currency: 'TND', retailerName: 'Épicerie El Amen' },
  ...{ distributorName: 'Centre', distributorPhone: '71000000' },
  operators: [{ id: ATLAS, name: 'Atlas', colour: '#1D4F9F', careNumber: '1200' }],
  products: [
    {
      ...{ id: PRODUCT, operator: ATLAS, faceValueMinor: 5_000n, codeDigits: 14 },
      ...{ checkDigit: 'none', validityDays: 365, refillTemplate: '*123*{code}#', qr: false, mark: 'sold' },
      prices: [
        {
          ...{ priceId: 1, validFromS: 0, publicPriceMinor: 5_000n, taxMinor: 300n },
          ...{ netCreditMinor: 4_700n, unitPriceMinor: 4_750n },
        },
      ],
    },
  ],
}

test('an older catalogue does not replace a newer one; one of the same version does', () => {
  const name = () => getCatalogue(world.store)?.distributorName
  takeCatalogue(world.store, catalogue)
  takeCatalogue(world.store, { ...catalogue, version: 1, distributorName: 'Earlier' })
  expect(name()).toBe('Centre')
  takeCatalogue(world.store, { ...catalogue, distributorName: 'Same' })
  expect(name()).toBe('Same')
  takeCatalogue(world.store, { ...catalogue, version: 3, distributorName: 'Later' })
  expect(name()).toBe('Later')
})

test('a card that a letter leaves out is out of the letters of every epoch; the others stay', () => {
  const [first, second] = [cardId('C0000001'), cardId('C0000002')]
  const recipient = (card: typeof first) => ({
    card,
    wrapped: Buffer.alloc(256, 1),
    oaepHash: 'sha256' as const,
  })
  const letter = (epoch: number, ...cards: (typeof first)[]) =>
    takeCardLetter(world.store, {
      ...{ standing, number: epoch, epoch, epochEndsS: 0, otherCards: 0 },
      recipients: cards.map(recipient),
    })
  expect(newestLetterEpoch(world.store)).toBe(0)
  letter(1, first, second)
  letter(2, first, second)
  letter(2, second)
  expect(cardLetterFor(world.store, 2, first)).toBeUndefined()
  expect(cardLetterFor(world.store, 2, second)).toBeDefined()
  expect(cardLetterFor(world.store, 1, first)).toBeUndefined()
  expect(cardLetterFor(world.store, 1, second)).toBeDefined()
  expect(newestLetterEpoch(world.store)).toBe(2)
})

test('a letter for some cards, or of an earlier epoch, takes nothing away and is not the newest', () => {
  const [first, second] = [cardId('C0000001'), cardId('C0000002')]
  const take = (number: number, epoch: number, otherCards: number, cards: readonly CardId[]) =>
    takeCardLetter(world.store, {
      ...{ standing, number, epoch, epochEndsS: 0, otherCards },
      recipients: cards.map((card) => ({ card, wrapped: Buffer.alloc(256, 1), oaepHash: 'sha256' as const })),
    })
  take(1, 2, 0, [first])
  expect(heldLetter(world.store)).toBe(1)
  take(2, 2, 1, [second])
  expect(cardLetterFor(world.store, 2, first)).toBeDefined()
  expect(cardLetterFor(world.store, 2, second)).toBeDefined()
  expect(heldLetter(world.store)).toBe(1)
  take(3, 1, 0, [first, second])
  expect(cardLetterFor(world.store, 1, second)).toBeDefined()
  expect(heldLetter(world.store)).toBe(1)
  // As many as a letter holds, of a shop that has more: no card is forgotten, and it is the newest all the same.
  const sixteen = Array.from({ length: 16 }, (_, n) => cardId(`C00001${String(n).padStart(2, '0')}`))
  take(4, 2, 2, sixteen)
  expect(cardLetterFor(world.store, 2, first)).toBeDefined()
  expect(heldLetter(world.store)).toBe(4)
})

/** An order that has been asked, and its sequence. */
function ordered(...lines: { product: string; quantity: number }[]): { id: number; sequence: number } {
  const id = insertOrder(
    world.store,
    NOW_MS,
    lines.map(({ product, quantity }) => ({
      ...{ product: productId(product), operator: ATLAS, digits: 14, quantity },
    })),
  )
  const sequence = nextSequence(world.store)
  const frame = Buffer.of(1)
  insertRequest(world.store, { sequence, kind: 'supply-order', frame, payloadHash: frame, level: 1 }, NOW_MS)
  askOrder(world.store, id, sequence, NOW_MS / 1000 + 60)
  return { id, sequence }
}

function deliver(
  sequence: number,
  ...runs: { product: string; first: number; count: number; digits?: number }[]
) {
  const content: SupplyDelivery = {
    ...{ standing, epoch: 3, debitedMinor: 1n, availableMinor: 77_000n },
    lots: runs.map(({ product, first, count, digits = 14 }) => ({
      ...{
        product: productId(product),
        lot: lotId('L000001'),
        expiresOn: '2027-12-31',
        unitPriceMinor: 4_750n,
      },
      runs: [
        {
          ...{ firstSerial: serialFromNumber(first), count },
          codes: Buffer.alloc(count * sealedSize(digits), 9) as unknown as SealedRun<'retailer'>,
        },
      ],
    })),
  }
  const payloadHash = Buffer.alloc(32, 5)
  world.store.transaction(() =>
    receiveSupplyDelivery({ store: world.store, clock: clock() }, sequence, { content, payloadHash }),
  )
}

test('a delivery fills safe, shelf, order and balance', () => {
  layRun(world.store, { firstSerial: 1, count: 2 })
  const { id, sequence } = ordered({ product: 'ATLAS-10', quantity: 4 }, { product: 'ATLAS-5', quantity: 6 })
  expect([...onTheWay(world.store)]).toEqual([
    ['ATLAS-10', 4],
    ['ATLAS-5', 6],
  ])
  deliver(
    sequence,
    { product: 'ATLAS-5', first: 100, count: 4 },
    { product: 'ATLAS-5', first: 200, count: 2 },
    { product: 'ATLAS-10', first: 300, count: 3 },
  )
  expect(stockOf(world.store, PRODUCT)).toBe(8)
  expect([...shelves(world.store)]).toEqual([
    ['ATLAS-10', 3],
    ['ATLAS-5', 8],
  ])
  expect(orderById(world.store, id)).toMatchObject({
    ...{ state: 'delivered', sequence, deliveryHash: new Uint8Array(8).fill(5) },
    lines: [
      { product: 'ATLAS-10', quantity: 4, delivered: 3 },
      { product: 'ATLAS-5', quantity: 6, delivered: 6 },
    ],
  })
  expect(available(world.store)).toBe(77_000n)
  expect([...onTheWay(world.store)]).toEqual([])
  expect(
    world.store.statement('SELECT DISTINCT epoch, digits, lot FROM safe_run WHERE id > 1').all(),
  ).toEqual([{ epoch: 3, digits: 14, lot: 'L000001' }])
})

test.each([
  ['a product that was not ordered', { product: 'ATLAS-10', first: 100, count: 1 }, 'was not ordered'],
  ['codes of another length', { product: 'ATLAS-5', first: 100, count: 2, digits: 10 }, 'another length'],
  ['longer codes', { product: 'ATLAS-5', first: 100, count: 2, digits: 18 }, 'another length'],
  ['a serial on board', { product: 'ATLAS-5', first: 1, count: 1 }, 'on board already'],
] as const)('a delivery with %s changes nothing at all', (_what, run, problem) => {
  layRun(world.store, { firstSerial: 1, count: 2 })
  const { id, sequence } = ordered({ product: 'ATLAS-5', quantity: 6 })
  expect(() => deliver(sequence, { product: 'ATLAS-5', first: 500, count: 1 }, run)).toThrow(problem)
  expect(stockOf(world.store, PRODUCT)).toBe(2)
  expect(orderById(world.store, id)).toMatchObject({ state: 'asked', deliveryHash: null })
  expect(available(world.store)).toBeNull()
})

test('a letter is fetched for an order twice, and the third "letter first" is a no', () => {
  const { id } = ordered({ product: 'ATLAS-5', quantity: 6 })
  const needed = { reason: 'card-letter-needed', letter: 2 } as const
  const again = () => {
    const sequence = nextSequence(world.store)
    insertRequest(
      world.store,
      { sequence, kind: 'supply-order', frame: Buffer.of(1), payloadHash: Buffer.of(1), level: 1 },
      NOW_MS,
    )
    askOrder(world.store, id, sequence, NOW_MS / 1000 + 60)
  }
  for (let asked = 1; asked <= 2; asked++) {
    takeOrderRefusal(world.store, orderById(world.store, id)!.sequence!, needed)
    expect(orderById(world.store, id)).toMatchObject({
      state: 'waiting',
      sequence: null,
      lettersAsked: asked,
    })
    again()
  }
  takeOrderRefusal(world.store, orderById(world.store, id)!.sequence!, needed)
  expect(orderById(world.store, id)).toMatchObject({ state: 'refused', refusal: JSON.stringify(needed) })
})

test('any other no ends the order with its reason', () => {
  const { id, sequence } = ordered({ product: 'ATLAS-5', quantity: 6 })
  takeOrderRefusal(world.store, sequence, { reason: 'balance-too-low', missingMinor: 12n })
  expect(orderById(world.store, id)).toMatchObject({
    ...{ state: 'refused', refusal: '{"reason":"balance-too-low","missingMinor":"12"}' },
  })
})

test('a burnt order is over; an answered one stays asked', () => {
  const { id, sequence } = ordered({ product: 'ATLAS-5', quantity: 6 })
  takeStatusAnswer(world.store, sequence + 1, { standing, fate: 'answered' })
  expect(orderById(world.store, id)?.state).toBe('asked')
  expect(askedRequests(world.store)).toHaveLength(1)
  takeStatusAnswer(world.store, sequence + 1, { standing, fate: 'burnt' })
  expect(orderById(world.store, id)).toMatchObject({
    state: 'refused',
    refusal: '{"reason":"never-arrived"}',
  })
  expect(askedRequests(world.store)).toEqual([])
})

test('a receipt’s answer ends its own delivery', () => {
  const { id, sequence } = ordered({ product: 'ATLAS-5', quantity: 6 })
  const other = ordered({ product: 'ATLAS-5', quantity: 1 })
  deliver(sequence, { product: 'ATLAS-5', first: 100, count: 6 })
  saveAnswer(world.store, sequence, Buffer.of(1))
  const receipt = nextSequence(world.store)
  insertRequest(
    world.store,
    { sequence: receipt, kind: 'supply-receipt', frame: Buffer.of(1), payloadHash: Buffer.of(1), level: 1 },
    NOW_MS,
  )
  receiptSent(world.store, receipt, sequence)
  takeReceiptAnswer(world.store, receipt + 1)
  expect(orderById(world.store, id)?.state).toBe('delivered')
  takeReceiptAnswer(world.store, receipt)
  expect(orderById(world.store, id)).toMatchObject({ state: 'receipted', refusal: null })
  expect(orderById(world.store, other.id)?.state).toBe('asked')
})

test('what the centre said of the balance last is what is shown', () => {
  expect(available(world.store)).toBeNull()
  saveAvailable(world.store, 5n)
  saveAvailable(world.store, 9_007_199_254_740_991n)
  expect(available(world.store)).toBe(9_007_199_254_740_991n)
})

test('an order is taken whole or refused, each reason before the next', () => {
  const many = (n: number) =>
    Array.from({ length: n }, (_, i) => ({ product: productId(`ATLAS-${i + 1}`), quantity: 60 }))
  const take = (lines: { product: ReturnType<typeof productId>; quantity: number }[]) =>
    takeOrder({ store: world.store, clock: clock() }, lines)
  const five = (quantity: number) => ({ product: PRODUCT, quantity })
  expect(take([])).toBe('no-lines')
  expect(take([five(1_200), ...many(20)])).toBe('too-many-lines')
  expect(take([five(500), five(501)])).toBe('too-many-codes')
  expect(take([five(1), five(1)])).toBe('product-twice')
  expect(take([five(1)])).toBe('unknown-product')
  putCatalogue(world.store, catalogue)
  expect(take([five(1), { product: productId('ATLAS-99'), quantity: 1 }])).toBe('unknown-product')
  expect(countUnfinishedOrders(world.store)).toBe(0)
  const id = take([five(1_000)])
  expect(firstOrderIn(world.store, 'waiting')).toEqual({
    ...{ id, atMs: NOW_MS, state: 'waiting', sequence: null, expiresAtS: null, deliveryHash: null },
    ...{ refusal: null, lettersAsked: 0 },
    lines: [{ product: PRODUCT, operator: 'atlas', digits: 14, quantity: 1_000, delivered: 0 }],
  })
  expect(countUnfinishedOrders(world.store)).toBe(1)
})
