import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { readHead } from '@scratchless/office/audit-chain/audit-chain.sql'
import { readKeptHeads } from '@scratchless/office/audit-chain/kept-head.sql'
import { tieLanes } from '@scratchless/office/audit-chain/tie-lanes'
import { inTransaction } from '@scratchless/office/database/database'
import { depotId, lotId, type MessageId, messageId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { packedSize } from '@scratchless/voucher/packed-code'
import { productId } from '@scratchless/voucher/product'
import { newMessageId, systemRandom } from '@scratchless/voucher/random'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { verifyRestockDelivery } from '@scratchless/wire/restock/restock-delivery'
import { signRestockOrder } from '@scratchless/wire/restock/restock-order'
import { verifyRestockOrderResponse } from '@scratchless/wire/restock/restock-order-response'
import type { RestockVerifying } from '@scratchless/wire/restock/restock-partner'
import { signingKeyOf, unwrappingKeyOf } from '@scratchless/wire/xml/rsa-keys'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ATLAS, CENTRE, type TestVault, testVault } from '../../testing/test-vault.ts'
import { closeRestockDelivery } from './close-restock-delivery.ts'
import { generateStock } from './generate-stock.ts'
import { signRestockOrderResponse } from './sign-restock-order-response.ts'
import { takeRestockOrder } from './take-restock-order.ts'
import type { DeliveryPlan } from './verbs.ts'

let vault: TestVault
let orderId: MessageId
const FIRST = 100_000_000_000
const CENTRE_HEAD = { n: 1n, hash: Buffer.alloc(32, 1) }

beforeEach(async () => {
  vault = await testVault()
  await vault.addProduct('ATLAS-5', 14)
  await vault.addProduct('ATLAS-1', 14)
  for (const product of ['ATLAS-5', 'ATLAS-1'])
    await generateStock(vault.needs, {
      product: productId(product),
      count: 1_500,
      expiresOn: '2099-12-31',
      activated: true,
      actor: 'amel',
    })
  orderId = await order(1_200)
})
afterEach(() => vault.drop())

async function order(quantity: number, auditHead = CENTRE_HEAD): Promise<MessageId> {
  const id = newMessageId(systemRandom)
  const bytes = await signRestockOrder(
    {
      id,
      issuedAt: '2026-11-22T08:00:00.000Z',
      expiresAt: '2099-11-22T08:00:00.000Z',
      depot: depotId('main'),
      sender: CENTRE,
      receiver: ATLAS,
      auditHead,
      lines: [{ lineNo: 1, product: productId('ATLAS-5'), quantity }],
    },
    {
      suite: 'interop',
      signingKey: signingKeyOf(vault.centre.sign.privateKey),
      level: 1,
      receiverKey: vault.own.unwrap,
      random: systemRandom,
    },
  )
  const taken = await takeRestockOrder(vault.needs, { partner: CENTRE, bytes })
  if ('refusal' in taken) throw new Error(taken.refusal)
  return taken.order.id
}

function plan(over: Partial<DeliveryPlan> = {}): DeliveryPlan {
  return {
    id: newMessageId(systemRandom),
    partner: CENTRE,
    issuedAt: '2026-11-22T08:00:00.000Z',
    orderId,
    orderLineNo: 1,
    part: 1,
    parts: 1,
    lot: lotId('L000001'),
    activatedOn: null,
    unitPrice: money(4_700n, 'TND'),
    runs: [run(1, 0, 100)],
    ...over,
  }
}

const run = (pack: number, offset: number, count: number) => ({
  pack: BigInt(pack),
  firstSerial: serialFromNumber(FIRST + (pack - 1) * 1_000 + offset),
  count,
})

const verifying = (): RestockVerifying => ({
  partner: { id: ATLAS, suite: 'interop', level: 1, verifyKey: vault.own.sign },
  self: CENTRE,
  unwrappingKey: unwrappingKeyOf(vault.centre.unwrap.privateKey),
})
const open = (bytes: Uint8Array) => verifyRestockDelivery(bytes, verifying())

test('a part opens for the centre, and the same plan gives the same bytes', async () => {
  const one = plan({ runs: [run(1, 0, 1_000), run(2, 0, 100)] })
  const bytes = await closeRestockDelivery(vault.needs, one)
  if ('refusal' in bytes) throw new Error(bytes.refusal)
  const verified = await open(bytes)
  if ('refusal' in verified) throw new Error(verified.refusal)
  expect(verified.content).toMatchObject({ product: 'ATLAS-5', lot: 'L000001', expiresOn: '2099-12-31' })
  expect(verified.packedCodes.length).toBe(1_100 * packedSize(14))
  expect(await closeRestockDelivery(vault.needs, one)).toEqual(bytes)
  expect(await closeRestockDelivery(vault.needs, { ...one, part: 2, parts: 2 })).toEqual({
    refusal: 'delivery-differs',
  })
})

