// The supply desk and its neighbours at the edges of dates and bounds, on the real tables, with the real vault.

import { cardId, type RetailerId, terminalId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { type CborValue, encodeCbor } from '@scratchless/wire/compact/cbor'
import { sign1 } from '@scratchless/wire/compact/cose'
import { writeFrame } from '@scratchless/wire/compact/frame'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { catalogueRequestMessage } from '@scratchless/wire/supply/catalogue-request'
import { externalData, KIND, payloadHash } from '@scratchless/wire/supply/envelope'
import { LEVEL } from '@scratchless/wire/supply/level'
import { notices } from '@scratchless/wire/supply/notice'
import { oneCodeOrderMessage } from '@scratchless/wire/supply/one-code-order'
import { statusRequestMessage } from '@scratchless/wire/supply/status-request'
import { supplyReceiptMessage } from '@scratchless/wire/supply/supply-receipt'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ATLAS_5, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { DEPOT } from '../../testing/main-depot.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import { insertPrice } from '../catalogue/catalogue.sql.ts'
import { readNewestOrders } from '../stock/newest-orders.sql.ts'
import { wantNewLetters } from '../terminals/terminals.sql.ts'
import type { VaultVerbs } from '../vault/verbs.ts'
import { createSupplyDoor } from './answer-supply-frame.ts'
import { countGivenCodes } from './open-orders.sql.ts'
import { settleOverdueOrders } from './settle-overdue-orders.ts'
import { standingFor } from './standing.ts'
import { lockPacksToTake } from './supply.sql.ts'
import { createSupplyDesk } from './supply-desk.ts'
import { readRevokedCards, readTerminals, updateLetter } from './supply-terminal.sql.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

let centre: TestCentre
let terminal: TestTerminal
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(1_000_000, 3_000)
})
afterAll(() => centre.close())
beforeEach(async () => {
  terminal = await enrolTerminal(centre, await addShop(centre, 100n * UNIT_PRICE_MINOR))
  // The whole shelf is free, active and good for long.
  await owner(`UPDATE pack SET activated_on = '2026-01-01', expires_on = '2028-12-31'`)
})

const owner = (text: string, values: unknown[] = []) => centre.database.pool('owner').query(text, values)
const reasonOf = async (quantity = 1) => {
  const answer = await terminal.ask('supply-order', terminal.order(quantity))
  return answer.kind === 'supply-refusal' ? answer.content.why.reason : answer.kind
}
async function alarms(subject: string) {
  const { rows } = await centre.needs.pool.query<{ kind: string }>(
    'SELECT kind FROM alarm WHERE subject = $1 ORDER BY id',
    [subject],
  )
  return rows.map(({ kind }) => kind)
}

test('codes that the network does not accept yet are not supplied, and from the very moment they are', async () => {
  const at = new Date('2026-11-25T12:00:00.000Z')
  const found = async (now: Date) =>
    (
      await lockPacksToTake(
        centre.needs.pool,
        DEPOT,
        ATLAS_5.id,
        { now, notBefore: '2026-01-01', after: null },
        99,
      )
    ).length
  await owner('UPDATE pack SET activated_on = $1', [at])
  expect(await found(new Date(at.getTime() - 1))).toBe(0)
  expect(await found(at)).toBe(3)
  await owner('UPDATE pack SET activated_on = NULL')
  expect(await found(at)).toBe(0)
  expect(await reasonOf()).toBe('no-stock')
})

test('codes must be good for sixty days from the order on, to the day', async () => {
  const day = (days: number) => new Date(centre.clock.nowMs() + days * DAY_MS).toISOString().slice(0, 10)
  await owner('UPDATE pack SET expires_on = $1', [day(59)])
  expect(await reasonOf()).toBe('no-stock')
  await owner('UPDATE pack SET expires_on = $1', [day(60)])
  expect(await reasonOf()).toBe('supply-delivery')
})

test('what expires first is taken first, page after page', async () => {
  await owner(`UPDATE pack SET expires_on = '2027-06-30' WHERE first_serial = 1002000`)
  const bounds = { now: new Date(centre.clock.nowMs()), notBefore: '2027-01-01' }
  const page = (after: { expires_on: string; first_serial: bigint } | null) =>
    lockPacksToTake(centre.needs.pool, DEPOT, ATLAS_5.id, { ...bounds, after }, 1)
  const order: bigint[] = []
  for (let [next] = await page(null); next !== undefined; [next] = await page(next))
    order.push(next.first_serial)
  expect(order).toEqual([1_002_000n, 1_000_000n, 1_001_000n])
  expect(
    await lockPacksToTake(centre.needs.pool, DEPOT, ATLAS_5.id, { ...bounds, after: null }, 2),
  ).toHaveLength(2)
})

