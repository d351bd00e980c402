import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { fingerprintOf } from '@scratchless/keys/fingerprint'
import { signApproval } from '@scratchless/office/staff/approval'
import { type CardId, cardId, vendorId } from '@scratchless/voucher/ids'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ATLAS_5, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { recipientFor, unwrapAsRecipient } from '../../../wire/testing/as-card.ts'
import { DEPOT } from '../../testing/main-depot.ts'
import { registerCard } from '../../testing/people.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal } from '../../testing/test-terminal.ts'
import { ForeignRecord } from './own-record.ts'

const DAY_MS = 86_400_000
let centre: TestCentre
beforeAll(async () => {
  centre = await startTestCentre({ ceilings: { codesPerHour: 10, codesPerDay: 15 } })
  await centre.operator.stock(1_000_000, 100)
})
afterEach(() => expect(centre.faults).toEqual([]))
afterAll(() => centre.close())

const rsaKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey

/** The ring's own refusal of a row that the vault did not make. */
async function expectForeign(act: Promise<unknown>): Promise<void> {
  await expect(act).rejects.toThrow('failed in the other process')
  expect(centre.faults.splice(0)).toEqual([expect.any(ForeignRecord)])
}

test('the vault registers no card without two different approvers who signed just this card', async () => {
  const { retailer } = await addShop(centre, 0n)
  const key = rsaKey()
  const card = cardId('C0009001')
  const request = {
    ...{ card, retailer, vendor: vendorId('02'), class: 'file' as const },
    publicKey: key.export({ type: 'spki', format: 'der' }),
  }
  const [one, two] = centre.approvers
  const sign = (approver: typeof one, name: string) => ({
    approver: approver!.name,
    signature: signApproval(approver!.privateKey, 'register-card', [
      ...[name, retailer, '02', 'file', fingerprintOf(key)],
    ]),
  })
  const register = (approvals: ReturnType<typeof sign>[]) =>
    centre.needs.vault.registerCard({ ...request, approvals })
  expect(await register([])).toBe('one-approver-only')
  expect(await register([sign(one, card), sign(one, card)])).toBe('one-approver-only')
  expect(await register([sign(one, card), sign(two, 'C0009002')])).toBe('wrong-signature')
  expect(await register([sign(one, card), { ...sign(two, card), approver: 'nobody' }])).toBe(
    'unknown-approver',
  )
  expect(await register([sign(one, card), sign(two, card)])).toBe('registered')
  expect(await register([sign(one, card), sign(two, card)])).toBe('registered')
})

test('the vault certifies no terminal on one approval', async () => {
  const shop = await addShop(centre, 0n)
  const terminal = await enrolTerminal(centre, shop)
  const { rows } = await centre.vaultDatabase
    .pool('owner')
    .query<{ number: number }>('SELECT number FROM vault_enrolment WHERE terminal_id = $1', [terminal.id])
  const [one] = centre.approvers
  const certify = (approvals: { approver: string; signature: Uint8Array }[]) =>
    centre.needs.vault.certifyTerminal({
      ...{ terminal: terminal.id, depot: DEPOT, enrolmentNumber: rows[0]!.number, approvals },
    })
  expect(await certify([])).toBe('one-approver-only')
  const other = signApproval(one!.privateKey, 'certify-terminal', [
    terminal.id,
    shop.retailer,
    'another device',
  ])
  expect(await certify([{ approver: one!.name, signature: other }])).toBe('wrong-signature')
})

test('a card that a database administrator planted gets no letter', async () => {
  const terminal = await enrolTerminal(centre, await addShop(centre, 0n))
  const planted = rsaKey().export({ type: 'spki', format: 'der' })
  const owner = centre.vaultDatabase.pool('owner')
  await owner.query('UPDATE vault_card SET public_key = $2 WHERE retailer_id = $1', [
    terminal.retailer,
    planted,
  ])
  const request = terminal.sign(cardLetterRequestMessage, { holdsLetter: 1, epoch: 0, cards: [] })
  await expectForeign(centre.door(request.frame))
})

test('a terminal moved to another shop, or a safe key that lives longer, is not the vault’s own', async () => {
  const [one, two] = [await addShop(centre, 0n), await addShop(centre, 0n)]
  const terminal = await enrolTerminal(centre, one)
  const owner = centre.vaultDatabase.pool('owner')
  const request = terminal.sign(cardLetterRequestMessage, { holdsLetter: 1, epoch: 0, cards: [] })
  await owner.query('UPDATE vault_terminal SET retailer_id = $2 WHERE id = $1', [terminal.id, two.retailer])
  await expectForeign(centre.door(request.frame))
  await owner.query('UPDATE vault_terminal SET retailer_id = $2 WHERE id = $1', [terminal.id, one.retailer])
  await owner.query(`UPDATE vault_safe_key SET ends_at = ends_at + interval '1 day' WHERE terminal_id = $1`, [
    terminal.id,
  ])
  await expectForeign(centre.door(request.frame))
})

