// Orders and receipts by the real vault and tables, with a clock and a log of the test's: each refusal, each date's
// edge, what stands in the rows afterwards, and what is told to people.

import type { Log } from '@scratchless/program/log'
import { depotId, type LotId, type MessageId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { productId } from '@scratchless/voucher/product'
import { newMessageId, systemRandom } from '@scratchless/voucher/random'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { type RestockOrder, signRestockOrder } from '@scratchless/wire/restock/restock-order'
import { verifyRestockOrderResponse } from '@scratchless/wire/restock/restock-order-response'
import { type RestockReceipt, signRestockReceipt } from '@scratchless/wire/restock/restock-receipt'
import { signingKeyOf, unwrappingKeyOf } from '@scratchless/wire/xml/rsa-keys'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ATLAS, CENTRE, type TestVault, testVault } from '../../testing/test-vault.ts'
import { createPartnerAccount } from '../finance/partner-account.ts'
import { closeRestockDelivery } from '../vault/close-restock-delivery.ts'
import { generateStock } from '../vault/generate-stock.ts'
import { openNotUnderstood, openRestockNotice } from '../vault/restock-notices.ts'
import { readSealedLots } from '../vault/sealed-stock.sql.ts'
import { signRestockOrderResponse } from '../vault/sign-restock-order-response.ts'
import { takeRestockOrder } from '../vault/take-restock-order.ts'
import type { VaultVerbs } from '../vault/verbs.ts'
import { verifyRestockReceipt } from '../vault/verify-restock-receipt.ts'
import { type RestockOrderNeeds, receiveRestockOrder } from './receive-restock-order.ts'
import { receiveRestockReceipt } from './receive-restock-receipt.ts'
import { findPlannedDeliveries } from './restock.sql.ts'
import { sendRestockDelivery, startRestockDeliveries } from './send-restock-delivery.ts'

const NOW = Date.parse('2026-11-22T10:00:00.000Z')
const FIVE = productId('ATLAS-5')
const clock = { at: NOW, nowMs: () => clock.at }
const log = { warn: vi.fn(), error: vi.fn(), info: vi.fn() }
let vault: TestVault
let needs: RestockOrderNeeds & { vault: VaultVerbs }

beforeEach(async () => {
  clock.at = NOW
  vi.clearAllMocks()
  vault = await testVault()
  const own = { ...vault.needs, clock }
  const verbs = {
    listSealedLots: ({ known }) => readSealedLots(own.pool, known, 10),
    takeRestockOrder: (argument) => takeRestockOrder(own, argument),
    signRestockOrderResponse: (response) => signRestockOrderResponse(own, response),
    closeRestockDelivery: (plan) => closeRestockDelivery(own, plan),
    verifyRestockReceipt: (argument) => verifyRestockReceipt(own, argument),
    openNotUnderstood: (argument) => openNotUnderstood(own, argument),
    openRestockNotice: (argument) => openRestockNotice(own, argument),
  } as Partial<VaultVerbs> as VaultVerbs
  needs = {
    timeZone: 'UTC',
    ...{ party: ATLAS, pool: vault.database.pool('api'), vault: verbs, clock, random: systemRandom },
    ...{ log: log as unknown as Log, discounts: new Map([[CENTRE, 600]]) },
  }
  await vault.addProduct(FIVE, 14)
  await account(null)
})
afterEach(() => vault.drop())

const account = (guaranteeMinor: bigint | null) =>
  createPartnerAccount(needs.pool, {
    ...{ partner: CENTRE, currency: 'TND', guaranteeMinor, openedAt: new Date(NOW) },
  })
async function rows(text: string, values: unknown[] = []) {
  return (await vault.database.pool('owner').query(text, values)).rows
}
const audited = () =>
  rows('SELECT at, actor, action, subject, details FROM audit_entry WHERE actor = $1', [CENTRE])

async function stock(count: number, expiresOn = '2099-12-31', product = FIVE): Promise<LotId> {
  const made = { product, count, expiresOn, activated: true, actor: 'amel' }
  const lot = await generateStock({ ...vault.needs, clock: { nowMs: () => NOW - 86_400_000 * 400 } }, made)
  if ('refusal' in lot) throw new Error(lot.refusal)
  return lot.lot
}