test('what was given is counted within the hour and the day, and not what was withheld', async () => {
  await terminal.ask('supply-order', terminal.order(3))
  const { rows } = await centre.needs.pool.query<{ decided_at: Date; sequence: bigint }>(
    'SELECT decided_at, sequence FROM supply_order WHERE terminal_id = $1',
    [terminal.id],
  )
  const decidedMs = rows[0]!.decided_at.getTime()
  const count = async (hourMs: number, dayMs: number, day_order = 0n) =>
    countGivenCodes(centre.needs.pool, DEPOT, [{ id: terminal.id, day_order }], {
      ...{ hour: new Date(hourMs), day: new Date(dayMs) },
    })
  const day_order = rows[0]!.sequence
  const given = (last_hour: number, last_day: number) => [
    { terminal_id: terminal.id, last_hour, last_day, day_order },
  ]
  expect(await count(decidedMs - 1, decidedMs - 1)).toEqual(given(3, 3))
  expect(await count(decidedMs, decidedMs - 1)).toEqual(given(0, 3))
  expect(await count(decidedMs, decidedMs)).toEqual([])
  expect(await count(decidedMs - 1, decidedMs - 1, day_order)).toEqual(given(3, 3))
  expect(await count(decidedMs - 1, decidedMs - 1, day_order + 1n)).toEqual([])
  expect(
    await countGivenCodes(centre.needs.pool, DEPOT, [{ id: terminalId('T99999'), day_order: 0n }], {
      hour: new Date(0),
      day: new Date(0),
    }),
  ).toEqual([])
  await owner(`UPDATE supply_order SET state = 'withheld' WHERE terminal_id = $1`, [terminal.id])
  expect(await count(decidedMs - 1, decidedMs - 1)).toEqual(given(0, 0))
})

test('codes that cost a shop nothing are supplied, and no money moves', async () => {
  await owner(
    `INSERT INTO rate (retailer_id, discount_basis_points, valid_from, set_by)
     VALUES ($1, 10000, '2026-01-01', 'demo')`,
    [terminal.retailer],
  )
  const lines = [{ product: ATLAS_5.id, quantity: 2, unitPriceMinor: 0n }]
  const signed = terminal.order(2, { lines })
  expect(await terminal.ask('supply-order', signed)).toMatchObject({
    ...{ kind: 'supply-delivery', content: { debitedMinor: 0n } },
  })
  const { rows } = await centre.needs.pool.query('SELECT FROM transfer WHERE id = $1', [
    `supply:${terminal.id}:${signed.sequence}`,
  ])
  expect(rows).toEqual([])
})

test('an order that nobody receipted is owed after a day, and not before', async () => {
  const signed = terminal.order(1)
  await terminal.ask('supply-order', signed)
  const { rows } = await centre.needs.pool.query<{ decided_at: Date }>(
    'SELECT decided_at FROM supply_order WHERE terminal_id = $1',
    [terminal.id],
  )
  const dueMs = rows[0]!.decided_at.getTime() + DAY_MS
  const { pool } = centre.needs
  const settle = (nowMs: number) => settleOverdueOrders({ pool, clock: { nowMs: () => nowMs } })
  const state = async () =>
    (await readNewestOrders(pool, DEPOT, 500, null)).find(({ terminal_id }) => terminal_id === terminal.id)!
      .state
  await settle(dueMs)
  expect(await state()).toBe('despatched')
  expect(await settle(dueMs + 1)).toBe(1)
  expect(await state()).toBe('delivered')
  expect(await settle(dueMs + 1)).toBe(0)
})

