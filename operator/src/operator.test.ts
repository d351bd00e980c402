import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runChecks } from '@scratchless/office/audit/run-checks'
import { packedSize } from '@scratchless/voucher/packed-code'
import { productId } from '@scratchless/voucher/product'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditOffice } from '../../office/testing/audit-office.ts'
import { startTestOperator, type TestOperator } from '../testing/test-operator.ts'
import { operatorChecks } from './audit.ts'
import { postStockFile } from './stock/post-stock-file.ts'

let atlas: TestOperator
beforeAll(async () => {
  atlas = await startTestOperator()
  for (const [id, price] of [
    ['ATLAS-1', '1.000'],
    ['ATLAS-5', '5.000'],
  ])
    await atlas.call('POST', '/api/products', {
      id,
      faceValue: price,
      publicPrice: price,
      tax: '0.060',
      netCredit: '0.940',
      codeDigits: 14,
      checkDigit: 'none',
      validityDays: 365,
      refillTemplate: '*123*{code}#',
    })
})
afterAll(() => atlas.stop())

const five = productId('ATLAS-5')

async function stockOf(product: string) {
  const { body } = await atlas.call('GET', '/api/stock')
  const rows = body.stock as unknown as { product: string }[]
  return rows.find((row) => row.product === product)
}

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  const beganMs = performance.now()
  while (!(await holds())) {
    if (performance.now() - beganMs > 15_000)
      throw new Error(
        `waited in vain: ${readFileSync(`${atlas.folder}/config.json.log`, 'utf8').slice(-3_000)}`,
      )
    await sleep(20)
  }
}

async function states(orderId: string): Promise<string[]> {
  const { body } = await atlas.call('GET', '/api/restock/deliveries')
  const rows = body.deliveries as unknown as { orderId: string; state: string }[]
  return rows.filter((row) => row.orderId === orderId).map(({ state }) => state)
}

test('a generated lot is ordered, answered once, delivered in parts and receipted', async () => {
  const made = await atlas.call('POST', '/api/stock/generations', {
    product: five,
    count: 25_000,
    activated: true,
  })
  expect(made).toMatchObject({ status: 201, body: { product: 'ATLAS-5', codes: 25_000 } })

  const { order, bytes } = await atlas.order([
    { lineNo: 1, product: five, quantity: 20_500 },
    { lineNo: 2, product: productId('ATLAS-9'), quantity: 10 },
    { lineNo: 3, product: productId('ATLAS-1'), quantity: 10 },
  ])
  const [first, second] = await Promise.all([atlas.post(bytes), atlas.post(bytes)])
  expect(first.status).toBe(200)
  expect(second.body.equals(first.body)).toBe(true)
  const response = await atlas.open(first)
  expect(response).toMatchObject({
    verdict: 'partly',
    orderId: order.id,
    lines: [
      { quantityAccepted: 20_500, unitPrice: { amountMinor: 4_700n, currency: 'TND' } },
      { quantityAccepted: 0, reason: 'unknown-product' },
      { quantityAccepted: 0, reason: 'not-enough-stock', unitPrice: { amountMinor: 940n } },
    ],
  })

  await until(async () => (await states(order.id)).join() === 'taken,taken,taken')
  expect(atlas.parts.map(({ delivery }) => [delivery.part, delivery.parts])).toHaveLength(3)
  const codes = new Set<string>()
  for (const { delivery, packedCodes } of atlas.parts) {
    expect(delivery).toMatchObject({ orderId: order.id, orderLineNo: 1, parts: 3, lot: 'L000001' })
    expect(delivery.activatedOn).toBeDefined()
    for (let at = 0; at < packedCodes.length; at += packedSize(14))
      codes.add(packedCodes.toString('hex', at, at + packedSize(14)))
  }
  expect(codes.size).toBe(20_500)
  expect(await stockOf(five)).toEqual({
    product: 'ATLAS-5',
    inStock: 4_500,
    despatched: 0,
    delivered: 20_500,
    ...{ onHold: 0, inDoubt: 0, damaged: 0, stolen: 0, returned: 0, expired: 0, void: 0 },
    notActivated: 0,
  })
})

