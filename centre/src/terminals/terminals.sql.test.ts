// What is written once stays as it was first written, and each statement keeps to its own row.

import { cardId, type TerminalId, vendorId } from '@scratchless/voucher/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEPOT } from '../../testing/main-depot.ts'
import { addRetailer } from '../../testing/people.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { markRetailerClosed } from '../retailers/retailers.sql.ts'
import { findTerminalKey } from '../supply/supply-terminal.sql.ts'
import {
  activateTerminal,
  clearTerminalLock,
  endLetterEpochs,
  findCard,
  findEnrolment,
  findTerminal,
  insertApproval,
  insertCard,
  insertEnrolment,
  insertTerminal,
  markCardRegistered,
  markCardRevoked,
  markTerminalLocked,
  markTerminalRevoked,
  readApprovals,
  readTerminals,
  updateFingerprint,
} from './terminals.sql.ts'

const [EARLY, LATE] = [new Date('2026-11-01T10:00:00Z'), new Date('2026-11-02T10:00:00Z')]
let centre: TestCentre
beforeAll(async () => {
  centre = await startTestCentre()
})
afterAll(() => centre.close())

const sql = () => centre.needs.pool
async function placed(): Promise<{ id: TerminalId; retailer: Awaited<ReturnType<typeof addRetailer>> }> {
  const retailer = await addRetailer(centre, 0n)
  return { id: await insertTerminal(sql(), { depot: DEPOT, retailer, addedAt: EARLY }), retailer }
}
const field = async (id: TerminalId, name: string) =>
  (await sql().query(`SELECT ${name} AS value FROM terminal WHERE id = $1`, [id])).rows[0] as {
    value: unknown
  }

test('a second device does not take the first one’s place', async () => {
  const { id, retailer } = await placed()
  await insertEnrolment(sql(), { number: 7_001, terminal: id, openedAt: EARLY, expiresAt: LATE })
  expect(await findEnrolment(sql(), 7_001)).toEqual({
    ...{ terminal_id: id, retailer_id: retailer, retailer_name: 'Épicerie El Amen', fingerprint: null },
    last_sequence: 0n,
  })
  await updateFingerprint(sql(), 7_001, 'first')
  await updateFingerprint(sql(), 7_001, 'second')
  expect(await findEnrolment(sql(), 7_001)).toMatchObject({ fingerprint: 'first' })
  expect(await findEnrolment(sql(), 7_002)).toBeUndefined()
})

test('the date of a revocation, a lock and a closing is that of the first', async () => {
  const { id, retailer } = await placed()
  const other = await placed()
  for (const at of [EARLY, LATE]) {
    await markTerminalRevoked(sql(), id, at, at === EARLY ? 'stolen' : 'retired')
    await markTerminalLocked(sql(), id, at, at === EARLY ? 'by-staff' : 'stolen')
  }
  expect(await field(id, 'revoked_at')).toEqual({ value: EARLY })
  expect(await field(id, 'locked_at')).toEqual({ value: EARLY })
  expect(await field(id, 'revoked_why')).toEqual({ value: 'stolen' })
  expect(await field(id, 'locked_why')).toEqual({ value: 'by-staff' })
  expect(await field(other.id, 'revoked_at')).toEqual({ value: null })
  expect(await field(other.id, 'locked_at')).toEqual({ value: null })
  expect(await clearTerminalLock(sql(), other.id)).toBe(false)
  expect(await clearTerminalLock(sql(), id)).toBe(true)
  expect(await clearTerminalLock(sql(), id)).toBe(false)
  expect(await markRetailerClosed(sql(), retailer, EARLY)).toBe(true)
  expect(await markRetailerClosed(sql(), retailer, LATE)).toBe(false)
})