test('a lost card ends the epoch at once: no order before a new letter, and none for the lost card', async () => {
  const shop = await addShop(centre, 100n * UNIT_PRICE_MINOR)
  const terminal = await enrolTerminal(centre, shop)
  await centre.needs.vault.revokeCard(cardId(shop.card))
  // The api does not know yet: the vault closes nothing all the same.
  const answer = await terminal.ask('supply-order', terminal.order(1))
  expect(answer).toMatchObject({ content: { why: { reason: 'card-letter-needed' } } })
  const { rows } = await centre.needs.pool.query<{ state: string }>(
    'SELECT state FROM supply_order WHERE terminal_id = $1',
    [terminal.id],
  )
  expect(rows).toEqual([{ state: 'withheld' }])
  const { rows: money } = await centre.needs.pool.query<{ outcome: string }>(
    'SELECT outcome FROM settlement WHERE transfer_id = $1',
    [`supply:${terminal.id}:2`],
  )
  expect(money).toEqual([{ outcome: 'voided' }])
  const letter = await terminal.ask(
    'card-letter-request',
    terminal.sign(cardLetterRequestMessage, { holdsLetter: 1, epoch: 0, cards: [] }),
  )
  expect(letter).toMatchObject({ content: { why: { reason: 'no-card' } } })
})

test('an epoch ends by the clock, and the next letter brings another key', async () => {
  const terminal = await enrolTerminal(centre, await addShop(centre, 100n * UNIT_PRICE_MINOR))
  const request = () => terminal.sign(cardLetterRequestMessage, { holdsLetter: 1, epoch: 0, cards: [] })
  expect(await terminal.ask('card-letter-request', request())).toMatchObject({ content: { epoch: 1 } })
  centre.clock.move(8 * 86_400_000)
  try {
    expect(await terminal.ask('supply-order', terminal.order(1))).toMatchObject({
      content: { why: { reason: 'card-letter-needed', letter: 2 }, standing: { letter: 2 } },
    })
    expect(await terminal.ask('card-letter-request', request())).toMatchObject({ content: { epoch: 2 } })
    expect(await terminal.ask('supply-order', terminal.order(1))).toMatchObject({ content: { epoch: 2 } })
  } finally {
    centre.clock.move(-8 * 86_400_000)
  }
})

test('the desk keeps a terminal below its ceilings, and the vault does so by its own count', async () => {
  const terminal = await enrolTerminal(centre, await addShop(centre, 100n * UNIT_PRICE_MINOR))
  expect(await terminal.ask('supply-order', terminal.order(6))).toMatchObject({ kind: 'supply-delivery' })
  expect(await terminal.ask('supply-order', terminal.order(6))).toMatchObject({
    content: { why: { reason: 'ceiling-exceeded', codes: 4 } },
  })
  // The api's count is lost; the vault's is not.
  await centre.database
    .pool('owner')
    .query(`UPDATE supply_order SET decided_at = decided_at - interval '2 days'`)
  expect(await terminal.ask('supply-order', terminal.order(6))).toMatchObject({
    content: { why: { reason: 'ceiling-exceeded' } },
  })
  const { rows } = await centre.needs.pool.query(`SELECT details FROM alarm WHERE kind = 'supply-withheld'`)
  expect(rows).toContainEqual({ details: '{"refusal":"ceiling-exceeded"}' })
})

test('an order that another terminal signed is closed for nobody', async () => {
  const shop = await addShop(centre, 100n * UNIT_PRICE_MINOR)
  const [one, two] = [await enrolTerminal(centre, shop), await enrolTerminal(centre, shop)]
  const lines = [{ product: ATLAS_5.id, quantity: 1, unitPriceMinor: UNIT_PRICE_MINOR }]
  const expiresAtS = Math.floor(Date.now() / 1000) + 100
  const forged = supplyOrderMessage.sign({ expiresAtS, because: 'person', lines }, two.signer, {
    ...{ terminal: one.id, sequence: 2, answering: null },
  })
  const answer = await centre.door(forged.frame)
  expect(one.verify('supply-order', answer, { ...forged, sequence: 2 })).toBe('unacceptable')
  const { rows } = await centre.needs.pool.query('SELECT FROM supply_order WHERE terminal_id IN ($1, $2)', [
    ...[one.id, two.id],
  ])
  expect(rows).toEqual([])
})

