// The centre's restock at its edges: what is ordered, what an answer changes, what is refused in which order, and what
// people are told of.

import { inTransaction } from '@scratchless/office/database/database'
import type { OutgoingMessage } from '@scratchless/office/outbox/outbox.sql'
import { messageId, operatorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { newMessageId, systemRandom } from '@scratchless/voucher/random'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ATLAS, ATLAS_5 } from '../../../voucher/testing/example-product.ts'
import { addTestProduct, startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { receiveRestockDelivery } from './receive-restock-delivery.ts'
import { listRestockOrders } from './restock-routes.ts'
import { postRestockMessage, sendRestockOrder, takeRestockOrderResponse } from './send-restock-order.ts'

let centre: TestCentre
let serial = 30_000
beforeAll(async () => {
  centre = await startTestCentre()
  const of = { operator: operatorId('sahel'), id: productId('SAHEL-5') }
  await addTestProduct(centre.needs.pool, { ...ATLAS_5, ...of }, new Date())
})
afterAll(() => centre.close())

const run = (first: number, count: number) => ({ firstSerial: serialFromNumber(first), count })
async function rows(text: string, values: unknown[] = []) {
  const database = / vault_/.test(text) ? centre.vaultDatabase : centre.database
  return (await database.pool('owner').query(text, values)).rows
}
const alarms = (kind: string) =>
  rows('SELECT subject, details FROM alarm WHERE kind = $1 ORDER BY id', [kind])
type Change = NonNullable<Parameters<TestCentre['operator']['deliver']>[1]['change']>

/** What the centre says to a part of new codes, with this of it changed. */
async function partOf(
  order: Awaited<ReturnType<TestCentre['operator']['order']>>,
  count: number,
  change: Change = {},
) {
  serial += 100
  const bytes = await centre.operator.deliver(order, {
    runs: [run(serial, count)],
    firstCode: serial,
    change,
  })
  const answer = await receiveRestockDelivery(centre.needs, ATLAS, bytes)
  if (typeof answer === 'string') throw new Error(answer)
  return centre.operator.verifyReceipt(answer.receipt)
}

test('an order names an operator and his own products, or none is saved', async () => {
  const wish = (operator: string, product: string) =>
    sendRestockOrder(
      centre.needs,
      { operator: operatorId(operator), lines: [{ product: productId(product), quantity: 1 }] },
      'sami',
    )
  expect(await wish('nobody', 'ATLAS-5')).toBe('unknown-operator')
  expect(await wish('atlas', 'ATLAS-9')).toBe('unknown-product')
  expect(await wish('atlas', 'SAHEL-5')).toBe('unknown-product')
  expect(await rows('SELECT FROM message_out')).toEqual([])
  const sent = await wish('atlas', 'ATLAS-5')
  if (typeof sent === 'string') throw new Error(sent)
  const { id } = sent
  const [order] = await rows('SELECT *, expires_at - ordered_at AS lives FROM restock_order WHERE id = $1', [
    id,
  ])
  expect(order).toMatchObject({ operator: 'atlas', state: 'waiting', reason: null, ordered_by: 'sami' })
  expect(order.lives).toMatchObject({ days: 1 })
  const [out] = await rows('SELECT id, partner, kind, state FROM message_out')
  expect(out).toEqual({ id, partner: 'atlas', kind: 'restock-order', state: 'waiting' })
  const [entry] = await rows('SELECT actor, action, details FROM audit_entry WHERE subject = $1', [id])
  expect(entry).toMatchObject({ actor: 'sami', action: 'restock-ordered' })
  expect(JSON.parse(entry.details)).toEqual({
    depot: 'main',
    operator: 'atlas',
    lines: [{ product: 'ATLAS-5', quantity: 1 }],
  })
})

test('an answer is written down once, and one that does not verify not at all', async () => {
  const order = await centre.operator.order(7)
  expect((await listRestockOrders(centre.needs))[0]).toMatchObject({
    ...{ id: order.id, state: 'accepted', reason: null },
    lines: [{ product: 'ATLAS-5', quantity: 7, accepted: 7, received: 0, unitPrice: '4.700', reason: null }],
  })
  const [entry] = (
    await rows(`SELECT actor, details FROM audit_entry WHERE action = 'restock-order-answered'`)
  ).slice(-1)
  expect(entry).toEqual({ actor: 'atlas', details: '{"verdict":"accepted"}' })
  const [message] = (await rows('SELECT id, partner, kind, bytes, attempts FROM message_out WHERE id = $1', [
    order.id,
  ])) as OutgoingMessage[]
  const taking = inTransaction(centre.needs.pool, (sql) =>
    takeRestockOrderResponse(centre.needs, sql, message!, message!.bytes),
  )
  await expect(taking).rejects.toThrow('the answer of atlas does not verify')
})

test('what is posted is posted to the partner’s own address, and only his 200 is an answer', async () => {
  const message = {
    id: newMessageId(systemRandom),
    partner: 'atlas',
    kind: 'k',
    bytes: Buffer.from('b'),
    attempts: 0,
  }
  const post = vi.fn(async () => ({ status: 200, contentType: '', body: Buffer.from('yes') }))
  const clients = new Map([['atlas', { post, close: () => undefined }]])
  expect(await postRestockMessage(centre.needs, clients as never, message)).toEqual(Buffer.from('yes'))
  const { url } = centre.needs.settings.partners.find(({ party }) => party === ATLAS)!
  expect(post.mock.calls).toEqual([
    [{ url, body: message.bytes, contentType: expect.stringContaining('xml') }],
  ])
  post.mockResolvedValueOnce({ status: 202, contentType: '', body: Buffer.from('no') })
  await expect(postRestockMessage(centre.needs, clients as never, message)).rejects.toThrow('status 202')
  const stranger = postRestockMessage(centre.needs, clients as never, { ...message, partner: 'nobody' })
  await expect(stranger).rejects.toThrow('nobody is no partner')
})

test('bytes that do not open raise an alarm that says of whom and why', async () => {
  const order = await centre.operator.order(1)
  const bytes = await centre.operator.deliver(order, { runs: [run(29_000, 1)], firstCode: 29_000 })
  bytes[bytes.length - 200]! ^= 1
  expect(await receiveRestockDelivery(centre.needs, ATLAS, bytes)).toBe('invalid')
  const [alarm, ...more] = await alarms('restock-message-invalid')
  expect([alarm.subject, more]).toEqual(['atlas', []])
  expect(JSON.parse(alarm.details)).toEqual({ refusal: expect.any(String) })
})

test('a part for an order whose answer is not known yet is asked to come again, without an alarm', async () => {
  const order = await centre.operator.order(1)
  await rows('UPDATE vault_restock_line SET accepted = NULL WHERE order_id = $1', [order.id])
  const before = await rows('SELECT FROM alarm')
  const bytes = await centre.operator.deliver(order, { runs: [run(29_100, 1)], firstCode: 29_100 })
  expect(await receiveRestockDelivery(centre.needs, ATLAS, bytes)).toBe('not-yet')
  expect(await rows('SELECT FROM alarm')).toHaveLength(before.length)
  expect(await rows('SELECT FROM vault_restock_delivery WHERE id = $1', [order.id])).toEqual([])
})

test('a part that is refused is written down with its reason, told in the audit, and an alarm', async () => {
  const order = await centre.operator.order(3)
  const receipt = await partOf(order, 3, { expiresOn: '2026-01-01' })
  expect(receipt).toMatchObject({ verdict: 'refused', reason: 'expired', count: 0 })
  const id = receipt.deliveryId
  expect((await alarms('restock-delivery-refused')).at(-1)).toEqual({
    ...{ subject: id, details: '{"reason":"expired","duplicates":0}' },
  })
  const [row] = await rows('SELECT verdict, reason, codes FROM restock_delivery WHERE id = $1', [id])
  expect(row).toEqual({ verdict: 'refused', reason: 'expired', codes: 0 })
  const [entry] = await rows('SELECT actor, action FROM audit_entry WHERE subject = $1', [id])
  expect(entry).toEqual({ actor: 'atlas', action: 'restock-delivery-refused' })
  expect((await listRestockOrders(centre.needs))[0]!.lines[0]!.received).toBe(0)
})

test('a part that is taken is told in the audit, and no alarm', async () => {
  const order = await centre.operator.order(3)
  const before = (await rows('SELECT FROM alarm')).length
  const { deliveryId } = await partOf(order, 2)
  expect(await rows('SELECT FROM alarm')).toHaveLength(before)
  const [entry] = await rows('SELECT actor, action, details FROM audit_entry WHERE subject = $1', [
    deliveryId,
  ])
  expect(entry).toMatchObject({ actor: 'atlas', action: 'restock-delivery-taken' })
  expect(JSON.parse(entry.details)).toMatchObject({ orderId: order.id, product: 'ATLAS-5', codes: 2 })
  expect((await listRestockOrders(centre.needs))[0]).toMatchObject({
    state: 'accepted',
    lines: [{ received: 2 }],
  })
  // Exactly what was accepted is taken, and not one code more.
  expect(await partOf(order, 2)).toMatchObject({ reason: 'more-than-accepted' })
  expect(await partOf(order, 1)).toMatchObject({ verdict: 'taken' })
  expect((await listRestockOrders(centre.needs))[0]).toMatchObject({ state: 'received' })
})

test('codes are taken on their last day and refused on the next', async () => {
  const order = await centre.operator.order(2)
  const day = (ms: number) => new Date(centre.clock.nowMs() + ms).toISOString().slice(0, 10)
  expect(await partOf(order, 1, { expiresOn: day(-86_400_000) })).toMatchObject({ reason: 'expired' })
  expect(await partOf(order, 1, { expiresOn: day(0) })).toMatchObject({ verdict: 'taken' })
})

const LATER = {
  expired: { expiresOn: '2026-01-01' },
  length: { codeDigits: 13 },
  price: { unitPrice: { amountMinor: 4_699n, currency: 'TND' } },
  product: { product: productId('SAHEL-5') },
  line: { orderLineNo: 2 },
} as const
test.each<[string, Change]>([
  ['unknown-order', { ...LATER.line, ...LATER.product, orderId: messageId(newMessageId(systemRandom)) }],
  ['unknown-order-line', { ...LATER.line, ...LATER.product, ...LATER.price }],
  ['product-differs', { ...LATER.product, ...LATER.price, ...LATER.length }],
  ['price-differs', { ...LATER.price, ...LATER.length, ...LATER.expired }],
  ['code-length-differs', { ...LATER.length, ...LATER.expired }],
  ['more-than-accepted', { ...LATER.expired }],
])('of several reasons the first is said: %s', async (reason, change) => {
  const order = await centre.operator.order(1)
  expect(await partOf(order, 2, change)).toMatchObject({ verdict: 'refused', reason, count: 0 })
})

test('of the last reasons: what expired before a known serial, a known serial before a malformed code', async () => {
  const order = await centre.operator.order(3)
  await partOf(order, 1)
  const again = async (first: number, firstCode: number, change: Change = {}) => {
    const bytes = await centre.operator.deliver(order, { runs: [run(first, 1)], firstCode, change })
    const answer = await receiveRestockDelivery(centre.needs, ATLAS, bytes)
    if (typeof answer === 'string') throw new Error(answer)
    return (await centre.operator.verifyReceipt(answer.receipt)).reason
  }
  expect(await again(serial, 10 ** 14, LATER.expired)).toBe('expired')
  expect(await again(serial, 10 ** 14)).toBe('serial-known')
  expect(await again(serial + 50, 10 ** 14)).toBe('code-malformed')
  expect(await again(serial + 51, serial)).toBe('code-known')
})