test('the same order with another content is refused and promises nothing', async () => {
  const { order, bytes } = await atlas.order([{ lineNo: 1, product: five, quantity: 1 }])
  expect(await atlas.open(await atlas.post(bytes))).toMatchObject({ verdict: 'accepted' })
  const other = await atlas.order([{ lineNo: 1, product: five, quantity: 2 }], { id: order.id })
  expect(await atlas.open(await atlas.post(other.bytes))).toMatchObject({
    verdict: 'refused',
    reason: 'duplicate-content',
  })
  await until(async () => (await states(order.id)).join() === 'taken')
  expect(await stockOf(five)).toMatchObject({ inStock: 4_499 })
})

test('an expired order has no effect, and keeps its answer', async () => {
  const { bytes } = await atlas.order([{ lineNo: 1, product: five, quantity: 1 }], {
    issuedAt: '2026-01-01T00:00:00.000Z',
    expiresAt: '2026-01-02T00:00:00.000Z',
  })
  const answers = [await atlas.post(bytes), await atlas.post(bytes)]
  expect(answers[0]!.body.equals(answers[1]!.body)).toBe(true)
  expect(await atlas.open(answers[0]!)).toMatchObject({ verdict: 'refused', reason: 'order-expired' })
})

test('what does not open gets the same bytes, whatever is wrong with it', async () => {
  const { bytes } = await atlas.order([{ lineNo: 1, product: five, quantity: 1 }])
  const altered = Buffer.from(bytes)
  altered[altered.length - 300]! ^= 1
  for (const bad of [altered, Buffer.from('<x/>'), Buffer.alloc(0)]) {
    const answer = await atlas.post(bad)
    expect([answer.status, answer.body.toString()]).toEqual([400, 'invalid message\n'])
  }
})

test('a part is sent with the same bytes until the centre answers; what it does not take is on hold', async () => {
  const before = atlas.parts.length
  let hangUps = 2
  const takeAll = atlas.answerPart
  atlas.answerPart = ({ delivery }) =>
    hangUps-- > 0
      ? null
      : {
          verdict: 'taken',
          count: 2,
          duplicates: [{ serial: delivery.runs[0]!.firstSerial }],
        }
  const { order, bytes } = await atlas.order([{ lineNo: 1, product: five, quantity: 3 }])
  await atlas.post(bytes)
  await until(async () => (await states(order.id)).join() === 'taken')
  atlas.answerPart = takeAll
  const sent = atlas.parts.slice(before)
  expect(sent).toHaveLength(3)
  expect(new Set(sent.map(({ delivery }) => delivery.id)).size).toBe(1)
  expect(await stockOf(five)).toMatchObject({ onHold: 1, delivered: 20_503 })
})

test('a file goes to the vault’s own listener with a token that is good once', async () => {
  const rows = Array.from(
    { length: 50 },
    (_, i) => `${String(7_000 + i).padStart(12, '0')},${String(i).padStart(14, '0')},ATLAS-1,2099-01-01`,
  )
  const file = Buffer.from(`serial,code,product,expires\n${rows.join('\n')}\n`)
  const admit = async (sizeBytes = file.length) => {
    const { body } = await atlas.call('POST', '/api/stock/admissions', { fileName: 'a.csv', sizeBytes })
    return (body as unknown as { url: string }).url
  }
  const url = await admit()
  expect(await atlas.upload(url, file)).toMatchObject({
    status: 200,
    body: { codes: 50, alreadyKnown: false },
  })
  expect(await atlas.upload(url, file)).toMatchObject({ status: 403 })
  expect(await atlas.upload(await admit(), file)).toMatchObject({ status: 200, body: { alreadyKnown: true } })
  const bad = Buffer.from(file.toString().replace('2099-01-01', '2020-01-01'))
  expect(await atlas.upload(await admit(), bad)).toMatchObject({
    status: 422,
    body: { problems: expect.arrayContaining([{ line: 2, field: 'expires', rule: 'expiry-past' }]) },
  })
  expect(await stockOf('ATLAS-1')).toMatchObject({ inStock: 50, notActivated: 50 })
  expect(await atlas.call('POST', '/api/stock/activations', { lot: 'L000002' })).toMatchObject({
    status: 200,
  })
  expect(await stockOf('ATLAS-1')).toMatchObject({ inStock: 50, notActivated: 0 })
})

