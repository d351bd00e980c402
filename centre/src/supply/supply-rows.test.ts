// What the supply desk's statements do to rows: who waits for whom, and which state a row must be in to be changed.

import { beginBatch } from '@scratchless/ledger/post-transfers'
import { inTransaction, type SqlClient } from '@scratchless/office/database/database'
import type { OperatorId, TerminalId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { balanceRequestMessage } from '@scratchless/wire/supply/balance-request'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ATLAS_5, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { DEPOT } from '../../testing/main-depot.ts'
import { addTestProduct, startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import { retailerAccount, SALES_ACCOUNT } from '../retailers/accounts.ts'
import { createSupplyDoor } from './answer-supply-frame.ts'
import { decideSupplyOrders, type SupplyOrderMessage } from './decide-supply-orders.ts'
import {
  markDelivered,
  readOpenOrders,
  readUnansweredOrder,
  readUnansweredOrders,
} from './open-orders.sql.ts'
import { lockPacksToTake, markDespatched, markGiven, markWithheld, putAside } from './supply.sql.ts'
import { createSupplyDesk } from './supply-desk.ts'
import { readMessages, storeAnswers } from './supply-message.sql.ts'
import {
  lockTerminals,
  moveTerminals,
  readReceiving,
  readTerminals,
  type SupplyTerminal,
} from './supply-terminal.sql.ts'
import { takeTurn } from './take-turn.ts'

let centre: TestCentre
let terminal: TestTerminal
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(1_000_000, 3_000)
})
afterAll(() => centre.close())
beforeEach(async () => {
  terminal = await enrolTerminal(centre, await addShop(centre, 100n * UNIT_PRICE_MINOR))
})

const at = () => new Date(centre.clock.nowMs())
async function despatched(): Promise<number> {
  const signed = terminal.order(1)
  expect((await terminal.ask('supply-order', signed)).kind).toBe('supply-delivery')
  return signed.sequence
}
async function stateOf(sequence: number): Promise<string> {
  const { rows } = await centre.needs.pool.query<{ state: string }>(
    'SELECT state FROM supply_order WHERE terminal_id = $1 AND sequence = $2',
    [terminal.id, sequence],
  )
  return rows[0]!.state
}

/** Whether somebody else waits while this stands in an open transaction. */
async function waits(lock: (sql: SqlClient) => Promise<unknown>): Promise<boolean> {
  return inTransaction(centre.needs.pool, async (first) => {
    await lock(first)
    return inTransaction(centre.needs.pool, async (second) => {
      await second.query(`SET LOCAL lock_timeout = '100ms'`)
      await lock(second)
      return false
    }).catch((problem: { code?: string }) => {
      // 55P03, lock_not_available: the timeout is what ended the wait.
      if (problem.code !== '55P03') throw problem
      return true
    })
  })
}

test('packs that one group looks at are nobody else’s until it has ended; so is a terminal', async () => {
  const bounds = { now: at(), notBefore: '2026-01-01', after: null }
  expect(await waits((sql) => lockPacksToTake(sql, DEPOT, ATLAS_5.id, bounds, 1, 'wait'))).toBe(true)
  const both: bigint[] = []
  expect(
    await waits(async (sql) => {
      const page = await lockPacksToTake(sql, DEPOT, ATLAS_5.id, bounds, 1, 'skip')
      both.push(...page.map(({ first_serial }) => first_serial))
    }),
  ).toBe(false)
  expect(new Set(both).size).toBe(2)
  expect(await waits((sql) => lockTerminals(sql, DEPOT, [terminal.id]))).toBe(true)
  expect(await waits((sql) => readTerminals(sql, DEPOT, [terminal.id]))).toBe(false)
})

