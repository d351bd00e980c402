// How long the vault knows a code that came, by which fingerprint, and what it reads to find out.

import { serialFromNumber } from '@scratchless/voucher/serial'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rowsRead } from '../../../office/testing/rows-read.ts'
import { ATLAS } from '../../../voucher/testing/example-product.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { SAME_FINGERPRINTS } from '../vault/restock.sql.ts'
import { receiveRestockDelivery } from './receive-restock-delivery.ts'

const DAY_MS = 86_400_000

let centre: TestCentre
beforeEach(async () => {
  centre = await startTestCentre()
})
afterEach(() => centre.close())

/** A part of as many codes from `firstCode` on, as serials from `firstSerial` on; what becomes of it. */
async function part(
  firstSerial: number,
  firstCode: number,
  count: number,
  change: object = {},
): Promise<string> {
  const order = await centre.operator.order(count)
  const runs = [{ firstSerial: serialFromNumber(firstSerial), count }]
  const bytes = await centre.operator.deliver(order, { runs, firstCode, change })
  const answer = await receiveRestockDelivery(centre.needs, ATLAS, bytes)
  if (typeof answer === 'string') throw new Error(answer)
  const receipt = await centre.operator.verifyReceipt(answer.receipt)
  return receipt.reason ?? receipt.verdict
}

const owner = () => centre.vaultDatabase.pool('owner')
async function known(): Promise<number> {
  const { rows } = await owner().query<{ n: number }>('SELECT count(*)::int AS n FROM vault_code_fingerprint')
  return rows[0]!.n
}

test('a code whose fingerprint has 32 bits, of before, is known by them', async () => {
  expect(await part(1_000, 500, 3)).toBe('taken')
  // As it was kept before: the first four of the five bytes, with a sign.
  await owner().query(`
    INSERT INTO vault_fingerprint (serial, fingerprint)
    SELECT serial, ((fingerprint >> 8) & 4294967295)::bit(32)::int FROM vault_code_fingerprint;
    DELETE FROM vault_code_fingerprint`)
  expect(await part(2_000, 502, 1)).toBe('code-known')
  expect(await part(3_000, 503, 1)).toBe('taken')
})

test('a code that only shares the 32 bits of one of before is taken', async () => {
  expect(await part(1_000, 500, 1)).toBe('taken')
  expect(await part(2_000, 600, 1)).toBe('taken')
  await owner().query(`
    INSERT INTO vault_fingerprint (serial, fingerprint)
    SELECT 1000, ((fingerprint >> 8) & 4294967295)::bit(32)::int FROM vault_code_fingerprint WHERE serial = 2000;
    DELETE FROM vault_code_fingerprint;
    DELETE FROM vault_pack WHERE first_serial = 2000`)
  expect(await part(3_000, 600, 1)).toBe('taken')
})

test('a lot’s codes are known until thirty days after its last day; then their fingerprints go with the next part', async () => {
  expect(await part(1_000, 500, 10, { expiresOn: dayFromNow(1) })).toBe('taken')
  centre.clock.move(31 * DAY_MS)
  expect(await part(2_000, 509, 1)).toBe('code-known')
  expect(await part(2_000, 600, 1)).toBe('taken')
  expect(await known()).toBe(11)
  centre.clock.move(DAY_MS)
  expect(await part(3_000, 700, 1)).toBe('taken')
  expect(await known()).toBe(2)
  expect(await part(4_000, 509, 1)).toBe('taken')
  const { rows } = await owner().query('SELECT FROM vault_lot_record WHERE forgotten_at IS NOT NULL')
  expect(rows).toHaveLength(1)
})

test('two parts of what has ended go with each that comes, those that ended first', async () => {
  for (const [at, days] of [3, 1, 2].entries())
    expect(await part(1_000 * (1 + at), 500 * (1 + at), 5, { expiresOn: dayFromNow(days) })).toBe('taken')
  centre.clock.move(60 * DAY_MS)
  expect(await part(9_000, 9_000, 1)).toBe('taken')
  const { rows } = await owner().query<{ serial: number }>(
    'SELECT serial::int FROM vault_code_fingerprint WHERE serial < 9000 ORDER BY serial',
  )
  expect(rows.map(({ serial }) => serial)).toEqual([1_000, 1_001, 1_002, 1_003, 1_004])
})

test('another operator’s codes under the same serials stay known', async () => {
  expect(await part(1_000, 500, 5, { expiresOn: dayFromNow(1) })).toBe('taken')
  await owner().query(
    'INSERT INTO vault_code_fingerprint (fingerprint, serial) SELECT (1::bigint << 40) + serial, serial FROM vault_code_fingerprint',
  )
  centre.clock.move(60 * DAY_MS)
  expect(await part(2_000, 600, 1)).toBe('taken')
  expect(await known()).toBe(6)
})

test('what is known is found along the index, however much there is', async () => {
  await owner().query(`
    INSERT INTO vault_code_fingerprint (fingerprint, serial)
    SELECT 5 * n, n FROM generate_series(1, 100000) AS n; ANALYZE vault_code_fingerprint`)
  const client = await owner().connect()
  try {
    await client.query('SET enable_seqscan = off')
    const asked = `{${Array.from({ length: 1_000 }, (_, n) => 250 * n + 3).join(',')},500}`
    const read = await rowsRead(client, SAME_FINGERPRINTS, [asked])
    expect(read).toEqual({ vault_code_fingerprint: 1 })
  } finally {
    client.release(true)
  }
})

const dayFromNow = (days: number) => new Date(centre.clock.nowMs() + days * DAY_MS).toISOString().slice(0, 10)