test('a file that is written to while it is read is refused, and taken once it rests', async () => {
  const path = join(atlas.folder, 'stock.csv')
  const content = (code: number) =>
    `serial,code,product,expires\n000000009000,${String(code).padStart(14, '0')},ATLAS-1,2099-01-01\n`
  writeFileSync(path, content(900_001))
  const admitted = statSync(path)
  const admit = async () => {
    const file = { fileName: 'stock.csv', sizeBytes: admitted.size }
    const { body } = await atlas.call('POST', '/api/stock/admissions', file)
    return (body as unknown as { url: string }).url
  }
  // The same size, another content: only its time tells.
  writeFileSync(path, content(900_002))
  utimesSync(path, 1_900_000_000, 1_900_000_000)
  expect(await postStockFile(await admit(), path, admitted)).toEqual({
    problems: [{ line: 0, field: 'file', rule: 'file-changed' }],
  })
  const { rows } = await atlas.vaultOwner.query('SELECT FROM sealed_pack WHERE first_serial = 9000')
  expect(rows).toHaveLength(0)
  expect(await postStockFile(await admit(), path, statSync(path))).toMatchObject({ codes: 1 })
  await expect(postStockFile(`${await admit()}x`, path, statSync(path))).rejects.toThrow('token-not-valid')
})

test('a vault killed while it reads a file took nothing of it, and takes it afterwards', async () => {
  const rows = Array.from({ length: 60_000 }, (_, i) => {
    const serial = String(500_000 + i).padStart(12, '0')
    return `${serial},${String(70_000_000 + i).padStart(14, '0')},ATLAS-1,2099-01-01\n`
  })
  const file = Buffer.from(`serial,code,product,expires\n${rows.join('')}`)
  const admit = async () => {
    const { body } = await atlas.call('POST', '/api/stock/admissions', {
      fileName: 'b.csv',
      sizeBytes: file.length,
    })
    return (body as unknown as { url: string }).url
  }
  const cut = atlas.upload(await admit(), file)
  await sleep(200)
  atlas.killChildren()
  await expect(cut).rejects.toThrow()
  const { rows: left } = await atlas.vaultOwner.query(
    'SELECT FROM sealed_pack WHERE first_serial BETWEEN 500000 AND 599999',
  )
  expect(left).toHaveLength(0)
  await until(async () => (await atlas.call('GET', '/api/stock').catch(() => null))?.status === 200)
  expect(await atlas.upload(await admit(), file)).toMatchObject({ status: 200, body: { codes: 60_000 } })
})

test('the status page speaks both languages and shows nothing to strangers', async () => {
  expect(await atlas.page('fr')).toContain('Commandes opérateur')
  expect(await atlas.page('en')).toContain('Restock orders')
  const stranger = await atlas.page('en', false)
  expect(stranger).toContain('Sign in')
  expect(stranger).not.toContain('ATLAS-5')
})

test('no log line and no row of the api holds a code', async () => {
  const log = readFileSync(`${atlas.folder}/config.json.log`, 'utf8')
  const { rows } = await atlas.owner.query(`
    SELECT string_agg(t::text, '') AS text FROM message_in t`)
  for (const { packedCodes } of atlas.parts.slice(0, 1)) {
    const hex = packedCodes.toString('hex', 0, packedSize(14))
    expect(log).not.toContain(hex)
    expect(rows[0].text).not.toContain(hex)
  }
})