test.each<[string, Partial<DeliveryPlan>, string]>([
  ['nobody’s order', { orderId: messageId('00000000-0000-4000-8000-000000000000') }, 'unknown-order-line'],
  ['a line that the order has not', { orderLineNo: 2 }, 'unknown-order-line'],
  ['a lot of another product than ordered', { lot: lotId('L000002'), runs: [run(3, 0, 1)] }, 'unknown-lot'],
  ['no lot', { lot: lotId('L000099') }, 'unknown-lot'],
  ['a pack of another lot', { runs: [{ ...run(1, 0, 1), pack: 3n }] }, 'run-differs'],
  ['serials beyond the pack', { runs: [run(1, 950, 100)] }, 'run-differs'],
  ['more than the signed order asked for', { runs: [run(1, 0, 1_000), run(2, 0, 201)] }, 'more-than-ordered'],
])('%s: nothing is closed', async (_, over, refusal) => {
  expect(await closeRestockDelivery(vault.needs, plan(over))).toEqual({ refusal })
  expect(await vault.count('closed_delivery')).toBe(0)
  expect(await vault.count('sealed_pack WHERE closed <> 0::bit(1000)')).toBe(0)
})

test('the api cannot have the same codes closed twice, nor an order filled twice', async () => {
  const first = await closeRestockDelivery(vault.needs, plan({ runs: [run(1, 0, 1_000)] }))
  expect('refusal' in first).toBe(false)
  expect(await closeRestockDelivery(vault.needs, plan({ runs: [run(1, 0, 1_000)] }))).toEqual({
    refusal: 'closed-already',
  })
  expect(await closeRestockDelivery(vault.needs, plan({ runs: [run(2, 0, 300)] }))).toEqual({
    refusal: 'more-than-ordered',
  })
})

test('codes go in any order, each once, and a void one goes to nobody', async () => {
  const close = (...runs: ReturnType<typeof run>[]) => closeRestockDelivery(vault.needs, plan({ runs }))
  const closed = async () =>
    (await vault.needs.pool.query('SELECT sum(bit_count(closed))::int AS n FROM sealed_pack')).rows
  expect('refusal' in (await close(run(1, 500, 10), run(1, 700, 1)))).toBe(false)
  expect(await close(run(1, 400, 101))).toEqual({ refusal: 'closed-already' })
  expect(await close(run(1, 509, 1))).toEqual({ refusal: 'closed-already' })
  expect(await close(run(2, 0, 1), run(1, 700, 1))).toEqual({ refusal: 'closed-already' })
  await vault.needs.pool.query('UPDATE sealed_pack SET void = 1::bit(1000) << 998 WHERE id = 1')
  expect(await close(run(1, 0, 2))).toEqual({ refusal: 'closed-already' })
  expect(await closed()).toEqual([{ n: 11 }])
  expect('refusal' in (await close(run(1, 2, 498), run(1, 510, 190)))).toBe(false)
  expect('refusal' in (await close(run(1, 0, 1)))).toBe(false)
})

test('of many who ask for the same codes at once, one gets them', async () => {
  // Connections are open beforehand, so that all of them read before the first one writes.
  await Promise.all(Array.from({ length: 8 }, () => vault.needs.pool.query('SELECT pg_sleep(0.1)')))
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => closeRestockDelivery(vault.needs, plan({ runs: [run(1, 0, 100)] }))),
  )
  const refused = answers.filter((answer) => 'refusal' in answer)
  expect(refused).toEqual(Array.from({ length: 7 }, () => ({ refusal: 'closed-already' })))
  expect(await vault.count('closed_delivery')).toBe(1)
})

test('a lot record planted by whoever holds the database does not open', async () => {
  const owner = vault.vaultDatabase.pool('owner')
  await owner.query("UPDATE sealed_lot SET mac = decode(repeat('00', 32), 'hex') WHERE id = 'L000001'")
  await expect(closeRestockDelivery(vault.needs, plan())).rejects.toThrow('not-ours')
})

test('a sealed code that was moved does not open, and nothing is closed', async () => {
  const owner = vault.vaultDatabase.pool('owner')
  await owner.query(
    `UPDATE sealed_pack SET sealed = (SELECT sealed FROM sealed_pack WHERE id = 3) WHERE id = 1`,
  )
  await expect(closeRestockDelivery(vault.needs, plan())).rejects.toThrow('100000000000')
  expect(await vault.count('closed_delivery')).toBe(0)
})

