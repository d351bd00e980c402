// Selling from the screen: each refusal as the screen is told it, and what follows a doubt that is settled.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { type TestTillServer, testTillServer } from '../../testing/test-till-server.ts'
import type { SaleView } from '../till/till-shapes.ts'
import type { SellRefusal } from './sell.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
let shop: TestTillServer
let presses = 0
beforeEach(async () => {
  shop = await testTillServer({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    ...{ startMs: START_MS, stock: 6 },
  })
  await shop.signIn()
})
afterEach(() => shop.close())

const sell = (form: object = { saleId: `press-${++presses}-of-a-key`, product: PRODUCT }) =>
  shop.call<SaleView>('POST', '/api/sales', form)
const settle = (number: number | string, answer: string) =>
  shop.call<SaleView>('POST', `/api/sales/${number}/doubt`, { answer })
const code = (word: string) => ({ error: { code: word } })

test('why nothing was sold is told by its word; a card that forgot its PIN is whoever stands there signed out', async () => {
  const refusals: [SellRefusal, number, string][] = [
    ['card-locked', 401, 'signed-out'],
    ...(
      [
        ...[
          'card-out',
          'card-blocked',
          'lease-over',
          'certificate-over',
          'update-needed',
          'too-many-unreported',
          'printer',
        ],
        ...['sale-in-doubt', 'unknown-product', 'no-stock', 'letter-missing', 'too-fast'],
      ] as SellRefusal[]
    ).map((word): [SellRefusal, number, string] => [word, 409, word]),
  ]
  const pressed = vi.spyOn(shop.world.till(), 'sell')
  for (const [refusal, status, word] of refusals) {
    pressed.mockResolvedValueOnce(refusal)
    expect(await sell()).toMatchObject({ status, body: code(word) })
  }
  expect(pressed).toHaveBeenCalledTimes(refusals.length)
})

test('a press that is misshapen presses nothing', async () => {
  const pressed = vi.spyOn(shop.world.till(), 'sell')
  const good = { saleId: 'eight-ch', product: PRODUCT }
  for (const form of [
    {},
    { ...good, saleId: 'seven-c' },
    { ...good, saleId: 'a'.repeat(65) },
    { ...good, saleId: 'with a blank' },
    { ...good, saleId: 'a-sale-id\n' },
    { ...good, saleId: '*a-sale-id' },
    { ...good, product: 'no product' },
    { ...good, price: 1 },
  ])
    expect(await sell(form)).toMatchObject({ body: code('invalid') })
  expect(pressed).not.toHaveBeenCalled()
  expect((await sell(good)).body).toMatchObject({ saleId: 'eight-ch', number: 1, state: 'printed' })
  expect((await sell({ ...good, saleId: 'a'.repeat(64) })).body).toMatchObject({ number: 2 })
})

test('a doubt that is settled is shown, told to every screen, sent to the centre and written down', async () => {
  shop.world.printer.failAfter(50, 'cut')
  expect((await sell()).body).toMatchObject({ number: 1, state: 'in_doubt' })
  const { supply, events } = shop.world.till()
  const wake = vi.spyOn(supply, 'wake')
  const tell = vi.spyOn(events, 'tell')
  for (const number of [0, -1, 1.5, 'one'])
    expect(await settle(number, 'came-out')).toMatchObject({ body: code('invalid') })
  expect(await settle(1, 'perhaps')).toMatchObject({ body: code('invalid') })
  expect(await settle(2, 'came-out')).toMatchObject({ status: 404, body: code('unknown-sale') })
  expect([wake.mock.calls.length, tell.mock.calls.length]).toEqual([0, 0])
  const { status, body } = await settle(1, 'did-not-come-out')
  expect([status, body.state]).toEqual([200, 'damaged'])
  expect(tell.mock.calls.map(([event]) => event())).toContainEqual({ kind: 'sale', sale: body })
  expect(wake).toHaveBeenCalled()
  expect(await settle(1, 'came-out')).toMatchObject({ status: 409, body: code('not-in-doubt') })
  expect(shop.acts().slice(1)).toEqual([
    'doubt-settled 02 refused: unknown-sale',
    'doubt-settled 02 done',
    'doubt-settled 02 refused: not-in-doubt',
  ])
})

test('the journal has the latest fifty, the newest first', async () => {
  for (let number = 1; number <= 52; number++)
    shop.world
      .store()
      .statement(
        `INSERT INTO sale (number, sale_id, run, run_index, operator, product, serial, price_minor, currency, vendor,
                           card, lease_until_ms, at_ms, locale, state, ended_at_ms)
         VALUES (?1, 'sale-' || ?1, 1, ?1, 'atlas', 'ATLAS-5', 7000 + ?1, 5000, 'TND', '02', 'C0000001', 9e15, 1,
                 'fr', 'printed', 1)`,
      )
      .run(number)
  const { body } = await shop.call<{ sales: SaleView[] }>('GET', '/api/journal')
  expect(body.sales.map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, i) => 52 - i))
})