test('a standing says time, lease, bound, versions and letter as they are', async () => {
  const nowMs = centre.clock.nowMs()
  const needs = { clock: { nowMs: () => nowMs }, settings: { lease: { days: 3, unreportedSales: 44 } } }
  const of = {
    ...{ retailer_id: terminal.retailer, letter_number: 6n, letter_wanted: 6n },
    ...{ catalogue_version: 17, settings_version: 9, centre_until: new Date(nowMs + 45 * DAY_MS + 1) },
  }
  const at = (ms: number | null) =>
    standingFor(needs, centre.needs.pool, {
      ...of,
      letter_ends_at: ms === null ? null : new Date(nowMs + ms),
    })
  expect(await at(null)).toEqual({
    ...{ timeS: Math.floor(nowMs / 1000), leaseUntilS: Math.floor(nowMs / 1000) + 3 * 86_400 },
    ...{ unreportedSales: 44, revokedCards: [], catalogueVersion: 17, settingsVersion: 9 },
    ...{ letter: 7, notices: [] },
  })
  const renewing = async (leftMs: number | null) =>
    (
      await standingFor(needs, centre.needs.pool, {
        ...{ ...of, letter_ends_at: null },
        centre_until: leftMs === null ? null : new Date(nowMs + leftMs),
      })
    ).notices
  // The centre's own certificate ends soon that it holds, or nobody knows when.
  const renewNow = [notices.write({ notice: 'renew-now' })]
  expect([await renewing(45 * DAY_MS + 1), await renewing(45 * DAY_MS), await renewing(null)]).toEqual([
    ...[[], renewNow, renewNow],
  ])
  // An epoch that ends while an order is being closed is over.
  expect((await at(5_000)).letter).toBe(7)
  expect((await at(5_001)).letter).toBe(6)
})

test('a standing names the shop’s own cards revoked since the longest lease began, the newest first, twenty', async () => {
  const nowMs = centre.clock.nowMs()
  const revoke = async (number: number, at: Date, retailer: RetailerId = terminal.retailer) => {
    const id = cardId(`C70${String(number).padStart(5, '0')}`)
    await owner(
      `INSERT INTO card (id, retailer_id, vendor_id, class, public_key, key_fingerprint, added_at, revoked_at)
       SELECT $1, $2, '02', 'file', public_key, key_fingerprint, added_at, $3 FROM card LIMIT 1`,
      [id, retailer, at],
    )
    return id
  }
  const since = new Date(nowMs - 7 * DAY_MS)
  await revoke(1, since)
  const kept = await revoke(2, new Date(since.getTime() + 1))
  const other = await addShop(centre, 0n)
  await revoke(3, new Date(nowMs), other.retailer)
  const { pool, settings } = centre.needs
  expect(await readRevokedCards(pool, [terminal.retailer], since)).toEqual([
    { id: kept, retailer_id: terminal.retailer },
  ])
  const told = () =>
    standingFor({ clock: { nowMs: () => nowMs }, settings }, pool, {
      ...{ retailer_id: terminal.retailer, letter_ends_at: null },
      ...{ letter_number: 1n, letter_wanted: 1n },
      ...{ catalogue_version: 1, settings_version: 1, centre_until: new Date(nowMs) },
    })
  expect((await told()).revokedCards).toEqual([kept])
  const newer: string[] = []
  for (let n = 0; n < 20; n++) newer.unshift(await revoke(100 + n, new Date(nowMs + n)))
  expect((await told()).revokedCards).toEqual(newer)
})

test('a terminal that has the catalogue gets none, and one that has another gets it whole', async () => {
  const ask = (knownVersion: number) =>
    terminal.ask('catalogue-request', terminal.sign(catalogueRequestMessage, { knownVersion }))
  const first = await ask(0)
  if (first.kind !== 'catalogue') throw new Error(first.kind)
  const { version } = first.content
  expect(first.content).toMatchObject({
    ...{ currency: 'TND', retailerName: 'Épicerie El Amen', distributorName: 'Tunis Distribution' },
    ...{ distributorPhone: '71000000' },
    operators: [{ id: 'atlas', name: 'Atlas', colour: '#1D4F9F', careNumber: '1200' }],
    products: [
      {
        ...{ id: 'ATLAS-5', operator: 'atlas', faceValueMinor: 5_000n, codeDigits: 14 },
        ...{ checkDigit: 'none', validityDays: 365, refillTemplate: '*123*{code}#', qr: false, mark: 'sold' },
        prices: [
          {
            ...{ priceId: 1, validFromS: 0, publicPriceMinor: 5_000n, taxMinor: 300n },
            ...{ netCreditMinor: 4_700n, unitPriceMinor: UNIT_PRICE_MINOR },
          },
        ],
      },
    ],
  })
  expect((await ask(version)).kind).toBe('acknowledgement')
  expect((await ask(version + 1)).kind).toBe('catalogue')
  const now = new Date(centre.clock.nowMs())
  const price = { ...ATLAS_5, product: ATLAS_5.id, setBy: 'test', setAt: now, validFrom: now }
  await insertPrice(centre.needs.pool, { ...price, tax: money(301n, 'TND') })
  expect(await ask(version)).toMatchObject({ kind: 'catalogue', content: { version: version + 1 } })
})