test('a certificate is followed by a later one only, and those before stay known', async () => {
  const { id } = await placed()
  const seconds = (at: Date) => at.getTime() / 1000
  const certificate = (certificateNumber: number, key: number, until: Date) => ({
    ...{ id, certificateNumber, publicKey: Buffer.of(key) },
    ...{ certifiedUntilS: seconds(until), centreUntilS: seconds(LATE) },
  })
  await activateTerminal(sql(), certificate(900, 1, EARLY))
  await activateTerminal(sql(), certificate(900, 2, LATE))
  expect(await field(id, 'certified_until')).toEqual({ value: EARLY })
  await activateTerminal(sql(), certificate(901, 3, LATE))
  await activateTerminal(sql(), certificate(900, 1, EARLY))
  expect(await field(id, 'certified_until')).toEqual({ value: LATE })
  expect(await field(id, 'centre_until')).toEqual({ value: LATE })
  expect((await findTerminal(sql(), id))?.certificate_number).toBe(901)
  expect(await findTerminalKey(sql(), 900)).toEqual({
    ...{ number: 900, terminal_id: id, depot_id: DEPOT, public_key: Buffer.of(1), ends_at: EARLY },
  })
  expect(await findTerminalKey(sql(), 902)).toBeUndefined()
})

test('a card’s number is given once, and its dates are those of the first time', async () => {
  const { retailer } = await placed()
  const card = {
    ...{ id: cardId('C0006001'), retailer_id: retailer, vendor_id: vendorId('02'), class: 'pkcs11' as const },
    ...{ public_key: Buffer.of(1), key_fingerprint: 'its own', addedAt: EARLY },
  }
  expect(await insertCard(sql(), card)).toBe(true)
  expect(await insertCard(sql(), { ...card, vendor_id: vendorId('03') })).toBe(false)
  for (const at of [EARLY, LATE]) {
    await markCardRegistered(sql(), card.id, at)
    await markCardRevoked(sql(), card.id, at)
  }
  const { addedAt: _, ...row } = card
  expect(await findCard(sql(), card.id)).toEqual({
    ...row,
    ...{ registered_at: EARLY, revoked_at: EARLY, approvers: null },
  })
  expect(await findCard(sql(), cardId('C0006002'))).toBeUndefined()
})

test('letters end for the shop’s own terminals, and never later than they would', async () => {
  const { id, retailer } = await placed()
  const other = await placed()
  for (const one of [id, other.id])
    await centre.database
      .pool('owner')
      .query('UPDATE terminal SET letter_epoch = 1, letter_ends_at = $2 WHERE id = $1', [one, EARLY])
  await endLetterEpochs(sql(), retailer, LATE)
  expect(await field(id, 'letter_ends_at')).toEqual({ value: EARLY })
  const earlier = new Date(EARLY.getTime() - 1)
  await endLetterEpochs(sql(), retailer, earlier)
  expect(await field(id, 'letter_ends_at')).toEqual({ value: earlier })
  expect(await field(other.id, 'letter_ends_at')).toEqual({ value: EARLY })
})

test('an approver signs one thing once, and approvals are kept apart by what they are for', async () => {
  const give = (
    purpose: 'certify-terminal' | 'register-card',
    subject: string,
    approver: string,
    byte: number,
  ) =>
    insertApproval(sql(), {
      ...{ purpose, subject, approver, signature: Buffer.alloc(64, byte), givenAt: EARLY },
    })
  await give('register-card', 'C0006003', 'one', 1)
  await give('register-card', 'C0006003', 'one', 1)
  await give('register-card', 'C0006004', 'two', 2)
  await give('certify-terminal', 'C0006003', 'two', 3)
  expect(await readApprovals(sql(), 'register-card', 'C0006003')).toEqual([
    { approver: 'one', signature: Buffer.alloc(64, 1) },
  ])
})

test('a list of terminals has as many as were asked for', async () => {
  await placed()
  await placed()
  expect(await readTerminals(sql(), 1)).toHaveLength(1)
  expect((await readTerminals(sql(), 500)).length).toBeGreaterThan(1)
})