test('a safe key that was made and not committed is forgotten: letters and codes are under the one that was', async () => {
  const terminal = await enrolTerminal(centre, await addShop(centre, 0n))
  const owner = centre.vaultDatabase.pool('owner')
  const letterKey = async () => {
    const request = terminal.sign(cardLetterRequestMessage, { holdsLetter: 0, epoch: 0, cards: [] })
    const letter = await terminal.ask('card-letter-request', request)
    if (letter.kind !== 'card-letter') throw new Error(letter.kind)
    const recipient = recipientFor(letter.content, terminal.card)!
    const key = unwrapAsRecipient({ holder: terminal.card, ...recipient }, terminal.cardKey)!
    return [letter.content.epoch, key.export().toString('hex')]
  }
  const first = await letterKey()
  centre.clock.move(8 * DAY_MS)
  try {
    await owner.query(`
      CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$;
      CREATE CONSTRAINT TRIGGER fails_at_commit AFTER INSERT ON vault_safe_key DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION fail()`)
    const lost = terminal.sign(cardLetterRequestMessage, { holdsLetter: 0, epoch: 0, cards: [] })
    await expect(centre.door(lost.frame)).rejects.toThrow()
    expect(centre.faults.splice(0)).toEqual([expect.objectContaining({ message: 'the disk is full' })])
    await owner.query('DROP FUNCTION fail CASCADE')
    const letter = await terminal.ask('card-letter-request', lost)
    expect(letter.kind).toBe('card-letter')
    const second = await letterKey()
    expect(second[0]).toBe(2)
    expect(second[1]).not.toBe(first[1])
    await centre.restartVault()
    expect(await letterKey()).toEqual(second)
  } finally {
    centre.clock.move(-8 * DAY_MS)
  }
})

test('a card that came later gets letters of the epochs before it, each with its own key', async () => {
  const shop = await addShop(centre, 100n * UNIT_PRICE_MINOR)
  const terminal = await enrolTerminal(centre, shop)
  const ask = async (epoch: number, ...cards: CardId[]) => {
    const request = terminal.sign(cardLetterRequestMessage, { holdsLetter: 1, epoch, cards })
    return terminal.ask('card-letter-request', request)
  }
  const key = (answer: Awaited<ReturnType<typeof ask>>, card: CardId, privateKey: KeyObject) =>
    answer.kind === 'card-letter' &&
    unwrapAsRecipient({ holder: card, ...recipientFor(answer.content, card)! }, privateKey)!.export()
  const first = key(await ask(0), shop.card, shop.cardKey)
  centre.clock.move(8 * DAY_MS)
  try {
    const second = key(await ask(0), shop.card, shop.cardKey)
    const noted = async () => {
      const sql = 'SELECT letter_number, letter_epoch, letter_ends_at FROM terminal WHERE id = $1'
      return (await centre.needs.pool.query(sql, [terminal.id])).rows
    }
    const late = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const card = cardId('C0009050')
    await registerCard(centre, shop.retailer, card, late.publicKey)
    // There is a newer letter than the one that the terminal holds: it has the new card.
    await centre.needs.pool.query('UPDATE terminal SET letter_wanted = letter_wanted + 1 WHERE id = $1', [
      terminal.id,
    ])
    const before = await noted()
    expect(await ask(1)).toMatchObject({ content: { epoch: 1, otherCards: 0 } })
    const piece = await ask(1, card)
    expect(piece).toMatchObject({ content: { epoch: 1, otherCards: 1, recipients: [{ card }] } })
    expect(key(piece, card, late.privateKey)).toEqual(first)
    expect(key(await ask(2, card), card, late.privateKey)).toEqual(second)
    expect(key(await ask(0, card), card, late.privateKey)).toEqual(second)
    expect(await ask(3, card)).toMatchObject({ content: { why: { reason: 'unknown-subject' } } })
    expect(await ask(1, cardId('C0009051'))).toMatchObject({ content: { why: { reason: 'no-card' } } })
    // Of another shop: it is not closed for, whoever asks.
    const stranger = await addShop(centre, 0n)
    expect(await ask(1, stranger.card)).toMatchObject({ content: { why: { reason: 'no-card' } } })
    expect(await ask(1, stranger.card, card)).toMatchObject({ content: { recipients: [{ card }] } })
    // Pieces: what the centre notes of the letter that the terminal holds is as it was.
    expect(await noted()).toEqual(before)
    await centre.needs.vault.revokeCard(card)
    expect(await ask(1, card)).toMatchObject({ content: { why: { reason: 'no-card' } } })
  } finally {
    centre.clock.move(-8 * DAY_MS)
  }
})

test('the seventeenth card of a shop has no room in the newest letter, and gets one of its own', async () => {
  const shop = await addShop(centre, 0n)
  const terminal = await enrolTerminal(centre, shop)
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const cards = Array.from({ length: 16 }, (_, n) => cardId(`C${9_100 + n}`.replace('C', 'C000')))
  for (const card of cards) await registerCard(centre, shop.retailer, card, publicKey)
  const ask = (...named: CardId[]) =>
    terminal.ask(
      'card-letter-request',
      terminal.sign(cardLetterRequestMessage, { holdsLetter: 1, epoch: 0, cards: named }),
    )
  const whole = await ask()
  expect(whole).toMatchObject({ content: { otherCards: 1 } })
  expect(whole.kind === 'card-letter' && whole.content.recipients).toHaveLength(16)
  const last = cards.at(-1)!
  expect(whole.kind === 'card-letter' && recipientFor(whole.content, last)).toBeUndefined()
  expect(await ask(last)).toMatchObject({ content: { otherCards: 16, recipients: [{ card: last }] } })
})