/** The names that statements with this text were given, in the order of the statements. */
async function asked(
  text: string,
  work: (sql: SqlClient) => Promise<unknown>,
  place: number,
): Promise<unknown[]> {
  const given: unknown[] = []
  await inTransaction(centre.needs.pool, async (sql) => {
    const watched = new Proxy(sql, {
      get: (client, name) =>
        name === 'query'
          ? (statement: string, values: unknown[]) => {
              if (statement.includes(text)) given.push(values[place])
              return client.query(statement, values)
            }
          : client[name as keyof SqlClient],
    })
    await work(watched)
    throw new Error('nothing of it stays')
  }).catch(() => undefined)
  return given
}

async function decide(sql: SqlClient, row: SupplyTerminal, message: SupplyOrderMessage): Promise<void> {
  const batch = await beginBatch(sql, DEPOT, [retailerAccount(row.retailer_id), SALES_ACCOUNT])
  await decideSupplyOrders(centre.needs, batch, [message], new Map([[row.id, row]]), at())
}

test('products are locked in one order, whatever the order’s', async () => {
  const ten = productId('ATLAS-10')
  await addTestProduct(centre.needs.pool, { ...ATLAS_5, id: ten }, at())
  const row = (await readTerminals(centre.needs.pool, DEPOT, [terminal.id])).get(terminal.id)!
  const message = (products: (typeof ten)[]): SupplyOrderMessage => ({
    ...{
      sender: row.id,
      depot: DEPOT,
      certificate: { number: row.certificate_number, endsAt: row.certified_until },
      sequence: 2,
      kind: 'supply-order',
      payloadHash: Buffer.alloc(32),
      bytes: Buffer.of(1),
    },
    order: {
      expiresAtS: Math.floor(centre.clock.nowMs() / 1000) + 60,
      because: 'person' as const,
      lines: products.map((product) => ({ product, quantity: 1, unitPriceMinor: UNIT_PRICE_MINOR })),
    },
  })
  const locked = (products: (typeof ten)[]) =>
    asked('FROM pack', (sql) => decide(sql, row, message(products)), 1)
  const expected = ['ATLAS-10', 'ATLAS-5']
  expect([...new Set(await locked([ATLAS_5.id, ten]))]).toEqual(expected)
  expect([...new Set(await locked([ten, ATLAS_5.id]))]).toEqual(expected)
})

test('terminals are locked in the order of their names', async () => {
  const shop = await addShop(centre, 0n)
  const [one, two] = [await enrolTerminal(centre, shop), await enrolTerminal(centre, shop)]
  const rows = await inTransaction(centre.needs.pool, (sql) =>
    lockTerminals(sql, DEPOT, [two.id, one.id, two.id]),
  )
  expect([...rows.keys()]).toEqual([one.id, two.id].sort())
})

test('orders of a terminal are open from one place on and before another, and no other terminal’s', async () => {
  const sequence = await despatched()
  const from = BigInt(sequence)
  const open = (place: { terminal: TerminalId; from: bigint; before: number }) =>
    readOpenOrders(centre.needs.pool, DEPOT, [place])
  const found = [{ terminal: terminal.id, sequence: from, state: 'despatched' }]
  expect(await open({ terminal: terminal.id, from, before: sequence + 1 })).toEqual(found)
  expect(await open({ terminal: terminal.id, from: from - 1n, before: sequence + 9 })).toEqual(found)
  expect(await open({ terminal: terminal.id, from: from + 1n, before: sequence + 9 })).toEqual([])
  expect(await open({ terminal: terminal.id, from: 0n, before: sequence })).toEqual([])
  const other = await enrolTerminal(centre, await addShop(centre, 0n))
  expect(await open({ terminal: other.id, from: 0n, before: 99 })).toEqual([])
  const [one] = [{ terminal: terminal.id, sequence }]
  expect(await markDelivered(centre.needs.pool, DEPOT, [one], at())).toEqual([one])
  expect(await markDelivered(centre.needs.pool, DEPOT, [one], at())).toEqual([])
  expect(await open({ terminal: terminal.id, from, before: sequence + 1 })).toEqual([])
})

