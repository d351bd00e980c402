import { readHead } from '@scratchless/office/audit-chain/audit-chain.sql'
import { readKeptHeads } from '@scratchless/office/audit-chain/kept-head.sql'
import { newMessageId, systemRandom } from '@scratchless/voucher/random'
import { serialFromNumber, serialNumber } from '@scratchless/voucher/serial'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ATLAS } from '../../../voucher/testing/example-product.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { receiveRestockDelivery } from './receive-restock-delivery.ts'
import { listRestockOrders } from './restock-routes.ts'

let centre: TestCentre
beforeAll(async () => {
  centre = await startTestCentre()
})
afterAll(() => centre.close())

const run = (first: number, count: number) => ({ firstSerial: serialFromNumber(first), count })

async function receive(bytes: Uint8Array) {
  const answer = await receiveRestockDelivery(centre.needs, ATLAS, bytes)
  if (typeof answer === 'string') throw new Error(answer)
  return { bytes: Buffer.from(answer.receipt), ...(await centre.operator.verifyReceipt(answer.receipt)) }
}

async function countIn(table: string): Promise<number> {
  const database = table.startsWith('vault_') ? centre.vaultDatabase : centre.database
  const { rows } = await database
    .pool('owner')
    .query<{ n: bigint }>(`SELECT coalesce(sum(count), 0) AS n FROM ${table}`)
  return Number(rows[0]!.n)
}

test('a part is taken: packs at the api and at the vault agree, and the order is received', async () => {
  const order = await centre.operator.order(2_500)
  const before = [await countIn('pack'), await countIn('vault_pack')]
  const receipt = await receive(
    await centre.operator.deliver(order, { runs: [run(1_000, 2_500)], firstCode: 1_000 }),
  )
  expect(receipt).toMatchObject({ verdict: 'taken', count: 2_500, duplicates: [], orderId: order.id })
  expect([await countIn('pack'), await countIn('vault_pack')]).toEqual(before.map((n) => n + 2_500))
  const [view] = await listRestockOrders(centre.needs)
  expect(view).toMatchObject({
    id: order.id,
    state: 'received',
    lines: [{ accepted: 2_500, received: 2_500 }],
  })
})

test('the same part again gets the same bytes and adds nothing', async () => {
  const order = await centre.operator.order(10)
  const bytes = await centre.operator.deliver(order, { runs: [run(10_000, 10)], firstCode: 10_000 })
  const [first, second] = await Promise.all([receive(bytes), receive(bytes)])
  expect(second.bytes).toEqual(first.bytes)
  const before = await countIn('pack')
  expect((await receive(bytes)).bytes).toEqual(first.bytes)
  expect(await countIn('pack')).toBe(before)
})

test('the same id with another content is refused and alarmed, and the first answer stays', async () => {
  const order = await centre.operator.order(10)
  const bytes = await centre.operator.deliver(order, { runs: [run(11_000, 5)], firstCode: 11_000 })
  const first = await receive(bytes)
  const change = { id: first.deliveryId }
  const altered = await centre.operator.deliver(order, { runs: [run(11_100, 5)], firstCode: 11_100, change })
  expect(await receive(altered)).toMatchObject({ verdict: 'refused', reason: 'duplicate-content' })
  expect((await receive(bytes)).bytes).toEqual(first.bytes)
  const { rows } = await centre.needs.pool.query(
    `SELECT subject FROM alarm WHERE kind = 'restock-message-altered'`,
  )
  expect(rows).toEqual([{ subject: first.deliveryId }])
})

test('a code that is here is named by the serial under which it came again, and nothing of the part is taken', async () => {
  const order = await centre.operator.order(20)
  await receive(await centre.operator.deliver(order, { runs: [run(12_000, 5)], firstCode: 12_000 }))
  const before = [await countIn('pack'), await countIn('vault_pack')]
  const again = await centre.operator.deliver(order, { runs: [run(12_100, 5)], firstCode: 12_003 })
  expect(await receive(again)).toMatchObject({
    verdict: 'refused',
    reason: 'code-known',
    count: 0,
    duplicates: [{ serial: serialNumber('000000012100') }, { serial: serialNumber('000000012101') }],
  })
  expect([await countIn('pack'), await countIn('vault_pack')]).toEqual(before)
})

test('two codes that only share a fingerprint are both taken', async () => {
  const order = await centre.operator.order(10)
  await receive(await centre.operator.deliver(order, { runs: [run(13_000, 1)], firstCode: 13_000 }))
  // Every fingerprint of the vault becomes that of the code to come: each must be settled by opening it.
  const owner = centre.vaultDatabase.pool('owner')
  await receive(await centre.operator.deliver(order, { runs: [run(13_100, 1)], firstCode: 13_100 }))
  const { rows } = await owner.query<{ fingerprint: bigint }>(
    'SELECT fingerprint FROM vault_code_fingerprint WHERE serial = 13100',
  )
  await owner.query('DELETE FROM vault_code_fingerprint WHERE fingerprint = $1', [rows[0]!.fingerprint])
  await owner.query('UPDATE vault_code_fingerprint SET fingerprint = $1', [rows[0]!.fingerprint])
  const { rows: codes } = await owner.query('SELECT FROM vault_code_fingerprint')
  expect(codes.length).toBeGreaterThan(1)
  const same = await centre.operator.deliver(order, { runs: [run(13_200, 1)], firstCode: 13_100 })
  expect(await receive(same)).toMatchObject({ verdict: 'taken' })
})

