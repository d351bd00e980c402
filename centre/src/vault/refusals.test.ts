// The vault asked directly, as a captured api would ask it: each verb's refusals in their order, the journal, the
// ceilings by the vault's own count, and epochs.

import { generateKeyPairSync } from 'node:crypto'
import { fingerprintOf } from '@scratchless/keys/fingerprint'
import { signApproval } from '@scratchless/office/staff/approval'
import { type CardId, cardId, lotId, type TerminalId, terminalId, vendorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { ATLAS, ATLAS_5, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { DEPOT } from '../../testing/main-depot.ts'
import { addRetailer, beginEnrolment } from '../../testing/people.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestShop, type TestTerminal } from '../../testing/test-terminal.ts'
import { markClosed } from './supply.sql.ts'
import type { DecidedSupply } from './verbs.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** One pack; each test takes of it from here on. */
const FIRST = 1_000_000
let next = FIRST
let centre: TestCentre
let shop: TestShop
let terminal: TestTerminal
let moved = 0
beforeAll(async () => {
  centre = await startTestCentre({ ceilings: { codesPerHour: 10, codesPerDay: 15 } })
  await centre.operator.stock(FIRST, 1_000)
})
beforeEach(async () => {
  shop = await addShop(centre, 0n)
  terminal = await enrolTerminal(centre, shop)
})
afterEach(() => {
  centre.clock.move(-moved)
  moved = 0
})
afterAll(() => centre.close())

function later(ms: number): void {
  moved += ms
  centre.clock.move(ms)
}
const standing = {
  ...{
    timeS: 1,
    leaseUntilS: 1,
    unreportedSales: 1,
    revokedCards: [],
    catalogueVersion: 1,
    settingsVersion: 0,
    letter: 1,
    notices: [],
  },
}
type Lot = DecidedSupply['lots'][number]

/** Codes from `first` on, as the desk would have decided them, with some of it changed. */
function given(count: number, first: number, over: Partial<Lot> = {}): Lot {
  const run = { packFirstSerial: serialFromNumber(FIRST), firstSerial: serialFromNumber(first), count }
  return {
    ...{ operator: ATLAS, product: ATLAS_5.id, lot: lotId('L000001'), expiresOn: '2028-12-31' },
    ...{ unitPriceMinor: UNIT_PRICE_MINOR, runs: [run] },
    ...over,
  }
}
function decided(lots: readonly Lot[], over: Partial<DecidedSupply> = {}): DecidedSupply {
  const codes = lots.flatMap(({ runs }) => runs).reduce((sum, { count }) => sum + count, 0)
  return { standing, debitedMinor: UNIT_PRICE_MINOR * BigInt(codes), availableMinor: 0n, lots, ...over }
}
type Signed = ReturnType<TestTerminal['order']>
const part = (signed: Signed, what: DecidedSupply, of: TerminalId = terminal.id) => ({
  ...{ terminal: of, sequence: signed.sequence, frame: signed.frame, decided: what },
})
async function close(...orders: ReturnType<typeof part>[]): Promise<string[]> {
  const answers = await centre.needs.vault.closeSupplyDeliveries({ depot: DEPOT, orders })
  return answers.map((answer) => ('refusal' in answer ? answer.refusal : 'closed'))
}
/** An order of that many codes is signed and closed with just these. */
async function take(count: number): Promise<string> {
  const [said] = await close(part(terminal.order(count), decided([given(count, next)])))
  if (said === 'closed') next += count
  return said!
}
async function rows(text: string, values: unknown[] = []) {
  const database = / vault_/.test(text) ? centre.vaultDatabase : centre.database
  return (await database.pool('owner').query(text, values)).rows
}
const closed = async () =>
  Number(
    (await rows('SELECT bit_count(closed) FROM vault_pack WHERE first_serial = $1', [FIRST]))[0].bit_count,
  )

test('up to its ceilings of the hour and of the day a terminal gets codes, and not one more', async () => {
  expect(await take(11)).toBe('ceiling-exceeded')
  expect([await take(9), await take(2), await take(1), await take(1)]).toEqual([
    ...['closed', 'ceiling-exceeded', 'closed', 'ceiling-exceeded'],
  ])
  later(HOUR_MS + 1)
  expect([await take(6), await take(5), await take(1)]).toEqual([
    ...['ceiling-exceeded', 'closed', 'ceiling-exceeded'],
  ])
  later(DAY_MS - HOUR_MS)
  expect([await take(6), await take(10)]).toEqual(['closed', 'ceiling-exceeded'])
})

test('orders of one group count together, and another terminal’s do not count', async () => {
  const other = await enrolTerminal(centre, shop)
  const [one, two, three] = [terminal.order(6), terminal.order(6), other.order(6)]
  expect(
    await close(
      part(one, decided([given(6, next)])),
      part(two, decided([given(6, next + 6)])),
      part(three, decided([given(6, next + 6)]), other.id),
    ),
  ).toEqual(['closed', 'ceiling-exceeded', 'closed'])
  next += 12
  expect(await closed()).toBe(next - FIRST)
})

test('an order asked again with the same runs is closed again and takes no more codes; with others it is not', async () => {
  const [signed, what] = [terminal.order(3), decided([given(3, next)])]
  expect(await close(part(signed, what))).toEqual(['closed'])
  const after = await closed()
  expect(await close(part(signed, what))).toEqual(['closed'])
  for (const other of [
    decided([given(3, next + 3)]),
    decided([given(2, next)]),
    decided([given(3, next, { unitPriceMinor: 1n })]),
    decided([given(3, next, { lot: lotId('L000002') })]),
  ])
    expect(await close(part(signed, other))).toEqual(['runs-differ'])
  expect(await closed()).toBe(after)
  const journal = await rows('SELECT codes FROM vault_supply WHERE terminal_id = $1', [terminal.id])
  expect(journal).toEqual([{ codes: 3 }])
  // Also once the epoch is over and the vault began anew.
  later(8 * DAY_MS)
  await centre.restartVault()
  expect(await close(part(signed, what))).toEqual(['closed'])
  next += 3
})

test('a code is closed once: not a second time, not beyond the pack, not of another lot or pack', async () => {
  expect(await take(2)).toBe('closed')
  const end = FIRST + 1_000
  const run = (packFirst: number, first: number, count: number) => ({
    ...{ packFirstSerial: serialFromNumber(packFirst), firstSerial: serialFromNumber(first), count },
  })
  for (const lot of [
    given(1, next - 1),
    given(1, FIRST - 1),
    given(2, next - 1),
    given(2, end - 1),
    given(1, end),
    given(1, next, { runs: [run(FIRST + 1, next, 1)] }),
    given(1, next, { lot: lotId('L000002') }),
    given(2, next, { runs: [run(FIRST, next, 1), run(FIRST, next, 1)] }),
  ])
    expect(await close(part(terminal.order(2), decided([lot])))).toEqual(['codes-taken'])
  expect(await closed()).toBe(next - FIRST)
  const twice = given(2, next, { runs: [run(FIRST, next, 1), run(FIRST, next + 1, 1)] })
  expect(await close(part(terminal.order(2), decided([twice])))).toEqual(['closed'])
  next += 2
})

test('codes go in any order, and a void one goes to nobody', async () => {
  const before = await closed()
  const end = FIRST + 1_000
  expect(await close(part(terminal.order(2), decided([given(2, end - 6)])))).toEqual(['closed'])
  for (const lot of [given(2, end - 7), given(2, end - 5), given(4, end - 7)])
    expect(await close(part(terminal.order(4), decided([lot])))).toEqual(['codes-taken'])
  const mark = 'UPDATE vault_pack SET void = 1::bit(1000) WHERE first_serial = $1'
  await rows(mark, [FIRST])
  expect(await close(part(terminal.order(1), decided([given(1, end - 1)])))).toEqual(['codes-taken'])
  expect(await closed()).toBe(before + 2)
  expect(await close(part(terminal.order(1), decided([given(1, end - 3)])))).toEqual(['closed'])
  expect(await take(1)).toBe('closed')
})

test('the statement that marks codes closed asks for itself, whatever was read before', async () => {
  const pool = centre.vaultDatabase.pool('vault')
  const mark = (offset: number, count: number) => ({
    ...{ operator: ATLAS, packFirstSerial: BigInt(FIRST), offset, count },
  })
  const isFree = next - FIRST
  const before = await closed()
  expect(await markClosed(pool, DEPOT, [mark(isFree - 1, 2)])).toBe(false)
  await rows('UPDATE vault_pack SET void = void | (1::bit(1000) << 1) WHERE first_serial = $1', [FIRST])
  expect(await markClosed(pool, DEPOT, [mark(998, 1)])).toBe(false)
  expect(await markClosed(pool, DEPOT, [mark(isFree, 2), mark(isFree + 1, 1)])).toBe(false)
  expect(await markClosed(pool, DEPOT, [{ ...mark(isFree, 1), packFirstSerial: 1n }])).toBe(false)
  expect(await closed()).toBe(before)
})

test('of orders in one group that name the same code, one gets it, and the others are told', async () => {
  const other = await enrolTerminal(centre, shop)
  const [one, two, three] = [terminal.order(2), other.order(2), other.order(1)]
  expect(
    await close(
      part(one, decided([given(2, next)])),
      part(two, decided([given(2, next + 1)]), other.id),
      part(three, decided([given(1, next + 2)]), other.id),
    ),
  ).toEqual(['closed', 'codes-taken', 'closed'])
  next += 3
})

test.each([['5'], [Number.NaN], [0], [-1], [1.5]])('a run of %s codes is no run', async (count) => {
  const run = {
    packFirstSerial: serialFromNumber(FIRST),
    firstSerial: serialFromNumber(next),
    count,
  } as never
  const lot = given(1, next, { runs: [run] })
  const [said] = await close(
    part(terminal.order(5), { ...decided([]), lots: [lot], debitedMinor: UNIT_PRICE_MINOR * 5n }),
  ).catch(() => ['thrown'])
  // Some throw in the vault, before it has written anything.
  centre.faults.splice(0)
  expect(said).not.toBe('closed')
  expect(await take(1)).toBe('closed')
})

test('nothing is closed but what the terminal’s own order asked, at its price and for its sum', async () => {
  const lots = [given(2, next)]
  for (const what of [
    decided([]),
    decided(lots, { debitedMinor: 2n * UNIT_PRICE_MINOR - 1n }),
    decided(lots, { debitedMinor: 2n * UNIT_PRICE_MINOR + 1n }),
    decided([given(2, next, { unitPriceMinor: UNIT_PRICE_MINOR + 1n })], {
      debitedMinor: 2n * (UNIT_PRICE_MINOR + 1n),
    }),
    decided([given(2, next, { product: productId('ATLAS-1') })]),
    decided([given(2, next), given(1, next + 2)]),
    decided([given(3, next)]),
  ])
    expect(await close(part(terminal.order(2), what))).toEqual(['not-as-ordered'])
  // Less than was ordered may be closed.
  expect(await close(part(terminal.order(3), decided(lots)))).toEqual(['closed'])
  next += 2
})

test('of several refusals the first is said', async () => {
  const twelve = terminal.order(12)
  const bad = decided([given(12, FIRST, { unitPriceMinor: 1n })])
  const behind = decided([given(12, FIRST - 1)])
  expect(await close(part(twelve, behind))).toEqual(['ceiling-exceeded'])
  later(8 * DAY_MS)
  expect(await close(part(twelve, behind))).toEqual(['no-safe-key'])
  expect(await close(part(twelve, bad))).toEqual(['not-as-ordered'])
  await centre.needs.vault.revokeTerminal(terminal.id)
  expect(await close(part(twelve, bad))).toEqual(['order-not-verified'])
})

test('what is not the terminal’s own order of this place is not verified', async () => {
  const other = await enrolTerminal(centre, shop)
  const [signed, theirs] = [terminal.order(1), other.order(1)]
  const letter = terminal.sign(cardLetterRequestMessage, { holdsLetter: 1, epoch: 0, cards: [] })
  const what = decided([given(1, next)])
  for (const order of [
    part(theirs, what),
    part({ ...signed, sequence: signed.sequence + 1 }, what),
    part({ ...signed, frame: Buffer.from('noise') }, what),
    part(letter, what),
    part(signed, what, terminalId('T99999')),
  ])
    expect(await close(order)).toEqual(['order-not-verified'])
})

const rsaKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
const approvedBy = (purpose: string, fields: string[]) =>
  centre.approvers.map(({ name, privateKey }) => ({
    ...{ approver: name, signature: signApproval(privateKey, purpose, fields) },
  }))

test('one card’s name with another key, vendor or shop is known already', async () => {
  const other = await addRetailer(centre, 0n)
  const card = cardId('C0008001')
  const register = (publicKey: ReturnType<typeof rsaKey>, vendor = '02', retailer = shop.retailer) =>
    centre.needs.vault.registerCard({
      ...{ card, retailer, vendor: vendorId(vendor), class: 'file' },
      publicKey: publicKey.export({ type: 'spki', format: 'der' }),
      approvals: approvedBy('register-card', [card, retailer, vendor, 'file', fingerprintOf(publicKey)]),
    })
  const key = rsaKey()
  expect(await register(key)).toBe('registered')
  expect(await register(key)).toBe('registered')
  expect(await register(rsaKey())).toBe('card-known')
  expect(await register(key, '03')).toBe('card-known')
  expect(await register(key, '02', other)).toBe('card-known')
})

test('a letter is written for whoever asks himself and has a card, and one a week', async () => {
  const ask = (signed: Signed, of: TerminalId = terminal.id) =>
    centre.needs.vault.writeCardLetter({
      ...{ terminal: of, sequence: signed.sequence, frame: signed.frame, standing },
    })
  const other = await enrolTerminal(centre, shop)
  const request = () => terminal.sign(cardLetterRequestMessage, { holdsLetter: 1, epoch: 0, cards: [] })
  const first = await ask(request())
  expect(first).toMatchObject({ epoch: 1 })
  expect(await ask(request())).toMatchObject({ epoch: 1 })
  const epochs = 'SELECT epoch, ends_at FROM vault_safe_key WHERE terminal_id = $1 ORDER BY epoch'
  const [{ ends_at: endsAt }] = await rows(epochs, [terminal.id])
  expect(endsAt.getTime() - centre.clock.nowMs()).toBeGreaterThan(7 * DAY_MS - 60_000)
  expect(endsAt.getTime() - centre.clock.nowMs()).toBeLessThanOrEqual(7 * DAY_MS)
  expect(await ask(request(), other.id)).toBe('request-not-verified')
  expect(await ask({ ...request(), frame: Buffer.from('noise') })).toBe('request-not-verified')
  expect(await ask(request(), terminalId('T99999'))).toBe('request-not-verified')
  later(7 * DAY_MS)
  expect(await ask(request())).toMatchObject({ epoch: 2 })
  expect(await rows(epochs, [terminal.id])).toHaveLength(2)
  await centre.needs.vault.revokeCard(shop.card)
  // An epoch that was over stays over since then.
  expect((await rows(epochs, [terminal.id]))[0].ends_at).toEqual(endsAt)
  expect(await ask(request())).toBe('no-card')
  await centre.needs.vault.revokeTerminal(terminal.id)
  expect(await ask(request())).toBe('request-not-verified')
})

test('a card that is revoked ends the epochs of its own shop, once, and an unknown one ends nothing', async () => {
  const away = await enrolTerminal(centre, await addShop(centre, 0n))
  const ends = async (of: TestTerminal) =>
    (await rows('SELECT ends_at FROM vault_safe_key WHERE terminal_id = $1', [of.id]))[0].ends_at.getTime()
  const [own, others] = [await ends(terminal), await ends(away)]
  await centre.needs.vault.revokeCard('C0009999' as CardId)
  expect([await ends(terminal), await ends(away)]).toEqual([own, others])
  await centre.needs.vault.revokeCard(shop.card)
  const ended = await ends(terminal)
  expect(ended).toBeLessThanOrEqual(centre.clock.nowMs())
  expect(await ends(away)).toBe(others)
  later(HOUR_MS)
  await centre.needs.vault.revokeCard(shop.card)
  expect(await ends(terminal)).toBe(ended)
})

test('a terminal is certified once, for its own enrolment, and by a device only', async () => {
  const { id, enrolmentNumber } = await beginEnrolment(centre, shop.retailer)
  const certify = (of: TerminalId, number: number) =>
    centre.needs.vault.certifyTerminal({
      ...{ terminal: of, depot: DEPOT, enrolmentNumber: number, approvals: [] },
    })
  expect(await certify(id, enrolmentNumber)).toBe('no-device')
  expect(await certify(terminal.id, enrolmentNumber)).toBe('no-device')
  expect(await certify(id, 999_999)).toBe('no-device')
  const [{ number }] = await rows('SELECT number FROM vault_enrolment WHERE terminal_id = $1', [terminal.id])
  expect(await certify(id, number)).toBe('no-device')
  expect(await certify(terminal.id, number)).toBe('one-approver-only')
})

test('an order of ours names us as its sender, and an operator of the ceremony', async () => {
  const order = await centre.operator.order(1)
  const { auditHead: _, ...wish } = { ...order, id: crypto.randomUUID() as typeof order.id }
  for (const [wrong, why] of [
    [{ sender: ATLAS as never }, 'has us as its sender'],
    [{ receiver: 'sahel' as never }, 'sahel is no partner'],
  ] as const) {
    await expect(centre.needs.vault.signRestockOrder({ ...wish, ...wrong })).rejects.toThrow()
    expect(centre.faults.splice(0)).toEqual([
      expect.objectContaining({ message: expect.stringContaining(why) }),
    ])
  }
})