test('an order without an answer stays open behind a later message, and its money is posted by the one after', async () => {
  const { pool } = centre.needs
  const left = terminal.order(1)
  const vault = new Proxy(centre.needs.vault, {
    get: (line, verb) =>
      verb === 'closeSupplyDeliveries'
        ? () => Promise.reject(new Error('lost'))
        : line[verb as keyof typeof line],
  })
  const needs = { ...centre.needs, vault }
  await expect(createSupplyDoor(needs, createSupplyDesk(needs))(left.frame)).rejects.toThrow('lost')
  const openOrder = async () => (await readTerminals(pool, DEPOT, [terminal.id])).get(terminal.id)!.open_order
  const first = BigInt(left.sequence)
  await despatched()
  expect([await openOrder(), await stateOf(left.sequence)]).toEqual([first, 'decided'])
  const balance = () => terminal.sign(balanceRequestMessage, {})
  await terminal.ask('balance-request', balance())
  expect([await openOrder(), await stateOf(left.sequence + 1)]).toEqual([first, 'delivered'])
  await terminal.ask('supply-order', left)
  expect(await stateOf(left.sequence)).toBe('despatched')
  await terminal.ask('balance-request', balance())
  expect([await openOrder(), await stateOf(left.sequence)]).toEqual([null, 'delivered'])
})

test('what was despatched is not withheld afterwards, nor despatched again', async () => {
  const sequence = await despatched()
  const key = { terminal: terminal.id, sequence }
  await markWithheld(centre.needs.pool, DEPOT, key, at())
  expect(await stateOf(sequence)).toBe('despatched')
  const hash = async () => (await readReceiving(centre.needs.pool, DEPOT, [key]))[0]!.delivery_hash
  const before = await hash()
  expect(before).not.toBeNull()
  await markDespatched(centre.needs.pool, DEPOT, [{ ...key, deliveryHash: Buffer.alloc(8, 9) }])
  expect(await hash()).toEqual(before)
})

test('an answer is stored once, and whoever comes second hears that he did', async () => {
  const sequence = await despatched()
  const key = { terminal: terminal.id, sequence }
  const [before] = await readMessages(centre.needs.pool, DEPOT, [key])
  expect(await storeAnswers(centre.needs.pool, DEPOT, [{ ...key, answer: Buffer.of(1) }])).toEqual([])
  expect(await readMessages(centre.needs.pool, DEPOT, [key])).toEqual([before])
})

test('a terminal moves forward to its message, and never back; what it has more on board is added', async () => {
  const { pool } = centre.needs
  const row = async () => (await readTerminals(pool, DEPOT, [terminal.id])).get(terminal.id)!
  const move = (sequence: number, dayOrder: bigint, aboardMinor: bigint) =>
    moveTerminals(pool, DEPOT, [{ terminal: terminal.id, sequence, openOrder: 7n, dayOrder, aboardMinor }])
  await move(9, 5n, 30n)
  expect(await row()).toMatchObject({ last_sequence: 9n, open_order: 7n, day_order: 5n, aboard_minor: 30n })
  await move(8, 4n, 1n)
  expect(await row()).toMatchObject({ last_sequence: 9n, day_order: 5n, aboard_minor: 31n })
})