test('a receipt of another delivery, or of none, is refused and is an alarm; the right one is none', async () => {
  const one = terminal.order(1)
  const { payloadHash } = await terminal.ask('supply-order', one)
  const receipt = (delivery: number, deliveryHash: Uint8Array) =>
    terminal.ask(
      'supply-receipt',
      terminal.sign(supplyReceiptMessage, { delivery, deliveryHash: Buffer.from(deliveryHash) }),
    )
  const subject = `supply:${terminal.id}:${one.sequence}`
  expect((await receipt(one.sequence, payloadHash.subarray(0, 8))).kind).toBe('acknowledgement')
  expect(await alarms(subject)).toEqual([])
  const unknown = { content: { why: { reason: 'unknown-delivery' } } }
  expect(await receipt(one.sequence, Buffer.alloc(8, 1))).toMatchObject(unknown)
  expect(await alarms(subject)).toEqual(['receipt-of-another-delivery'])
  // There never was such a delivery.
  expect(await receipt(1, Buffer.alloc(8, 1))).toMatchObject(unknown)
  expect(await alarms(`supply:${terminal.id}:1`)).toEqual(['receipt-of-another-delivery'])
})

test.each([
  ['no-safe-key', 'card-letter-needed'],
  ['order-not-verified', 'terminal-revoked'],
  ['ceiling-exceeded', 'ceiling-exceeded'],
  ['codes-taken', 'no-stock'],
] as const)(
  'where the vault says "%s" the money is back, an alarm is raised and the answer is stored',
  async (refusal, reason) => {
    const vault = new Proxy(centre.needs.vault, {
      get: (line, verb) =>
        verb === 'closeSupplyDeliveries'
          ? async ({ orders }: Parameters<VaultVerbs['closeSupplyDeliveries']>[0]) =>
              orders.map(() => ({ refusal }))
          : line[verb as keyof typeof line],
    })
    const needs = { ...centre.needs, vault }
    const door = createSupplyDoor(needs, createSupplyDesk(needs))
    const signed = terminal.order(2)
    const answer = await door(signed.frame)
    expect(terminal.verify('supply-order', answer, signed)).toMatchObject({
      ...{ kind: 'supply-refusal', content: { why: { reason } } },
    })
    expect(Buffer.compare(await centre.door(signed.frame), answer)).toBe(0)
    const subject = `supply:${terminal.id}:${signed.sequence}`
    expect(await alarms(subject)).toEqual(['supply-withheld'])
    const { rows } = await centre.needs.pool.query(
      `SELECT state, supply_order.settled_at IS NOT NULL AS settled, outcome, reason FROM supply_order
       JOIN settlement ON transfer_id = 'supply:' || terminal_id || ':' || sequence WHERE terminal_id = $1`,
      [terminal.id],
    )
    expect(rows).toEqual([
      { state: 'withheld', settled: true, outcome: 'voided', reason: `vault: ${refusal}` },
    ])
    // What was held back counts for no ceiling, and the next order goes.
    expect(await reasonOf(100)).toBe('supply-delivery')
  },
)

test('a shop without a card gets no letter, and is told that it has none', async () => {
  const bare = await enrolTerminal(centre, await addShop(centre, 0n))
  await centre.needs.vault.revokeCard(bare.card)
  const asked = bare.sign(cardLetterRequestMessage, { holdsLetter: 0, epoch: 0, cards: [] })
  expect(await bare.ask('card-letter-request', asked)).toMatchObject({
    ...{ kind: 'supply-refusal', content: { why: { reason: 'no-card' } } },
  })
})

test('a letter sets the terminal’s epoch and its end', async () => {
  const asked = terminal.sign(cardLetterRequestMessage, { holdsLetter: 0, epoch: 0, cards: [] })
  const letter = await terminal.ask('card-letter-request', asked)
  if (letter.kind !== 'card-letter') throw new Error(letter.kind)
  const { rows } = await centre.needs.pool.query(
    'SELECT letter_epoch, letter_ends_at FROM terminal WHERE id = $1',
    [terminal.id],
  )
  expect(rows).toEqual([
    { letter_epoch: letter.content.epoch, letter_ends_at: new Date(letter.content.epochEndsS * 1000) },
  ])
})