test('codes are owed from their promise, for what was taken; beyond the guarantee an order is refused whole', async () => {
  const account = async () => {
    const { body } = await atlas.call('GET', '/api/partners')
    return (body.partners as unknown as object[])[0]
  }
  // 20,503 of the 20,504 codes delivered so far were taken, at 4.700.
  expect(await account()).toEqual({
    partner: 'centre',
    currency: 'TND',
    owed: '96364.100',
    onTheWay: '0.000',
    guarantee: '150000.000',
    headroom: '53635.900',
  })
  await atlas.call('POST', '/api/stock/generations', { product: five, count: 20_000 })
  const { order, bytes } = await atlas.order([
    { lineNo: 1, product: productId('ATLAS-1'), quantity: 1 },
    { lineNo: 2, product: five, quantity: 11_412 },
  ])
  const before = await stockOf(five)
  expect(await atlas.open(await atlas.post(bytes))).toMatchObject({
    verdict: 'refused',
    reason: 'headroom-exceeded',
    lines: [],
  })
  expect(await stockOf(five)).toEqual(before)
  expect(await states(order.id)).toEqual([])
})

test('a vault and an api killed in the middle leave nothing half done', async () => {
  const { order, bytes } = await atlas.order([{ lineNo: 1, product: five, quantity: 4_000 }])
  await atlas.post(bytes)
  atlas.killChildren()
  await until(async () => (await readStates(order.id)).join() === 'taken')
  expect((await atlas.post(bytes)).status).toBe(200)
})

async function readStates(orderId: string): Promise<string[]> {
  const { rows } = await atlas.owner.query('SELECT state FROM restock_delivery WHERE order_id = $1', [
    orderId,
  ])
  return rows.map(({ state }) => state)
}