test('a code is given once, and none that is aside; where one is not free, none is given', async () => {
  const { pool } = centre.needs
  const { rows } = await pool.query<{ operator: OperatorId; first_serial: bigint }>(
    'SELECT operator, first_serial FROM pack WHERE free = count ORDER BY first_serial LIMIT 2',
  )
  const [one, two] = rows
  const run = (pack: typeof one, offset: number, count: number) => ({
    ...{ operator: pack!.operator, packFirstSerial: pack!.first_serial, count },
    firstSerial: pack!.first_serial + BigInt(offset),
  })
  const give = (...runs: ReturnType<typeof run>[]) =>
    inTransaction(pool, (sql) => markGiven(sql, DEPOT, runs)).then(
      () => 'given',
      (problem: Error) => problem.message,
    )
  const gone = async () => {
    const packs = [one!.first_serial, two!.first_serial]
    const marks = `SELECT bit_count(given)::int AS given, bit_count(aside)::int AS aside FROM pack
                    WHERE first_serial = ANY($1::bigint[]) ORDER BY first_serial`
    return (await pool.query(marks, [packs])).rows.map(({ given, aside }) => [given, aside])
  }
  const notFree = 'a code was taken that is not free'
  expect(await give(run(one, 10, 5), run(two, 0, 2))).toBe('given')
  expect(await give(run(one, 14, 2))).toBe(notFree)
  expect(await give(run(one, 8, 3))).toBe(notFree)
  expect(await give(run(one, 20, 3), run(one, 22, 1))).toBe(notFree)
  expect(await give(run(one, 30, 1), run(two, 1, 1))).toBe(notFree)
  expect(await gone()).toEqual([
    [5, 0],
    [2, 0],
  ])
  await putAside(pool, DEPOT, [run(one, 11, 2), run(two, 0, 1)])
  expect(await give(run(one, 11, 1))).toBe(notFree)
  await expect(putAside(pool, DEPOT, [run(one, 12, 2)])).rejects.toThrow('put aside that was not given')
  await expect(putAside(pool, DEPOT, [run(one, 100, 1)])).rejects.toThrow('put aside that was not given')
  expect(await gone()).toEqual([
    [3, 2],
    [1, 1],
  ])
})

test('unanswered orders come in the order of their decision, or the one that is asked for', async () => {
  const shop = await addShop(centre, 100n * UNIT_PRICE_MINOR)
  const terminals = [await enrolTerminal(centre, shop), await enrolTerminal(centre, shop)]
  const keys: { terminal: string; sequence: number }[] = []
  // Decided and not closed: the second terminal's first.
  for (const one of [...terminals].reverse()) {
    const signed = one.order(1)
    const row = (await readTerminals(centre.needs.pool, DEPOT, [one.id])).get(one.id)!
    const order = {
      expiresAtS: Math.floor(centre.clock.nowMs() / 1000) + 60,
      because: 'person' as const,
      lines: [{ product: ATLAS_5.id, quantity: 1, unitPriceMinor: UNIT_PRICE_MINOR }],
    }
    const { sequence, payloadHash, frame: bytes } = signed
    const certificate = { number: row.certificate_number, endsAt: row.certified_until }
    await takeTurn(
      centre.needs,
      DEPOT,
      [
        {
          ...{ sender: one.id, depot: DEPOT, certificate, sequence, kind: 'supply-order' },
          payloadHash,
          bytes,
          order,
        },
      ],
      [],
    )
    keys.push({ terminal: one.id, sequence })
    centre.clock.move(1)
  }
  const { pool } = centre.needs
  const names = (rows: { terminal_id: string }[]) => rows.map(({ terminal_id }) => terminal_id)
  const before = async (moment: Date, limit = 9) =>
    names(await readUnansweredOrders(pool, DEPOT, limit, moment))
  expect(await before(at())).toEqual(keys.map((key) => key.terminal))
  expect(await before(at(), 1)).toEqual([keys[0]!.terminal])
  const { rows } = await pool.query('SELECT decided_at FROM supply_order WHERE terminal_id = $1', [
    keys[0]!.terminal,
  ])
  expect(await before(rows[0].decided_at)).toEqual([keys[0]!.terminal])
  const only = { terminal: terminals[0]!.id, sequence: keys[1]!.sequence }
  expect(names(await readUnansweredOrder(pool, DEPOT, only))).toEqual([only.terminal])
  expect(await readUnansweredOrder(pool, DEPOT, { ...only, sequence: 99 })).toEqual([])
})
