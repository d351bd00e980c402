// Prices come into force by the terminal's clock, while it runs: at the press, at the order, on the screen.

import { createPublicKey } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { peekKid } from '@scratchless/wire/compact/cose'
import { readFrame } from '@scratchless/wire/compact/frame'
import { supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FIRST_PRICE, PRODUCT } from '../../testing/fake-catalogue.ts'
import { type TestTill, testTill } from '../../testing/test-till.ts'
import { type StoredSale, saleByNumber } from '../sale/sale.sql.ts'
import { getCatalogue, putCatalogue } from '../supply/centre-word.sql.ts'
import { askedRequests } from '../supply/request.sql.ts'
import { takeOrder } from '../supply/send-supply-order.ts'
import { homeView } from './home-view.ts'
import type { TillEvent } from './till-shapes.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
const CHANGE_S = START_MS / 1000 + 3_600
let world: TestTill
let presses = 0
beforeEach(async () => {
  world = await testTill({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    startMs: START_MS,
    stock: 5,
  })
  world.centre.setPrices([
    FIRST_PRICE,
    {
      ...{ priceId: 2, validFromS: CHANGE_S, publicPriceMinor: 6_000n, taxMinor: 400n },
      ...{ netCreditMinor: 5_600n, unitPriceMinor: 5_500n },
    },
  ])
  world.centre.setStanding({ catalogueVersion: 2 })
  takeOrder(world.till(), [{ product: PRODUCT, quantity: 1 }])
  world.till().supply.wake()
  await world.until(() => getCatalogue(world.store())?.version === 2)
  await world.until(() => askedRequests(world.store()).length === 0)
})
afterEach(() => world.close())

async function press(): Promise<StoredSale> {
  const sale = await world
    .till()
    .sell(world.session, { saleId: `press-${++presses}-of-a-key`, product: PRODUCT })
  if (typeof sale === 'string') throw new Error(sale)
  return sale
}
const shown = () => {
  const till = world.till()
  const home = homeView({
    ...till.word()!,
    ...{ store: world.store(), session: world.session, nowMs: till.clock.nowMs(), clockWaits: false },
    ...{ line: 'online', printer: 'ready', card: till.cardState(), minimumStock: () => 5, view: till.view },
  })
  return home.operators[0]!.tiles[0]!.price.amountMinor
}
function ordered(): bigint {
  const { frame } = world.centre.heard.filter(({ kind }) => kind === 'supply-order').at(-1)!
  const read = readFrame(frame)!
  const { key, terminal } = world.till().word()!.identity
  const order = supplyOrderMessage.verify(
    read,
    { kid: peekKid(read.message)!, publicKey: createPublicKey(key) },
    { terminal, sequence: read.sequence, answering: null },
  )
  if (order === 'unacceptable') throw new Error(order)
  return order.content.lines[0]!.unitPriceMinor
}
async function order() {
  const before = world.centre.receipts.length
  takeOrder(world.till(), [{ product: PRODUCT, quantity: 1 }])
  world.till().supply.wake()
  await world.until(() => world.centre.receipts.length > before)
}

test('the old price to the last second, the new one from its second on', async () => {
  world.clock.setMs(CHANGE_S * 1000 - 1)
  const old = await press()
  expect([old.price.amountMinor, old.priceId, shown()]).toEqual([5_000n, 1, '5000'])
  await order()
  expect(ordered()).toBe(4_750n)
  world.clock.setMs(CHANGE_S * 1000)
  const next = await press()
  expect([next.price.amountMinor, next.priceId, shown()]).toEqual([6_000n, 2, '6000'])
  await order()
  expect(ordered()).toBe(5_500n)
  const paper = world.printer.received().toString('latin1')
  expect(paper.indexOf('6,000')).toBeGreaterThan(paper.indexOf('5,000'))
  expect(paper.match(/5,000 DT/g)).toHaveLength(1)
})

test('the screens are told at its second, and once', async () => {
  const told: TillEvent[] = []
  const response = Object.assign(new EventEmitter(), {
    writeHead: () => response,
    write(text: string) {
      if (text.startsWith('data: ')) told.push(JSON.parse(text.slice(6)) as TillEvent)
    },
    end: () => undefined,
  })
  expect(shown()).toBe('5000')
  world.till().events.listen(response as unknown as ServerResponse)
  world.clock.setMs(CHANGE_S * 1000 - 300)
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  expect(told).toEqual([])
  world.clock.setMs(CHANGE_S * 1000)
  await world.until(() => told.length > 0)
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  expect(told).toEqual([{ kind: 'home' }])
})

test('a ticket that is shown again shows what it showed, whatever the catalogue says today', async () => {
  const sale = await press()
  const ticket = world.till().view(sale).ticket
  expect(JSON.stringify(ticket)).toContain('Épicerie El Amen')
  const now = getCatalogue(world.store())!
  putCatalogue(world.store(), { ...now, version: 3, retailerName: 'Another', operators: [], products: [] })
  await world.restart()
  const kept = saleByNumber(world.store(), 1)!
  expect(world.till().view(kept)).toEqual({ ...world.till().view(sale), ticket })
  // A sale of an earlier release kept nothing of its ticket.
  expect(world.till().view({ ...kept, ticketFacts: null }).ticket).toEqual([])
})

test('sales of one product at one price share what they keep', async () => {
  await press()
  await press()
  world.clock.setMs(CHANGE_S * 1000)
  await press()
  const rows = world.store().statement('SELECT ticket_facts FROM sale ORDER BY number').all()
  expect(rows.map((row) => row.ticket_facts)).toEqual([1, 1, 2])
})
