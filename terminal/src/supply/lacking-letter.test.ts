import { cardId } from '@scratchless/voucher/ids'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { CARD, type TestTill, testTill } from '../../testing/test-till.ts'
import { stockOf } from '../safe/safe-run.sql.ts'
import { cardLetterFor, newestLetterEpoch } from './card-letter.sql.ts'
import { heldLetter } from './device.sql.ts'
import { lackingLetter } from './lacking-letter.ts'
import { askedRequests } from './request.sql.ts'
import { takeOrder } from './send-supply-order.ts'

const NEW_CARD = cardId('C0000002')
const TODAY = '2026-11-22'
const START_MS = Date.parse(`${TODAY}T10:00:00Z`)

let world: TestTill
beforeEach(async () => {
  world = await testTill({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    startMs: START_MS,
    stock: 0,
  })
  await world.until(() => newestLetterEpoch(world.store()) === 1)
  await world.until(() => askedRequests(world.store()).length === 0)
})
afterEach(() => world.close())

const lacking = (
  more: { card?: typeof CARD | null; orderWaiting?: boolean; letter?: number; today?: string } = {},
) => lackingLetter(world.store(), { card: CARD, orderWaiting: false, letter: 1, today: TODAY, ...more })

async function stock(quantity: number): Promise<void> {
  const before = stockOf(world.store(), PRODUCT)
  takeOrder(world.till(), [{ product: PRODUCT, quantity }])
  world.till().supply.wake()
  await world.until(() => stockOf(world.store(), PRODUCT) === before + quantity)
  await world.until(() => askedRequests(world.store()).length === 0)
}

test('a newer letter is lacking to whoever is signed in, and to an order; to nobody else', () => {
  expect(lacking()).toBeNull()
  expect(lacking({ letter: 2 })).toEqual({ epoch: 0, card: null })
  expect(lacking({ letter: 2, card: null })).toBeNull()
  expect(lacking({ letter: 2, card: null, orderWaiting: true })).toEqual({ epoch: 0, card: null })
  expect(lacking({ card: null, orderWaiting: true })).toBeNull()
})

test('a card that came later lacks the newest letter, then one of each epoch with codes on board that are good', async () => {
  await stock(3)
  expect(lacking({ card: NEW_CARD })).toEqual({ epoch: 0, card: NEW_CARD })
  world.store().statement("INSERT INTO card_letter VALUES (2, ?, x'00')").run(NEW_CARD)
  expect(lacking({ card: NEW_CARD })).toEqual({ epoch: 1, card: NEW_CARD })
  expect(lacking({ card: NEW_CARD, today: '2030-01-01' })).toBeNull()
  expect(lacking({ card: null })).toBeNull()
  // Of the newest epoch first: what lies there longest can wait.
  world.store().statement('UPDATE safe_run SET next_index = count').run()
  expect(lacking({ card: NEW_CARD })).toBeNull()
})

test('the card’s letters come one after the other without a pause, and the codes of every epoch open with them', async () => {
  await stock(2)
  world.store().statement('UPDATE safe_run SET epoch = 7').run()
  world.centre.heard.splice(0)
  world.till().supply.wake()
  await world.until(() => cardLetterFor(world.store(), 7, CARD) !== undefined)
  expect(world.centre.heard.map(({ kind }) => kind)).toEqual(['card-letter-request'])
  expect(lacking()).toBeNull()
  // It is of a later epoch than any before, and names all cards: the number held is its own.
  expect(heldLetter(world.store())).toBe(1)
})

test('a card that the centre does not know is asked for once, and again when there is a newer letter', async () => {
  const store = world.store()
  store.statement('UPDATE card_letter SET card = ?').run(NEW_CARD)
  world.centre.refuseNext('card-letter-request', { reason: 'no-card' })
  world.centre.heard.splice(0)
  const asked = () => world.centre.heard.filter(({ kind }) => kind === 'card-letter-request').length
  world.till().supply.wake()
  await world.until(() => asked() === 1)
  world.clock.setMs(START_MS + 600_000)
  await stock(1)
  expect(asked()).toBe(1)
  world.centre.setStanding({ letter: 2 })
  await stock(1)
  // The newest, and the one of the epoch under which a code came while the card had none.
  await world.until(() => cardLetterFor(store, 1, CARD) !== undefined)
  expect(cardLetterFor(store, 2, CARD)).toBeDefined()
  expect(asked()).toBe(3)
})