test('only an order that the vault verified is answered, by its own lines and no more than they asked', async () => {
  const response: Parameters<typeof signRestockOrderResponse>[1] = {
    id: newMessageId(systemRandom),
    issuedAt: '2026-11-22T08:00:00.000Z',
    orderId,
    verdict: 'accepted',
    lines: [
      {
        lineNo: 1,
        product: productId('ATLAS-5'),
        quantityAccepted: 1_200,
        backOrder: 0,
        unitPrice: money(4_700n, 'TND'),
      },
    ],
  }
  const line = response.lines[0]!
  const close = (over: object) => signRestockOrderResponse(vault.needs, { ...response, ...over })
  expect(await close({})).toBeInstanceOf(Uint8Array)
  expect(await close({ orderId: newMessageId(systemRandom) })).toEqual({ refusal: 'unknown-order' })
  for (const lines of [
    [{ ...line, quantityAccepted: 1_201 }],
    [{ ...line, backOrder: 1 }],
    [{ ...line, product: productId('ATLAS-1') }],
    [{ ...line, lineNo: 2 }],
    [line, { ...line, lineNo: 2 }],
  ])
    expect(await close({ lines })).toEqual({ refusal: 'lines-differ' })
})

test('response and part bring the operator’s own head, whatever the api asks for', async () => {
  const response = {
    id: newMessageId(systemRandom),
    issuedAt: '2026-11-22T08:00:00.000Z',
    orderId,
    verdict: 'refused' as const,
    reason: 'no-line-accepted' as const,
    lines: [],
    auditHead: CENTRE_HEAD,
  }
  const answered = await signRestockOrderResponse(vault.needs, response)
  const before = await readHead(vault.needs.books)
  if ('refusal' in answered) throw new Error(answered.refusal)
  const verified = await verifyRestockOrderResponse(answered, verifying())
  expect('content' in verified && verified.content.auditHead).toEqual(before)

  const at = new Date(0)
  await inTransaction(vault.database.pool('api'), async (sql) => {
    await appendAudit(sql, { at, actor: 'amel', action: 'staff-signed-in', subject: 'amel' })
    await tieLanes(sql, at)
  })
  const closed = await closeRestockDelivery(vault.needs, plan())
  if ('refusal' in closed) throw new Error(closed.refusal)
  const part = await open(closed)
  expect('content' in part && part.content.auditHead).toEqual(await readHead(vault.needs.books))
  expect(await readHead(vault.needs.books)).not.toEqual(before)
})

test('an order’s head is kept; one that contradicts it is kept beside it and logged, and the order is taken', async () => {
  const errors: unknown[] = []
  vault.needs.log.error = (fields: unknown) => errors.push(fields)
  await order(1)
  expect(errors).toEqual([])
  await order(1, { n: 1n, hash: Buffer.alloc(32, 2) })
  expect(errors).toEqual([{ partner: CENTRE, n: '1' }])
  const kept = await readKeptHeads(vault.vaultDatabase.pool('auditor'))
  expect(kept.map(({ party, hash }) => [party, hash[0]])).toEqual([
    [CENTRE, 1],
    [CENTRE, 2],
  ])
})

test('a stranger’s message is refused before anything is noted', async () => {
  const bytes = Buffer.from('<RestockOrder xmlns="urn:scratchless:restock:1"></RestockOrder>')
  const before = await vault.count('verified_order')
  expect(await takeRestockOrder(vault.needs, { partner: CENTRE, bytes })).toHaveProperty('refusal')
  expect(await vault.count('verified_order')).toBe(before)
})

test('each process’s role does its own work and no other’s', async () => {
  const api = vault.database.pool('api')
  for (const statement of ['DELETE FROM pack', 'DELETE FROM restock_delivery', 'DELETE FROM audit_entry'])
    await expect(api.query(statement)).rejects.toThrow('permission denied')
  const ours = vault.vaultDatabase.pool('vault')
  for (const statement of [
    'UPDATE sealed_pack SET sealed = NULL',
    'DELETE FROM closed_delivery',
    'DELETE FROM code_fingerprint',
    'UPDATE stock_fingerprint SET place = 0',
  ])
    await expect(ours.query(statement)).rejects.toThrow('permission denied')
  const books = vault.database.pool('vault')
  for (const statement of [
    'SELECT * FROM staff',
    'SELECT FROM pack',
    'SELECT FROM audit_entry',
    'UPDATE audit_head SET n = 0',
  ])
    await expect(books.query(statement)).rejects.toThrow('permission denied')
  const auditor = vault.vaultDatabase.pool('auditor')
  for (const statement of ['SELECT sealed FROM sealed_pack', 'SELECT bytes FROM closed_delivery'])
    await expect(auditor.query(statement)).rejects.toThrow('permission denied')
})