const closing = () => ({
  suite: 'interop' as const,
  signingKey: signingKeyOf(vault.centre.sign.privateKey),
  level: 1,
  receiverKey: vault.own.unwrap,
  random: systemRandom,
})
const head = { n: 1n, hash: Buffer.alloc(32, 1) }
const from = { sender: CENTRE, receiver: ATLAS, auditHead: head }

async function order(quantity: number, over: Partial<RestockOrder> = {}) {
  const id = newMessageId(systemRandom)
  const lines = [{ lineNo: 1, product: FIVE, quantity }]
  const times = {
    issuedAt: new Date(NOW).toISOString(),
    expiresAt: new Date(NOW + 3_600_000).toISOString(),
    depot: depotId('main'),
  }
  const content = { id, ...times, ...from, lines, ...over }
  return { id: content.id, bytes: await signRestockOrder(content, closing()) }
}

async function say(bytes: Uint8Array) {
  const answer = await receiveRestockOrder(needs, CENTRE, bytes)
  if (answer === null) return null
  const verified = await verifyRestockOrderResponse(answer, {
    partner: { id: ATLAS, suite: 'interop', level: 1, verifyKey: vault.own.sign },
    self: CENTRE,
    unwrappingKey: unwrappingKeyOf(vault.centre.unwrap.privateKey),
  })
  if ('refusal' in verified) throw new Error(verified.refusal)
  return { answer, ...verified.content }
}

test('an order is expired at its very end, and not a millisecond before', async () => {
  await stock(10)
  const [last, late] = [await order(1), await order(1)]
  clock.at = NOW + 3_600_000 - 1
  expect(await say(last.bytes)).toMatchObject({ verdict: 'accepted' })
  clock.at = NOW + 3_600_000
  expect(await say(late.bytes)).toMatchObject({ verdict: 'refused', reason: 'order-expired', lines: [] })
  expect(
    await rows('SELECT verdict, reason, received_at FROM restock_order WHERE id = $1', [late.id]),
  ).toEqual([{ verdict: 'refused', reason: 'order-expired', received_at: new Date(clock.at) }])
  expect((await audited()).map(({ subject, details }) => [subject, JSON.parse(details)])).toEqual([
    [last.id, { verdict: 'accepted', codes: 1 }],
    [late.id, { verdict: 'refused', codes: 0 }],
  ])
})

test('what is promised stands in rows: price and how it came, packs, parts, money that is on its way', async () => {
  const lot = await stock(1_500)
  const one = await order(1_200)
  expect(await say(one.bytes)).toMatchObject({ verdict: 'accepted', orderId: one.id })
  expect(await rows('SELECT * FROM restock_order_line')).toEqual([
    {
      ...{ order_id: one.id, line_no: 1, product: FIVE, ordered: 1_200, accepted: 1_200, reason: null },
      ...{ unit_price_minor: 4_700n, currency: 'TND', discount_basis_points: 600, rounding: 'half-up' },
    },
  ])
  expect(
    await rows('SELECT first_serial, bit_count(given)::int AS given FROM pack ORDER BY first_serial'),
  ).toEqual([
    { first_serial: 100_000_000_000n, given: 1_000 },
    { first_serial: 100_000_001_000n, given: 200 },
  ])
  expect(
    await rows('SELECT order_id, line_no, part, parts, lot, codes, state, issued_at FROM restock_delivery'),
  ).toEqual([
    {
      order_id: one.id,
      line_no: 1,
      part: 1,
      parts: 1,
      lot,
      codes: 1_200,
      state: 'planned',
      issued_at: new Date(NOW),
    },
  ])
  const books = `SELECT debits_pending, debits_posted FROM account WHERE id = 'partner:centre'`
  expect(await rows(books)).toEqual([{ debits_pending: 4_700n * 1_200n, debits_posted: 0n }])
  expect(await rows('SELECT answer IS NOT NULL AS answered, answered_at FROM message_in')).toEqual([
    { answered: true, answered_at: new Date(NOW) },
  ])
})

