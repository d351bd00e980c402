import { readMiscountedAccounts, readMixedTransfers } from '@scratchless/ledger/ledger.sql'
import { cardId, lotId, vendorId } from '@scratchless/voucher/ids'
import { packedSize } from '@scratchless/voucher/packed-code'
import { productId } from '@scratchless/voucher/product'
import { serialAt, serialNumber } from '@scratchless/voucher/serial'
import { openCode } from '@scratchless/wire/seal/code-box'
import { balanceRequestMessage } from '@scratchless/wire/supply/balance-request'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { UNACCEPTABLE_FRAME } from '@scratchless/wire/supply/envelope'
import { salesReportMessage } from '@scratchless/wire/supply/sales-report'
import { statusRequestMessage } from '@scratchless/wire/supply/status-request'
import { supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { supplyReceiptMessage } from '@scratchless/wire/supply/supply-receipt'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ATLAS, ATLAS_5, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { codeKey, recipientFor, sealedCodeAt, unwrapAsRecipient } from '../../../wire/testing/as-card.ts'
import { DEPOT } from '../../testing/main-depot.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { packedCodes } from '../../testing/test-operator.ts'
import { addShop, availableTo, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import { clearTerminalLock } from '../terminals/terminals.sql.ts'
import type { VaultVerbs } from '../vault/verbs.ts'
import { createSupplyDoor } from './answer-supply-frame.ts'
import { resumeSupplyOrders } from './close-supply-orders.ts'
import { settleOverdueOrders } from './settle-overdue-orders.ts'
import { createSupplyDesk } from './supply-desk.ts'

let centre: TestCentre
beforeAll(async () => {
  centre = await startTestCentre()
  expect(await centre.operator.stock(1_000_000, 5_000)).toMatchObject({ verdict: 'taken' })
})
afterAll(async () => {
  const sql = centre.database.pool('auditor')
  expect(await readMixedTransfers(sql)).toEqual([])
  expect(await readMiscountedAccounts(sql)).toEqual([])
  await centre.close()
})

const available = (shop: Pick<TestTerminal, 'retailer'>) => availableTo(centre, shop.retailer)

async function stateOf(terminal: { id: string }, sequence: number): Promise<string | undefined> {
  const { rows } = await centre.needs.pool.query<{ state: string }>(
    'SELECT state FROM supply_order WHERE terminal_id = $1 AND sequence = $2',
    [terminal.id, sequence],
  )
  return rows[0]?.state
}

async function terminalWith(codes: number) {
  const shop = await addShop(centre, BigInt(codes) * UNIT_PRICE_MINOR)
  return enrolTerminal(centre, shop)
}

/** The centre's door with another way of closing deliveries. */
function doorWhere(closeSupplyDeliveries: VaultVerbs['closeSupplyDeliveries']) {
  const vault = new Proxy(centre.needs.vault, {
    get: (line, verb) =>
      verb === 'closeSupplyDeliveries' ? closeSupplyDeliveries : line[verb as keyof typeof line],
  })
  const needs = { ...centre.needs, vault }
  return createSupplyDoor(needs, createSupplyDesk(needs))
}

test('an order is debited, delivered, and its codes open with the card and nothing else', async () => {
  const terminal = await terminalWith(30)
  const signed = terminal.order(20)
  const answer = await terminal.ask('supply-order', signed)
  if (answer.kind !== 'supply-delivery') throw new Error(answer.kind)
  const { content } = answer
  expect(content).toMatchObject({
    debitedMinor: 20n * UNIT_PRICE_MINOR,
    availableMinor: 10n * UNIT_PRICE_MINOR,
    epoch: 1,
  })
  expect(await available(terminal)).toBe(10n * UNIT_PRICE_MINOR)
  expect(await stateOf(terminal, signed.sequence)).toBe('despatched')

  const letter = await terminal.ask(
    'card-letter-request',
    terminal.sign(cardLetterRequestMessage, { holdsLetter: 1, epoch: 0, cards: [] }),
  )
  if (letter.kind !== 'card-letter') throw new Error(letter.kind)
  const recipient = recipientFor(letter.content, cardId(terminal.card))!
  const safeKey = unwrapAsRecipient({ holder: terminal.card, ...recipient }, terminal.cardKey)!
  const [lot] = content.lots
  const [run] = lot!.runs
  expect(run!.count).toBe(20)
  for (const index of [0, 19]) {
    const serial = serialAt(run!.firstSerial, index)
    const context = {
      ...{ terminal: terminal.id, epoch: 1, operator: ATLAS, product: ATLAS_5.id },
      ...{ lot: lotId('L000001'), delivery: signed.sequence, digits: 14, serial },
    }
    const code = openCode(codeKey(safeKey, context), sealedCodeAt(run!.codes, index, 14), 14)
    if (code === 'does-not-open') throw new Error(code)
    const packed = Buffer.alloc(packedSize(14))
    code.pack(packed)
    // In the test's stock a code is its serial's number.
    expect(packed).toEqual(packedCodes(Number(serial), 1))
  }
})

test('groups of two processes may reach the vault in any order: a later one is closed while the first is on its way', async () => {
  const terminals = [await terminalWith(10), await terminalWith(10)] as const
  const held = Promise.withResolvers<void>()
  const slow = doorWhere(async (orders) => {
    await held.promise
    return centre.needs.vault.closeSupplyDeliveries(orders)
  })
  const [early, late] = [terminals[0].order(5), terminals[1].order(5)]
  const first = slow(early.frame)
  await vi.waitFor(async () => expect(await stateOf(terminals[0], early.sequence)).toBe('decided'), {
    interval: 2,
  })
  await centre.door(late.frame)
  expect(await stateOf(terminals[1], late.sequence)).toBe('despatched')
  expect(await stateOf(terminals[0], early.sequence)).toBe('decided')
  held.resolve()
  await first
  expect(await stateOf(terminals[0], early.sequence)).toBe('despatched')
})

test('of two processes that close one order the first is heard, and both answer with its bytes', async () => {
  const terminal = await terminalWith(10)
  const held = Promise.withResolvers<void>()
  const slow = doorWhere(async (orders) => {
    const closed = await centre.needs.vault.closeSupplyDeliveries(orders)
    await held.promise
    return closed
  })
  const signed = terminal.order(5)
  const late = slow(signed.frame)
  await vi.waitFor(async () => expect(await stateOf(terminal, signed.sequence)).toBe('decided'), {
    interval: 2,
  })
  const first = await centre.door(signed.frame)
  expect(await stateOf(terminal, signed.sequence)).toBe('despatched')
  held.resolve()
  expect(Buffer.compare(await late, first)).toBe(0)
})

test('an order that was answered just before it would be closed again has that answer', async () => {
  const terminal = await terminalWith(10)
  const held = Promise.withResolvers<void>()
  const slow = doorWhere(async (orders) => {
    await held.promise
    return centre.needs.vault.closeSupplyDeliveries(orders)
  })
  const signed = terminal.order(5)
  const first = slow(signed.frame)
  await vi.waitFor(async () => expect(await stateOf(terminal, signed.sequence)).toBe('decided'), {
    interval: 2,
  })
  const pool = new Proxy(centre.needs.pool, {
    get: (real, name) =>
      name === 'query'
        ? async (text: string, values: unknown[]) => {
            if (text.includes("state = 'decided'")) {
              held.resolve()
              await first
            }
            return real.query(text, values)
          }
        : real[name as keyof typeof real],
  })
  const needs = { ...centre.needs, pool }
  const second = await createSupplyDoor(needs, createSupplyDesk(needs))(signed.frame)
  expect(Buffer.compare(second, await first)).toBe(0)
})

test('what one process closed is not withheld by another that was refused it', async () => {
  const terminal = await terminalWith(10)
  const held = Promise.withResolvers<void>()
  const slow = doorWhere(async ({ orders }) => {
    await held.promise
    return orders.map(() => ({ refusal: 'no-safe-key' as const }))
  })
  const signed = terminal.order(5)
  const late = slow(signed.frame)
  await vi.waitFor(async () => expect(await stateOf(terminal, signed.sequence)).toBe('decided'), {
    interval: 2,
  })
  const first = await centre.door(signed.frame)
  held.resolve()
  expect(Buffer.compare(await late, first)).toBe(0)
  expect(await stateOf(terminal, signed.sequence)).toBe('despatched')
  expect(await available(terminal)).toBe(5n * UNIT_PRICE_MINOR)
})

test('packs that another process holds for a moment are waited for, where there are no others', async () => {
  const terminal = await terminalWith(10)
  const signed = terminal.order(5)
  const { pool } = centre.needs
  const other = await pool.connect()
  try {
    await other.query('BEGIN')
    await other.query('SELECT FROM pack FOR NO KEY UPDATE')
    const answering = centre.door(signed.frame)
    await vi.waitFor(
      async () => {
        const { rows } = await pool.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)
        expect(rows.length).toBeGreaterThan(0)
      },
      { interval: 5 },
    )
    await other.query('COMMIT')
    expect(terminal.verify('supply-order', await answering, signed)).toMatchObject({
      kind: 'supply-delivery',
    })
  } finally {
    other.release()
  }
})

test('packs that another process holds are passed over, where there are others', async () => {
  const terminal = await terminalWith(10)
  const other = await centre.needs.pool.connect()
  try {
    await other.query('BEGIN')
    const { rows } = await other.query<{ first_serial: bigint }>(
      `SELECT first_serial FROM pack WHERE free > 0 ORDER BY expires_on, first_serial LIMIT 1 FOR NO KEY UPDATE`,
    )
    const answer = await terminal.ask('supply-order', terminal.order(5))
    if (answer.kind !== 'supply-delivery') throw new Error(answer.kind)
    const { firstSerial } = answer.content.lots[0]!.runs[0]!
    expect(BigInt(firstSerial)).toBeGreaterThanOrEqual(rows[0]!.first_serial + 1_000n)
    await other.query('COMMIT')
  } finally {
    other.release()
  }
})

test('the same order again gets the same bytes; with other content the terminal is locked until people have looked', async () => {
  const terminal = await terminalWith(50)
  const signed = terminal.order(5)
  const [one, two] = await Promise.all([centre.door(signed.frame), centre.door(signed.frame)])
  expect(Buffer.compare(one, two)).toBe(0)
  expect(Buffer.compare(await centre.door(signed.frame), one)).toBe(0)
  expect(await available(terminal)).toBe(45n * UNIT_PRICE_MINOR)

  const lines = [{ product: ATLAS_5.id, quantity: 6, unitPriceMinor: UNIT_PRICE_MINOR }]
  const altered = terminal.sign(
    supplyOrderMessage,
    { expiresAtS: Math.floor(Date.now() / 1000) + 86_400, because: 'person', lines },
    signed.sequence,
  )
  expect(await terminal.ask('supply-order', altered)).toMatchObject({
    content: { why: { reason: 'content-altered' } },
  })
  const { rows } = await centre.needs.pool.query(
    `SELECT FROM alarm WHERE kind = 'supply-message-altered' AND subject = $1`,
    [`supply:${terminal.id}:${signed.sequence}`],
  )
  expect(rows).toHaveLength(1)
  expect(await terminal.ask('supply-order', signed)).toMatchObject({
    content: { why: { reason: 'terminal-locked' } },
  })
  await clearTerminalLock(centre.needs.pool, terminal.id)
  expect(Buffer.compare(await centre.door(signed.frame), one)).toBe(0)
})

test('no interleaving of orders passes the balance of a shop with several terminals', async () => {
  const shop = await addShop(centre, 25n * UNIT_PRICE_MINOR)
  const terminals = await Promise.all(Array.from({ length: 6 }, () => enrolTerminal(centre, shop)))
  const answers = await Promise.all(terminals.map((one) => one.ask('supply-order', one.order(10))))
  const delivered = answers.filter(({ kind }) => kind === 'supply-delivery')
  expect(delivered).toHaveLength(2)
  for (const answer of answers)
    if (answer.kind === 'supply-refusal')
      expect(answer.content.why).toEqual({ reason: 'balance-too-low', missingMinor: 5n * UNIT_PRICE_MINOR })
  expect(await available(shop)).toBe(5n * UNIT_PRICE_MINOR)
  const serials = delivered.flatMap((answer) =>
    answer.kind === 'supply-delivery' ? answer.content.lots.flatMap(({ runs }) => runs) : [],
  )
  const all = serials.flatMap(({ firstSerial, count }) =>
    Array.from({ length: count }, (_, index) => serialAt(firstSerial, index)),
  )
  expect(new Set(all).size).toBe(20)
})

test('orders that were decided and left open are closed with the same runs, once nobody else can be at it', async () => {
  const terminal = await terminalWith(50)
  const before = terminal.order(7)
  const { vault } = centre.needs
  // The api dies between the vault's journal and its own second transaction.
  const door = doorWhere(async (orders) => {
    await vault.closeSupplyDeliveries(orders)
    throw new Error('killed')
  })
  await expect(door(before.frame)).rejects.toThrow('killed')
  expect(await stateOf(terminal, before.sequence)).toBe('decided')

  await centre.restartVault()
  expect(await resumeSupplyOrders(centre.needs)).toBe(0)
  centre.clock.move(10_000)
  expect(await resumeSupplyOrders(centre.needs)).toBe(1)
  expect(await resumeSupplyOrders(centre.needs)).toBe(0)
  const answer = await terminal.ask('supply-order', before)
  if (answer.kind !== 'supply-delivery') throw new Error(answer.kind)
  expect(answer.content.debitedMinor).toBe(7n * UNIT_PRICE_MINOR)
  expect(await available(terminal)).toBe(43n * UNIT_PRICE_MINOR)
  const { rows } = await centre.needs.pool.query<{ count: number }>(
    'SELECT count FROM supply_run WHERE terminal_id = $1',
    [terminal.id],
  )
  expect(rows).toEqual([{ count: 7 }])
})

test('a group that never reached the vault is closed by whoever finds it', async () => {
  const terminals = await Promise.all([1, 2, 3, 4].map(() => terminalWith(10)))
  const door = doorWhere(async () => {
    throw new Error('killed')
  })
  // Who has asked before is known, so that all four come to one turn.
  await Promise.all(terminals.map((one) => door(one.sign(balanceRequestMessage, {}).frame)))
  const orders = terminals.map((terminal) => terminal.order(5))
  const states = () => Promise.all(terminals.map((terminal, at) => stateOf(terminal, orders[at]!.sequence)))
  const ends = await Promise.allSettled(orders.map(({ frame }) => door(frame)))
  expect(ends.map(({ status }) => status)).toEqual(terminals.map(() => 'rejected'))
  centre.clock.move(10_000)
  expect(await resumeSupplyOrders(centre.needs)).toBe(terminals.length)
  expect(await states()).toEqual(terminals.map(() => 'despatched'))
})

test('an order whose vault was lost is closed when the terminal asks again', async () => {
  const terminal = await terminalWith(50)
  const signed = terminal.order(3)
  const door = doorWhere(() => Promise.reject(new Error('lost')))
  await expect(door(signed.frame)).rejects.toThrow('lost')
  expect(await terminal.ask('supply-order', signed)).toMatchObject({ kind: 'supply-delivery' })
})

test('the vault closes no order with other runs, another product or more than was ordered', async () => {
  const terminal = await terminalWith(50)
  const signed = terminal.order(4)
  const answer = await terminal.ask('supply-order', signed)
  if (answer.kind !== 'supply-delivery') throw new Error(answer.kind)
  const { standing } = answer.content
  const { rows } = await centre.needs.pool.query<{ first_serial: bigint; taken: number; count: number }>(
    'SELECT first_serial, count - free AS taken, count FROM pack WHERE free BETWEEN 1 AND count - 1',
  )
  const pack = rows[0]!
  const first = String(pack.first_serial).padStart(12, '0')
  const close = (
    request: { sequence: number; frame: Uint8Array },
    offset: number,
    count: number,
    product = ATLAS_5.id,
  ) =>
    centre.needs.vault.closeSupplyDeliveries({
      depot: DEPOT,
      orders: [
        {
          ...{ terminal: terminal.id, sequence: request.sequence, frame: request.frame },
          decided: {
            ...{ standing, debitedMinor: BigInt(count) * UNIT_PRICE_MINOR, availableMinor: 0n },
            lots: [
              {
                ...{ operator: ATLAS, product, lot: lotId('L000001'), expiresOn: '2028-12-31' },
                unitPriceMinor: UNIT_PRICE_MINOR,
                runs: [
                  {
                    packFirstSerial: serialNumber(first),
                    firstSerial: serialAt(serialNumber(first), offset),
                    count,
                  },
                ],
              },
            ],
          },
        },
      ],
    })
  expect(await close(signed, pack.taken, 4)).toEqual([{ refusal: 'runs-differ' }])
  const next = terminal.order(4)
  expect(await close(next, pack.taken, 5)).toEqual([{ refusal: 'not-as-ordered' }])
  expect(await close(next, 0, 4)).toEqual([{ refusal: 'codes-taken' }])
  expect(await close(next, pack.count - 2, 4)).toEqual([{ refusal: 'codes-taken' }])
  expect(await close(next, pack.taken, 4, productId('ATLAS-1'))).toEqual([{ refusal: 'not-as-ordered' }])
  const forged = { ...next, frame: Buffer.from(next.frame) }
  forged.frame[forged.frame.length - 1]! ^= 1
  expect(await close(forged, pack.taken, 4)).toEqual([{ refusal: 'order-not-verified' }])
})

test('refusals come in their order of precedence and use the sequence up', async () => {
  const terminal = await terminalWith(5)
  const now = Math.floor(Date.now() / 1000)
  const why = async (change: object, quantity = 1) => {
    const answer = await terminal.ask('supply-order', terminal.order(quantity, change))
    return answer.kind === 'supply-refusal' ? answer.content.why : answer.kind
  }
  const unknown = productId('ATLAS-99')
  expect(await why({ expiresAtS: now - 1 })).toEqual({ reason: 'request-expired' })
  const line = { product: unknown, quantity: 1, unitPriceMinor: 1n }
  expect(await why({ lines: [line] })).toEqual({ reason: 'unknown-product', products: [unknown] })
  expect(await why({ lines: [{ ...line, product: ATLAS_5.id }] })).toEqual({
    reason: 'price-changed',
    prices: [{ product: ATLAS_5.id, unitPriceMinor: UNIT_PRICE_MINOR }],
  })
  expect(await why({}, 6)).toEqual({ reason: 'balance-too-low', missingMinor: UNIT_PRICE_MINOR })
  expect(await why({}, 5)).toBe('supply-delivery')
  const gap = terminal.sign(supplyReceiptMessage, { delivery: 1, deliveryHash: Buffer.alloc(8) }, 40)
  expect(await terminal.ask('supply-receipt', gap)).toMatchObject({
    content: { why: { reason: 'sequence-unexpected', expected: 7 } },
  })
})

test('the receipt posts the money; a later message or the deadline does too', async () => {
  const terminal = await terminalWith(50)
  const one = terminal.order(5)
  const delivery = await terminal.ask('supply-order', one)
  const deliveryHash = delivery.payloadHash.subarray(0, 8)
  const receipt = terminal.sign(supplyReceiptMessage, { delivery: one.sequence, deliveryHash })
  expect(await terminal.ask('supply-receipt', receipt)).toMatchObject({ kind: 'acknowledgement' })
  expect(await stateOf(terminal, one.sequence)).toBe('delivered')

  const two = terminal.order(5)
  await terminal.ask('supply-order', two)
  const three = terminal.order(5)
  await terminal.ask('supply-order', three)
  expect(await stateOf(terminal, two.sequence)).toBe('delivered')
  expect(await stateOf(terminal, three.sequence)).toBe('despatched')
  const { clock, pool } = centre.needs
  await settleOverdueOrders({ pool, clock })
  expect(await stateOf(terminal, three.sequence)).toBe('despatched')
  const tomorrow = { nowMs: () => clock.nowMs() + 25 * 3_600_000 }
  expect(await settleOverdueOrders({ pool, clock: tomorrow })).toBeGreaterThan(0)
  expect(await stateOf(terminal, three.sequence)).toBe('delivered')
  const { rows } = await pool.query<{ reason: string }>(
    `SELECT reason FROM settlement WHERE transfer_id LIKE $1 ORDER BY transfer_id`,
    [`supply:${terminal.id}:%`],
  )
  expect(rows.map(({ reason }) => reason)).toEqual(['receipt', 'later message', 'no receipt'])
})

test('a revoked terminal gets no stored answer any more', async () => {
  const terminal = await terminalWith(50)
  const signed = terminal.order(1)
  await terminal.ask('supply-order', signed)
  await centre.needs.pool.query(
    "UPDATE terminal SET revoked_at = now(), revoked_why = 'stolen' WHERE id = $1",
    [terminal.id],
  )
  expect(await terminal.ask('supply-order', signed)).toMatchObject({
    content: { why: { reason: 'terminal-revoked' } },
  })
  await centre.needs.vault.revokeTerminal(terminal.id)
})

test('a request that never came is burnt; one that came is answered', async () => {
  const terminal = await terminalWith(50)
  const lost = terminal.order(5)
  const status = terminal.sign(statusRequestMessage, { asked: lost.sequence })
  expect(await terminal.ask('status-request', status)).toMatchObject({ content: { fate: 'burnt' } })
  expect(await terminal.ask('supply-order', lost)).toMatchObject({
    content: { why: { reason: 'sequence-unexpected', expected: status.sequence + 1 } },
  })
  expect(await available(terminal)).toBe(50n * UNIT_PRICE_MINOR)
  const next = terminal.order(5)
  await terminal.ask('supply-order', next)
  const again = terminal.sign(statusRequestMessage, { asked: next.sequence })
  expect(await terminal.ask('status-request', again)).toMatchObject({ content: { fate: 'answered' } })
})

test('sales are stored once; a sale of a code that the terminal was not given is an alarm', async () => {
  const terminal = await terminalWith(50)
  const delivery = await terminal.ask('supply-order', terminal.order(3))
  if (delivery.kind !== 'supply-delivery') throw new Error(delivery.kind)
  const { firstSerial } = delivery.content.lots[0]!.runs[0]!
  const sale = (index: number) => ({
    ...{ product: ATLAS_5.id, serial: serialAt(firstSerial, index), ticket: index + 1 },
    ...{ vendor: vendorId('02'), priceId: 1, soldAtS: Math.floor(Date.now() / 1000) },
  })
  const report = (indexes: number[]) =>
    terminal.ask(
      'sales-report',
      terminal.sign(salesReportMessage, { sales: indexes.map(sale), events: [], cards: [] }),
    )
  expect(await report([0, 1])).toMatchObject({ kind: 'acknowledgement' })
  expect(await report([1, 2])).toMatchObject({ kind: 'acknowledgement' })
  expect(await report([3])).toMatchObject({ kind: 'acknowledgement' })
  const { rows } = await centre.needs.pool.query(
    'SELECT serial FROM sale WHERE terminal_id = $1 ORDER BY serial',
    [terminal.id],
  )
  expect(rows).toHaveLength(3)
  const { rows: alarms } = await centre.needs.pool.query(
    `SELECT FROM alarm WHERE kind = 'sale-of-no-code-of-its-own' AND subject = $1`,
    [terminal.id],
  )
  expect(alarms).toHaveLength(1)
})

test('strangers and altered frames get the constant frame', async () => {
  const terminal = await terminalWith(1)
  const signed = terminal.order(1)
  const altered = Buffer.from(signed.frame)
  altered[altered.length - 1]! ^= 1
  for (const bytes of [altered, Buffer.alloc(0), Buffer.alloc(40_000), UNACCEPTABLE_FRAME])
    expect(Buffer.compare(await centre.door(bytes), UNACCEPTABLE_FRAME)).toBe(0)
})