test('the audit finds every invariant held, and each break of one', async () => {
  const lines = await auditOffice(atlas.auditorUrls, operatorChecks)
  expect(lines.filter(({ ok }) => !ok)).toEqual([])
  const breaks: [string, string][] = [
    ['each serial is in one pack', 'UPDATE pack SET first_serial = first_serial - 1 WHERE id = 2'],
    ['each given code is in one run', 'UPDATE pack SET given = given << 1 WHERE id = 1'],
    ['each given code is in one run', 'DELETE FROM restock_run WHERE pack = 1'],
    [
      'each given code is in one run',
      'UPDATE restock_run SET first_serial = first_serial + 1 WHERE pack = 1',
    ],
    ['vault and api agree on every pack', 'UPDATE pack SET count = count - 1 WHERE free > 0 AND count > 1'],
    ['vault and api agree on every pack', 'UPDATE pack SET given = 0::bit(1000)'],
    [
      'no code of an open case is free',
      `INSERT INTO code_case (first_serial, count, state, cause, opened_by, opened_at)
       SELECT first_serial, count, 'on_hold', 'c', 'x', now() FROM pack WHERE free > 0 LIMIT 1`,
    ],
    ['packs are held as their lots are', 'UPDATE pack SET held_at = now() WHERE id = 1'],
    [
      'packs are held as their lots are',
      `INSERT INTO lot_state (lot, no, state, cause, set_by, set_at) VALUES ('L000001', 1, 'held', 'c', 'x', now())`,
    ],
    [
      'what two people made void is so in the vault',
      'UPDATE sealed_pack SET void = ~closed & ((-1)::bit(1000) << (1000 - count))',
    ],
    [
      'what two people made void is so in the vault',
      `WITH agreed AS (
         INSERT INTO request (kind, subject, facts, figures, hash, asked_by, asked_at, expires_at, state, agreed_by,
                              ended_by, ended_at)
         VALUES ('void-codes', 's', '{}', '{}', sha256(''), 'a', now(), now() + interval '1 day', 'done', 'b', 'x', now())
         RETURNING number),
       opened AS (
         INSERT INTO code_case (first_serial, count, state, cause, opened_by, opened_at, request)
         SELECT first_serial, count, 'void', 'c', 'x', now(), number FROM pack, agreed WHERE free > 0 LIMIT 1)
       UPDATE pack SET aside = ~given & ((-1)::bit(1000) << (1000 - count))`,
    ],
    [
      'vault and api know the same of every product',
      'UPDATE product SET code_digits = 18 WHERE code_digits < 18',
    ],
    [
      'what was closed once was closed for one delivery',
      `ALTER TABLE sealed_pack DISABLE TRIGGER sealed_pack_marks_stay;
       UPDATE sealed_pack SET closed = 0::bit(1000) WHERE id = 1`,
    ],
    ['received = in stock + sent, per lot', "UPDATE lot SET codes = codes + 1 WHERE id = 'L000001'"],
    ['received = in stock + sent, per lot', "UPDATE sealed_lot SET codes = codes + 1 WHERE id = 'L000001'"],
    [
      'received = in stock + sent, per lot',
      'UPDATE restock_delivery SET codes = codes - 1 WHERE codes > 1 AND codes_taken IS DISTINCT FROM codes',
    ],
    [
      'accepted = delivered or on its way, per order line',
      'UPDATE restock_order_line SET accepted = accepted - 1 WHERE accepted > 0',
    ],
    ['accepted = delivered or on its way, per order line', 'UPDATE restock_delivery SET parts = parts + 1'],
    [
      'balances are the fold of their entries, each in one currency',
      'UPDATE account SET debits_posted = debits_posted - 1 WHERE debits_posted > 0',
    ],
    [
      'balances are the fold of their entries, each in one currency',
      'UPDATE transfer SET amount_minor = amount_minor + 1',
    ],
    ['owed = promised and taken, per delivery', "DELETE FROM settlement WHERE outcome = 'posted'"],
    ['owed = promised and taken, per delivery', "DELETE FROM settlement WHERE outcome = 'voided'"],
    [
      'owed = promised and taken, per delivery',
      "UPDATE transfer SET amount_minor = amount_minor + 1 WHERE id LIKE 'restock-taken:%'",
    ],
    [
      'owed = promised and taken, per delivery',
      "UPDATE transfer SET amount_minor = amount_minor + 1 WHERE id LIKE 'restock:%'",
    ],
    [
      'nothing left beyond a signed order',
      'UPDATE verified_order_line SET closed = closed - 1 WHERE closed > 0',
    ],
    [
      'every delivery is where its state says',
      "UPDATE message_out SET state = 'waiting', answer = NULL, settled_at = NULL WHERE position = 1",
    ],
    ['every delivery is where its state says', 'DELETE FROM message_out WHERE position = 1'],
    [
      'every delivery is where its state says',
      "UPDATE restock_delivery SET state = 'planned', codes_taken = NULL WHERE position = 1",
    ],
    [
      'every delivery is where its state says',
      "UPDATE restock_delivery SET state = 'despatched', codes_taken = NULL WHERE position = 1",
    ],
    ['no delivery left past the vault’s journal', 'UPDATE closed_delivery SET codes = codes - 1'],
    ['no delivery left past the vault’s journal', 'DELETE FROM closed_delivery'],
    ['no delivery left past the vault’s journal', 'UPDATE restock_run SET count = count + 1'],
    ['every message taken has its answer', 'UPDATE message_in SET answer = NULL, answered_at = NULL'],
    [
      'no row index is used twice in a lot record',
      'UPDATE sealed_pack SET first_index = first_index - 1 WHERE id = 2',
    ],
    ['the audit chain', "UPDATE audit_entry SET actor = 'nobody' WHERE n = 2"],
  ]
  expect(
    operatorChecks.map(({ holds }) => holds).filter((one) => !breaks.some(([holds]) => holds === one)),
  ).toEqual([])
  const [books, vault] = [await atlas.owner.connect(), await atlas.vaultOwner.connect()]
  try {
    for (const [holds, statement] of breaks) {
      const damaged = /sealed_|verified_|closed_delivery/.test(statement) ? vault : books
      await damaged.query('BEGIN')
      await damaged.query(statement)
      const office = { books, vaultBefore: vault, vaultAfter: vault }
      const found = (await runChecks(office, operatorChecks))
        .filter(({ ok }) => !ok)
        .map(({ detail }) => detail)
      await damaged.query('ROLLBACK')
      expect(found, statement).toContainEqual(expect.stringContaining(holds))
    }
  } finally {
    // Closed, not returned: whatever a failure left open ends with it.
    for (const client of [books, vault]) client.release(true)
  }
})