test.each([
  ['unknown-order-line', { orderLineNo: 2 }],
  ['price-differs', { unitPrice: { amountMinor: 4_699n, currency: 'TND' } }],
  ['code-length-differs', { codeDigits: 13 }],
  ['expired', { expiresOn: '2026-01-01' }],
] as const)('a part is refused: %s', async (reason, change) => {
  const order = await centre.operator.order(3)
  const bytes = await centre.operator.deliver(order, { runs: [run(14_000, 3)], firstCode: 14_000, change })
  expect(await receive(bytes)).toMatchObject({ verdict: 'refused', reason, count: 0 })
})

test('a part is refused: more than was accepted, a serial that is here, a code with too many digits', async () => {
  const order = await centre.operator.order(3)
  const more = await centre.operator.deliver(order, { runs: [run(15_000, 4)], firstCode: 15_000 })
  expect(await receive(more)).toMatchObject({ reason: 'more-than-accepted' })
  await receive(await centre.operator.deliver(order, { runs: [run(15_000, 2)], firstCode: 15_000 }))
  const serial = await centre.operator.deliver(order, { runs: [run(15_001, 1)], firstCode: 15_900 })
  expect(await receive(serial)).toMatchObject({ reason: 'serial-known' })
  const digits = await centre.operator.deliver(order, { runs: [run(15_500, 1)], firstCode: 10 ** 14 })
  expect(await receive(digits)).toMatchObject({ reason: 'code-malformed' })
})

test('bytes that do not open get the constant answer and an alarm', async () => {
  const order = await centre.operator.order(1)
  const bytes = await centre.operator.deliver(order, { runs: [run(16_000, 1)], firstCode: 16_000 })
  bytes[bytes.length - 200]! ^= 1
  expect(await receiveRestockDelivery(centre.needs, ATLAS, bytes)).toBe('invalid')
})

test('the api cannot connect to what is sealed, and nobody rewrites entries', async () => {
  const { pool } = centre.needs
  await expect(centre.vaultDatabase.pool('api').query('SELECT')).rejects.toThrow('permission denied')
  await expect(pool.query('UPDATE transfer SET amount_minor = 1')).rejects.toThrow('permission denied')
  await expect(pool.query('DELETE FROM sale')).rejects.toThrow('permission denied')
  const auditor = centre.vaultDatabase.pool('auditor')
  await expect(auditor.query('SELECT sealed FROM vault_pack')).rejects.toThrow('permission denied')
})

test('a part’s head is kept once; another hash at its place is an alarm, and the part is taken all the same', async () => {
  const order = await centre.operator.order(3)
  const part = (first: number, byte: number) => {
    const change = { auditHead: { n: 900n, hash: Buffer.alloc(32, byte) } }
    return centre.operator.deliver(order, { runs: [run(first, 1)], firstCode: first, change })
  }
  const [first, same, other] = [await part(20_001, 1), await part(20_002, 1), await part(20_003, 2)]
  const alarms = async () => {
    const { rows } = await centre.needs.pool.query(
      `SELECT subject, details FROM alarm WHERE kind = 'audit-head-contradicts'`,
    )
    return rows
  }
  for (const bytes of [first, first, same]) expect(await receive(bytes)).toMatchObject({ verdict: 'taken' })
  expect(await alarms()).toEqual([])
  for (const bytes of [other, other]) expect(await receive(bytes)).toMatchObject({ verdict: 'taken' })
  expect(await alarms()).toEqual([
    { subject: ATLAS, details: JSON.stringify({ n: '900', hash: '02'.repeat(32) }) },
  ])
  const kept = await readKeptHeads(centre.vaultDatabase.pool('auditor'))
  expect(kept.filter(({ n }) => n === 900n).map(({ party, hash }) => [party, hash[0]])).toEqual([
    [ATLAS, 1],
    [ATLAS, 2],
  ])
})

test('order and receipt bring the centre’s own head, whatever the api asks for', async () => {
  const head = () => readHead(centre.needs.pool)
  const before = await head()
  const order = await centre.operator.order(1)
  expect(order.auditHead).toEqual(before)
  const bytes = await centre.operator.deliver(order, { runs: [run(21_000, 1)], firstCode: 21_000 })
  const now = await head()
  expect((await receive(bytes)).auditHead).toEqual(now)

  const { auditHead: _, ...wish } = { ...order, id: newMessageId(systemRandom) }
  const chosen = { ...wish, auditHead: { n: 1n, hash: Buffer.alloc(32) } }
  const signed = await centre.operator.verifyOrder(await centre.needs.vault.signRestockOrder(chosen))
  expect(signed.auditHead).toEqual(await head())
})