test('only the very next number is burnt by the one after it', async () => {
  const status = (asked: number, sequence: number) =>
    terminal.ask('status-request', terminal.sign(statusRequestMessage, { asked }, sequence))
  // Sequence 2 is next: asking about 3 from 4, or about 1 from 3, burns nothing.
  expect(await status(3, 4)).toMatchObject({
    content: { why: { reason: 'sequence-unexpected', expected: 2 } },
  })
  expect(await status(1, 3)).toMatchObject({
    content: { why: { reason: 'sequence-unexpected', expected: 2 } },
  })
  expect(await status(2, 3)).toMatchObject({ content: { fate: 'burnt' } })
  expect(await status(2, 3)).toMatchObject({ content: { fate: 'burnt' } })
})

test('a number has the fate that it had; one that never was has none, and asking about it uses up nothing', async () => {
  const status = (asked: number, sequence: number) =>
    terminal.ask('status-request', terminal.sign(statusRequestMessage, { asked }, sequence))
  expect(await status(2, 3)).toMatchObject({ content: { fate: 'burnt' } })
  const unexpected = { content: { why: { reason: 'sequence-unexpected', expected: 4 } } }
  for (const asked of [4, 5, 900]) expect(await status(asked, 4)).toMatchObject(unexpected)
  expect(await status(2, 4)).toMatchObject({ content: { fate: 'burnt' } })
  expect(await status(1, 5)).toMatchObject({ content: { fate: 'answered' } })
  expect(await status(4, 6)).toMatchObject({ content: { fate: 'answered' } })
})

test('what this centre does not offer, or not know yet, is refused by name in its place', async () => {
  const ask = async (kind: number, payload: CborValue, sequence: number) => {
    const external = externalData(kind, terminal.id, sequence, null)
    const message = sign1(encodeCbor(payload), external, terminal.signer)
    const answer = await centre.door(writeFrame({ kind, sequence, message }))
    const hash = payloadHash(kind, encodeCbor(payload))
    const verified = terminal.verify('claim', answer, {
      ...{ frame: Buffer.alloc(0), payloadHash: hash, sequence },
    })
    if (verified === 'unacceptable' || verified.kind !== 'supply-refusal') return verified
    return verified.content.why
  }
  const unknown = { reason: 'not-understood', highestLevel: LEVEL }
  expect(await ask(KIND['vendor-request'], [LEVEL, [1, '02']], 2)).toEqual({ reason: 'not-offered' })
  expect(await ask(64, [LEVEL, 'whatever'], 3)).toEqual(unknown)
  expect(await ask(KIND['supply-order'], [LEVEL + 1, 'whatever'], 4)).toEqual(unknown)
  // The same again is the stored answer, another content in its place a fault.
  expect(await ask(64, [LEVEL, 'whatever'], 3)).toEqual(unknown)
  expect(await ask(KIND['vendor-request'], [LEVEL, [1, '2']], 5)).toBe('unacceptable')
  expect(await ask(64, [LEVEL, 'else'], 3)).toEqual({ reason: 'content-altered' })
})

test('one code for whoever waits is an order like any', async () => {
  const one = {
    ...{ expiresAtS: Math.floor(centre.clock.nowMs() / 1000) + 60, product: ATLAS_5.id },
    unitPriceMinor: UNIT_PRICE_MINOR,
  }
  const signed = terminal.sign(oneCodeOrderMessage, one)
  const delivery = await terminal.ask('one-code-order', signed)
  if (delivery.kind !== 'supply-delivery') throw new Error(delivery.kind)
  expect(delivery.content.lots.flatMap(({ runs }) => runs.map(({ count }) => count))).toEqual([1])
})

test('a refusal that ends selling gives no lease beyond its own moment', async () => {
  const refused = async () => {
    const answer = await terminal.ask('supply-order', terminal.order(1))
    if (answer.kind !== 'supply-refusal') throw new Error(answer.kind)
    const { standing, why } = answer.content
    return { why, leaseS: standing.leaseUntilS - standing.timeS }
  }
  const at = new Date(centre.clock.nowMs())
  await owner("UPDATE terminal SET locked_at = $2, locked_why = 'content-altered' WHERE id = $1", [
    terminal.id,
    at,
  ])
  expect(await refused()).toMatchObject({
    ...{ why: { reason: 'terminal-locked', sinceS: Math.floor(at.getTime() / 1000) }, leaseS: 0 },
  })
  await owner("UPDATE terminal SET revoked_at = $2, revoked_why = 'by-staff' WHERE id = $1", [
    terminal.id,
    at,
  ])
  expect(await refused()).toMatchObject({ why: { reason: 'terminal-revoked', why: 'by-staff' }, leaseS: 0 })
})

