import { cardId, operatorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { layRun, type TestStore, testStore } from '../../testing/test-store.ts'
import { putCardLetter } from '../supply/card-letter.sql.ts'
import {
  expiryOf,
  moveCursor,
  nextCode,
  saveShelf,
  shelves,
  stepBack,
  stockOf,
  stockOnBoard,
} from './safe-run.sql.ts'

const TODAY = '2026-11-22'
let world: TestStore
beforeEach(() => {
  world = testStore()
})
afterEach(() => world.close())

const next = (today = TODAY) => nextCode(world.store, PRODUCT, today)

test('the next code comes with all that closed it, and its own bytes', () => {
  layRun(world.store, { delivery: 1, epoch: 3, digits: 14, firstSerial: 1_000 })
  moveCursor(world.store, 1, 0)
  moveCursor(world.store, 1, 1)
  expect(next()).toMatchObject({
    ...{ run: 1, index: 2, delivery: 1, epoch: 3, operator: 'atlas', product: PRODUCT, lot: 'L000001' },
    ...{ expiresOn: '2027-12-31', digits: 14, serial: '000000001002' },
  })
  expect([...new Set(next()!.sealed)]).toEqual([2])
})

test('with a card, codes of epochs without a letter for it are passed over', () => {
  const [first, second] = [cardId('C0000001'), cardId('C0000002')]
  layRun(world.store, { epoch: 1, firstSerial: 1_000, expiresOn: '2027-01-31' })
  layRun(world.store, { epoch: 2, firstSerial: 2_000, expiresOn: '2027-06-30' })
  const nextFor = (card: typeof first) => nextCode(world.store, PRODUCT, TODAY, card)?.serial
  expect(nextFor(second)).toBeUndefined()
  putCardLetter(world.store, 1, first, Buffer.of(1))
  putCardLetter(world.store, 2, second, Buffer.of(2))
  expect(nextFor(first)).toBe('000000001000')
  expect(nextFor(second)).toBe('000000002000')
  expect(next()?.serial).toBe('000000001000')
})

test('what expires first goes first, then what was delivered first, then the lowest serial', () => {
  layRun(world.store, { delivery: 1, firstSerial: 4_000, expiresOn: '2027-06-30', count: 1 })
  layRun(world.store, { delivery: 2, firstSerial: 3_000, expiresOn: '2027-01-31', count: 1 })
  layRun(world.store, { delivery: 2, firstSerial: 2_000, expiresOn: '2027-01-31', count: 1 })
  layRun(world.store, { delivery: 1, firstSerial: 5_000, expiresOn: '2027-01-31', count: 1 })
  const order: string[] = []
  for (let code = next(); code !== undefined; code = next()) {
    order.push(code.serial)
    moveCursor(world.store, code.run, code.index)
  }
  expect(order).toEqual(['000000005000', '000000002000', '000000003000', '000000004000'])
})

test('a code sells on its last day, and not on the day after; it is on board all the same', () => {
  layRun(world.store, { expiresOn: '2026-11-22' })
  expect(next('2026-11-21')).toBeDefined()
  expect(next('2026-11-22')).toBeDefined()
  expect(next('2026-11-23')).toBeUndefined()
  expect(stockOnBoard(world.store, '2026-11-22').get(PRODUCT)).toBe(5)
  expect(stockOnBoard(world.store, '2026-11-23').get(PRODUCT)).toBeUndefined()
  expect(stockOf(world.store, PRODUCT)).toBe(5)
})

test('another product’s codes are not this one’s', () => {
  layRun(world.store, { product: productId('ATLAS-10') })
  expect(next()).toBeUndefined()
  expect(stockOf(world.store, PRODUCT)).toBe(0)
  layRun(world.store, { firstSerial: 2_000, count: 3 })
  layRun(world.store, { operator: operatorId('sahel'), count: 2 })
  expect([...stockOnBoard(world.store, TODAY)]).toEqual([
    ['ATLAS-10', 5],
    [PRODUCT, 5],
  ])
})

test('the cursor moves over the code it stands at, to the end of the run and no further', () => {
  layRun(world.store, { count: 2 })
  expect(() => moveCursor(world.store, 1, 1)).toThrow("the run's cursor is elsewhere")
  moveCursor(world.store, 1, 0)
  expect(() => moveCursor(world.store, 1, 0)).toThrow("the run's cursor is elsewhere")
  moveCursor(world.store, 1, 1)
  expect(next()).toBeUndefined()
  expect(stockOf(world.store, PRODUCT)).toBe(0)
})

test('it steps back over the last code alone', () => {
  layRun(world.store, { count: 3 })
  moveCursor(world.store, 1, 0)
  moveCursor(world.store, 1, 1)
  expect(() => stepBack(world.store, 1, 0)).toThrow("the run's cursor has moved on")
  stepBack(world.store, 1, 1)
  expect(next()).toMatchObject({ index: 1 })
})

test('a run whose codes were cut short is said, and gives nothing', () => {
  layRun(world.store)
  world.store.statement('UPDATE safe_codes SET codes = substr(codes, 1, length(codes) - 5)').run()
  expect(() => next()).toThrow('a run in the safe has no whole codes')
})

test('a shelf remembers the last that was said of it', () => {
  saveShelf(world.store, PRODUCT, 20)
  saveShelf(world.store, PRODUCT, 30)
  expect([...shelves(world.store)]).toEqual([[PRODUCT, 30]])
})

test('the last day of a run is asked by its number', () => {
  layRun(world.store, { expiresOn: '2027-01-31' })
  expect(expiryOf(world.store, 1)).toBe('2027-01-31')
  expect(expiryOf(world.store, 2)).toBeUndefined()
})
