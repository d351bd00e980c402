// Receipts of several terminals that come together: taken in one transaction, each answered for itself.

import type { Signed } from '@scratchless/wire/supply/envelope'
import { supplyReceiptMessage } from '@scratchless/wire/supply/supply-receipt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import { createSupplyDoor, type SupplyDoor } from './answer-supply-frame.ts'
import { createSupplyDesk } from './supply-desk.ts'

let centre: TestCentre
let terminals: TestTerminal[]
beforeAll(async () => {
  centre = await startTestCentre()
  expect(await centre.operator.stock(1_000_000, 1_000)).toMatchObject({ verdict: 'taken' })
  terminals = []
  for (let n = 0; n < 4; n++)
    terminals.push(await enrolTerminal(centre, await addShop(centre, 10n * UNIT_PRICE_MINOR)))
})
afterAll(() => centre.close())

async function deliveryOf(door: SupplyDoor, terminal: TestTerminal) {
  const order = terminal.order(2)
  const answer = terminal.verify('supply-order', await door(order.frame), order)
  if (answer === 'unacceptable') throw new Error(answer)
  expect(answer.kind).toBe('supply-delivery')
  return { delivery: order.sequence, deliveryHash: answer.payloadHash.subarray(0, 8) }
}

async function statesOf(): Promise<string[]> {
  const { rows } = await centre.needs.pool.query<{ state: string }>(
    'SELECT state FROM supply_order ORDER BY terminal_id, sequence',
  )
  return rows.map(({ state }) => state)
}

test('each is answered for itself: taken, refused for another hash, repeated with its bytes', async () => {
  const began: number[] = []
  const counted = new Proxy(centre.needs.pool, {
    get(pool, name) {
      if (name === 'connect') began.push(1)
      const value = pool[name as keyof typeof pool] as unknown
      return typeof value === 'function' ? value.bind(pool) : value
    },
  })
  const needs = { ...centre.needs, pool: counted }
  const door = createSupplyDoor(needs, createSupplyDesk(needs))

  const deliveries = await Promise.all(terminals.map((terminal) => deliveryOf(door, terminal)))
  const receipts = deliveries.map((content, index): Signed & { sequence: number } => {
    const wrong = { ...content, deliveryHash: Buffer.alloc(8, 1) }
    return terminals[index]!.sign(supplyReceiptMessage, index === 2 ? wrong : content)
  })
  // The last one was taken before, and is asked again among the others.
  const earlier = await door(receipts[3]!.frame)
  began.length = 0
  const answers = await Promise.all(receipts.map(({ frame }) => door(frame)))
  expect(Buffer.compare(answers[3]!, earlier)).toBe(0)
  const kinds = answers.map((answer, index) => {
    const said = terminals[index]!.verify('supply-receipt', answer, receipts[index]!)
    return said === 'unacceptable' ? said : said.kind
  })
  expect(kinds).toEqual(['acknowledgement', 'acknowledgement', 'supply-refusal', 'acknowledgement'])
  // One transaction for what was taken, one for the refusal.
  expect(began.length).toBe(2)
  expect(await statesOf()).toEqual(['delivered', 'delivered', 'delivered', 'delivered'])
  const { rows } = await centre.needs.pool.query<{ n: bigint }>(
    `SELECT count(*) AS n FROM settlement WHERE reason = 'receipt'`,
  )
  expect(rows[0]!.n).toBe(3n)
})