test('a card that is registered or revoked asks for another letter, also while one is written', async () => {
  const wanted = async () => (await ask(4_000_000_000)).content.standing.letter
  const ask = (knownVersion: number) =>
    terminal.ask('catalogue-request', terminal.sign(catalogueRequestMessage, { knownVersion }))
  const letter = () =>
    terminal.ask(
      'card-letter-request',
      terminal.sign(cardLetterRequestMessage, { holdsLetter: 0, epoch: 0, cards: [] }),
    )
  expect(await wanted()).toBe(1)
  await wantNewLetters(centre.needs.pool, terminal.retailer)
  const next = await wanted()
  expect(next).toBeGreaterThan(1)
  expect(await letter()).toMatchObject({ content: { number: next, standing: { letter: next } } })
  expect(await wanted()).toBe(next)
  // Registered between the reading of the cards and the storing of the letter's number.
  await wantNewLetters(centre.needs.pool, terminal.retailer)
  await updateLetter(centre.needs.pool, terminal.id, {
    ...{ number: next + 1, epoch: 1, endsAt: new Date(centre.clock.nowMs() + DAY_MS) },
  })
  expect(await wanted()).toBeGreaterThan(next + 1)
})

test('a burnt order settles what was delivered before it', async () => {
  const one = terminal.order(1)
  await terminal.ask('supply-order', one)
  const lost = terminal.order(1)
  await terminal.ask('status-request', terminal.sign(statusRequestMessage, { asked: lost.sequence }))
  const [order] = (await readNewestOrders(centre.needs.pool, DEPOT, 500, null)).filter(
    ({ terminal_id }) => terminal_id === terminal.id,
  )
  expect(order).toMatchObject({ sequence: BigInt(one.sequence), state: 'delivered', codes: 1 })
})

test('two orders of one terminal that come together are decided one after the other', async () => {
  const desk = createSupplyDesk(centre.needs)
  const row = (await readTerminals(centre.needs.pool, DEPOT, [terminal.id])).get(terminal.id)!
  const certificate = { number: row.certificate_number, endsAt: row.certified_until }
  const asked = [1, 2].map((quantity) => ({ quantity, signed: terminal.order(quantity) }))
  const answers = await Promise.all(
    asked.map(({ quantity, signed: { sequence, frame, payloadHash } }) =>
      desk.answer({
        ...{
          sender: row.id,
          depot: DEPOT,
          certificate,
          sequence,
          kind: 'supply-order',
          payloadHash,
          bytes: frame,
        },
        order: {
          expiresAtS: Math.floor(centre.clock.nowMs() / 1000) + 60,
          because: 'person',
          lines: [{ product: ATLAS_5.id, quantity, unitPriceMinor: UNIT_PRICE_MINOR }],
        },
      }),
    ),
  )
  expect(
    answers.map((answer, at) => {
      const verified = terminal.verify('supply-order', answer as Uint8Array, asked[at]!.signed)
      return verified === 'unacceptable' ? verified : verified.kind
    }),
  ).toEqual(['supply-delivery', 'supply-delivery'])
})

test('hours are hours: an order decided an hour ago leaves the hour’s ceiling', async () => {
  const small = await startTestCentre({ ceilings: { codesPerHour: 5, codesPerDay: 8 } })
  await small.operator.stock(1_000_000, 1_000)
  const one = await enrolTerminal(small, await addShop(small, 100n * UNIT_PRICE_MINOR))
  const ask = async (quantity: number) => {
    const answer = await one.ask('supply-order', one.order(quantity))
    return answer.kind === 'supply-refusal' ? answer.content.why : answer.kind
  }
  expect(await ask(5)).toBe('supply-delivery')
  expect(await ask(1)).toMatchObject({ reason: 'ceiling-exceeded', codes: 1 })
  small.clock.move(HOUR_MS + 1_000)
  expect(await ask(4)).toMatchObject({ reason: 'ceiling-exceeded', codes: 3 })
  expect(await ask(3)).toBe('supply-delivery')
  small.clock.move(DAY_MS)
  expect(await ask(5)).toBe('supply-delivery')
  await small.close()
})