test('codes go by their last day, then by lot; those that end today are promised to nobody', async () => {
  const [late, today, soon, same] = [
    await stock(2, '2099-12-31'),
    await stock(2, '2026-11-22'),
    await stock(2, '2026-11-23'),
    await stock(2, '2026-11-23'),
  ]
  const one = await order(5)
  expect(await say(one.bytes)).toMatchObject({ verdict: 'accepted' })
  expect(await rows('SELECT lot, codes FROM restock_delivery ORDER BY part')).toEqual([
    { lot: soon, codes: 2 },
    { lot: same, codes: 2 },
    { lot: late, codes: 1 },
  ])
  expect(await say((await order(2)).bytes)).toMatchObject({
    ...{ verdict: 'partly', lines: [{ quantityAccepted: 1, reason: 'not-enough-stock' }] },
  })
  expect(await rows('SELECT free FROM pack WHERE lot = $1', [today])).toEqual([{ free: 2 }])
})

test('up to its guarantee a partner orders; a millime beyond, all of it is refused and nothing is promised', async () => {
  await stock(30)
  expect(await account(4_700n * 10n)).toBe('unknown-account')
  await rows(`UPDATE account SET credit_line_minor = ${4_700n * 10n} WHERE id = 'partner:centre'`)
  const over = await order(11)
  expect(await say(over.bytes)).toMatchObject({ verdict: 'refused', reason: 'headroom-exceeded', lines: [] })
  expect(await rows('SELECT sum(bit_count(given))::int AS n FROM pack')).toEqual([{ n: 0 }])
  expect(await rows('SELECT FROM restock_delivery')).toEqual([])
  expect(await rows('SELECT FROM transfer')).toEqual([])
  expect(await rows('SELECT verdict, reason FROM restock_order')).toEqual([
    { verdict: 'refused', reason: 'headroom-exceeded' },
  ])
  expect(await say((await order(10)).bytes)).toMatchObject({ verdict: 'accepted' })
  expect(await say((await order(1)).bytes)).toMatchObject({ reason: 'headroom-exceeded' })
})

test('a guarantee follows the settings, but not below what is owed', async () => {
  const other = { partner: 'other' as typeof CENTRE, currency: 'TND' as const, openedAt: new Date(NOW) }
  const set = (guaranteeMinor: bigint | null) =>
    createPartnerAccount(needs.pool, { ...other, guaranteeMinor })
  const line = async () =>
    (await rows(`SELECT credit_line_minor AS line FROM account WHERE id = 'partner:other'`))[0]
  expect([await set(5_000n), await line()]).toEqual([null, { line: 5_000n }])
  expect([await set(6_000n), await line()]).toEqual([null, { line: 6_000n }])
  expect([await set(null), await line()]).toEqual([null, { line: 6_000n }])
  await rows(`UPDATE account SET debits_pending = 6000 WHERE id = 'partner:other'`)
  expect([await set(5_999n), await line()]).toEqual(['line-in-use', { line: 6_000n }])
})

test('of many lines each has its own reason, and a product on hold is nobody’s', async () => {
  await stock(5)
  await vault.addProduct('ATLAS-1', 14)
  await stock(5, '2099-12-31', productId('ATLAS-1'))
  await rows(`UPDATE product SET on_hold = true WHERE id = 'ATLAS-1'`)
  const line = (lineNo: number, product: string) => ({ lineNo, product: productId(product), quantity: 5 })
  const lines = [line(1, 'ATLAS-9'), line(2, 'ATLAS-1'), line(3, 'ATLAS-5')]
  expect(await say((await order(1, { lines })).bytes)).toMatchObject({
    verdict: 'partly',
    lines: [
      { lineNo: 1, quantityAccepted: 0, reason: 'unknown-product' },
      { lineNo: 2, quantityAccepted: 0, reason: 'product-on-hold', unitPrice: money(4_700n, 'TND') },
      { lineNo: 3, quantityAccepted: 5, unitPrice: money(4_700n, 'TND') },
    ],
  })
  expect(await say((await order(1, { lines: lines.slice(0, 2) })).bytes)).toMatchObject({
    ...{ verdict: 'refused', reason: 'no-line-accepted' },
  })
})

test('the same again gets the same bytes; the same id otherwise is refused and told, and the first answer stays', async () => {
  await stock(10)
  const one = await order(3)
  const first = await say(one.bytes)
  expect(await receiveRestockOrder(needs, CENTRE, one.bytes)).toEqual(first!.answer)
  const other = await order(4, { id: one.id })
  expect(await say(other.bytes)).toMatchObject({ verdict: 'refused', reason: 'duplicate-content' })
  expect(log.error.mock.calls).toEqual([
    [{ partner: CENTRE, order: one.id }, 'a restock order came again with another content'],
  ])
  expect(await receiveRestockOrder(needs, CENTRE, one.bytes)).toEqual(first!.answer)
  expect(await rows('SELECT sum(bit_count(given))::int AS n FROM pack')).toEqual([{ n: 3 }])
})

test('what does not open is no order, and is told with why', async () => {
  const one = await order(3)
  one.bytes[one.bytes.length - 300]! ^= 1
  expect(await receiveRestockOrder(needs, CENTRE, one.bytes)).toBeNull()
  expect(log.warn.mock.calls).toEqual([
    [{ partner: CENTRE, refusal: expect.any(String) }, 'a restock message did not open'],
  ])
  expect(await rows('SELECT FROM message_in')).toEqual([])
})

test('a partner without a discount in the settings pays the public price', async () => {
  await stock(1)
  needs = { ...needs, discounts: new Map() }
  expect(await say((await order(1)).bytes)).toMatchObject({ lines: [{ unitPrice: money(5_000n, 'TND') }] })
})

/** A part of three codes on its way, and what a receipt of it says. */
async function part() {
  await stock(3)
  const ordered = await order(3)
  await say(ordered.bytes)
  const [plan] = await findPlannedDeliveries(needs.pool, [], 1)
  expect(await findPlannedDeliveries(needs.pool, [plan!.id], 1)).toEqual([])
  expect(await sendRestockDelivery(needs, plan!)).toBeNull()
  const out = (await rows('SELECT id, partner, kind, bytes, attempts, saved_at FROM message_out'))[0]
  expect(out).toMatchObject({
    id: plan!.id,
    partner: CENTRE,
    kind: 'restock-delivery',
    saved_at: new Date(NOW),
  })
  const receipt = async (over: Partial<RestockReceipt> = {}) =>
    signRestockReceipt(
      {
        ...{ id: newMessageId(systemRandom), issuedAt: new Date(NOW).toISOString(), ...from },
        ...{ deliveryId: plan!.id, orderId: ordered.id, verdict: 'taken', count: 3, duplicates: [] },
        ...over,
      },
      closing(),
    )
  const take = async (over: Partial<RestockReceipt> = {}) =>
    receiveRestockReceipt(needs, vault.database.pool('api') as never, out, await receipt(over))
  return { plan: plan!, ordered, out, take }
}
const settled = (id: MessageId) =>
  rows('SELECT state, codes_taken, reason, settled_at FROM restock_delivery WHERE id = $1', [id])
const owed = async () =>
  (
    await rows(
      `SELECT debits_pending AS pending, debits_posted AS posted FROM account WHERE id = 'partner:centre'`,
    )
  )[0]

test('a receipt of all of a part posts its price, once, and nobody is alarmed', async () => {
  const { plan, take } = await part()
  clock.at = NOW + 5_000
  await take()
  expect(await settled(plan.id)).toEqual([
    { state: 'taken', codes_taken: 3, reason: null, settled_at: new Date(clock.at) },
  ])
  expect(await owed()).toEqual({ pending: 0n, posted: 14_100n })
  expect((await rows('SELECT outcome, reason FROM settlement'))[0]).toEqual({
    outcome: 'posted',
    reason: 'receipt',
  })
  expect(log.error).not.toHaveBeenCalled()
  const entry = (await audited()).at(-1)
  expect(entry).toMatchObject({ action: 'restock-receipt-taken', subject: plan.id, at: new Date(clock.at) })
  expect(JSON.parse(entry.details)).toEqual({ verdict: 'taken', codes: 3, taken: 3 })
  await expect(take()).rejects.toThrow('fits no delivery that waits for one')
  expect(await owed()).toEqual({ pending: 0n, posted: 14_100n })
})

test('a receipt of fewer posts what was taken, keeps the duplicates, and is told to people', async () => {
  const { plan, take } = await part()
  const serial = serialFromNumber(100_000_000_001)
  await take({ count: 2, duplicates: [{ serial }] })
  expect(await settled(plan.id)).toMatchObject([{ state: 'taken', codes_taken: 2 }])
  expect(await owed()).toEqual({ pending: 0n, posted: 9_400n })
  expect((await rows('SELECT outcome, reason FROM settlement'))[0]).toEqual({
    outcome: 'voided',
    reason: 'receipt of fewer',
  })
  expect(await rows('SELECT * FROM restock_duplicate')).toEqual([
    { delivery_id: plan.id, serial: 100_000_000_001n },
  ])
  expect(log.error.mock.calls).toEqual([
    [
      { delivery: plan.id, reason: undefined, codes: 3, taken: 2 },
      'the centre did not take all of a delivery part',
    ],
  ])
})

test('a part that was refused is owed by nobody', async () => {
  const { plan, take } = await part()
  await take({ verdict: 'refused', reason: 'expired', count: 0 })
  expect(await settled(plan.id)).toMatchObject([{ state: 'refused', codes_taken: 0, reason: 'expired' }])
  expect(await owed()).toEqual({ pending: 0n, posted: 0n })
  expect(log.error).toHaveBeenCalledOnce()
})

test('a receipt that fits nothing changes nothing', async () => {
  const { plan, out, take } = await part()
  const id = newMessageId(systemRandom)
  await expect(take({ deliveryId: id })).rejects.toThrow(`of another delivery: ${id}`)
  await expect(take({ orderId: id })).rejects.toThrow('fits no delivery')
  await expect(take({ count: 4 })).rejects.toThrow('fits no delivery')
  const noise = receiveRestockReceipt(needs, vault.database.pool('api') as never, out, Buffer.from('<x/>'))
  await expect(noise).rejects.toThrow('the answer is no receipt')
  await rows(`UPDATE restock_delivery SET state = 'planned'`)
  await expect(take()).rejects.toThrow('fits no delivery')
  expect(await settled(plan.id)).toMatchObject([{ codes_taken: null, settled_at: null }])
  expect(await owed()).toEqual({ pending: 14_100n, posted: 0n })
})

test('a part that is on its way already is not put into the outbox again', async () => {
  const { plan } = await part()
  expect(await sendRestockDelivery(needs, plan)).toBeNull()
  expect(await rows('SELECT FROM message_out')).toHaveLength(1)
})

test('a part that the vault refuses is told, and rests a minute while others go', async () => {
  await stock(30)
  for (let n = 0; n < 4; n++) await say((await order(2)).bytes)
  const plans = await findPlannedDeliveries(needs.pool, [], 10)
  expect(plans.map(({ runs }) => runs[0]!.firstSerial)).toEqual(
    [0, 2, 4, 6].map((n) => serialFromNumber(100_000_000_000 + n)),
  )
  const asked: MessageId[] = []
  const own = { ...needs.vault }
  own.closeRestockDelivery = async (plan) => {
    asked.push(plan.id)
    if (plan.id === plans[0]!.id) return { refusal: 'unknown-lot' }
    return Buffer.from('bytes')
  }
  const loop = startRestockDeliveries({ ...needs, vault: own })
  try {
    await vi.waitFor(async () => expect(await rows('SELECT FROM message_out')).toHaveLength(3), 10_000)
  } finally {
    await loop.stop()
  }
  expect(asked.filter((id) => id === plans[0]!.id)).toHaveLength(1)
  expect(log.error.mock.calls).toEqual([
    [{ delivery: plans[0]!.id, refusal: 'unknown-lot' }, 'the vault refuses a delivery part'],
  ])
})
