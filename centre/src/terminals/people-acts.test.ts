// What people do to shops, terminals and cards: each refusal, and what is written down of each act.

import { generateKeyPairSync } from 'node:crypto'
import { ROLES } from '@scratchless/office/roles/roles'
import { signApproval } from '@scratchless/office/staff/approval'
import { addStaff } from '@scratchless/office/staff/staff'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolDevice, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'
import type { CardView, EnrolmentView, RetailerView, TerminalView } from '../staff-api.ts'
import { createStaffServer } from '../staff-server.ts'
import { standingFor } from '../supply/standing.ts'

const PASSWORD = 'a long enough password'
/** Of a signature's length, and none. */
const NOT_SIGNED = `${'A'.repeat(86)}==`
let centre: TestCentre
let app: FastifyInstance
let cookie: string
let terminal: TestTerminal
beforeAll(async () => {
  centre = await startTestCentre()
  app = await createStaffServer(centre.needs)
  await addStaff(
    { pool: centre.database.pool('owner') },
    { signInName: 'demo', fullName: 'Demo', roles: ROLES, password: PASSWORD },
  )
  const payload = { signInName: 'demo', password: PASSWORD }
  const answer = await app.inject({ method: 'POST', url: '/api/sign-in', payload })
  cookie = String(answer.headers['set-cookie']).split(';')[0]!
})
afterAll(async () => {
  await app.close()
  await centre.close()
})
beforeEach(async () => {
  terminal = await enrolTerminal(centre, await addShop(centre, 0n))
})

async function act<Answer>(url: string, payload: object) {
  const answer = await app.inject({ method: 'POST', url, headers: { cookie }, payload })
  const json = answer.json() as Answer & { error?: { code: string; details?: unknown } }
  return { status: answer.statusCode, json, code: json.error?.code, details: json.error?.details }
}
async function look<Answer>(url: string): Promise<Answer> {
  return (await app.inject({ method: 'GET', url, headers: { cookie } })).json() as Answer
}
async function entries(subject: string) {
  const { rows } = await centre.database
    .pool('auditor')
    .query<{ actor: string; action: string; details: string }>(
      'SELECT actor, action, details FROM audit_entry WHERE subject = $1 ORDER BY n',
      [subject],
    )
  return rows.map(({ actor, action, details }) => ({
    actor,
    action,
    details: JSON.parse(details) as unknown,
  }))
}
const reason = { reason: 'lost at the counter' }
const addRetailer = async () =>
  (await act<RetailerView>('/api/retailers', { name: 'El Amen', place: 'Tunis' })).json

test('every act on a shop is written down with who did it', async () => {
  const shop = await addRetailer()
  const url = `/api/retailers/${shop.id}`
  expect(shop).toMatchObject({ balance: '0.000', creditLine: '0.000', available: '0.000', closedAt: null })
  await act(`${url}/deposits`, { amount: '10.500', document: 'A-1' })
  await act(`${url}/deposits`, { amount: '10.500', document: 'A-1' })
  await act(`${url}/credit-line`, { amount: '2' })
  const closed = await act<RetailerView>(`${url}/closing`, reason)
  expect(closed.json).toMatchObject({ balance: '10.500', creditLine: '2.000', available: '12.500' })
  expect(Date.parse(closed.json.closedAt!)).toBeGreaterThan(0)
  expect(await act(`${url}/closing`, reason)).toMatchObject({ status: 409, code: 'closed-already' })
  expect(await entries(shop.id)).toEqual([
    { actor: 'demo', action: 'retailer-added', details: {} },
    {
      actor: 'demo',
      action: 'deposit-taken',
      details: { amount: '10.500', document: 'A-1', receipt: expect.stringMatching(/^R\d{4}-000001\/main$/) },
    },
    { actor: 'demo', action: 'credit-line-set', details: { amount: '2' } },
    { actor: 'demo', action: 'retailer-closed', details: reason },
  ])
})

test('a credit line is an amount, and none below nothing', async () => {
  const shop = await addRetailer()
  const url = `/api/retailers/${shop.id}/credit-line`
  expect((await act<RetailerView>(url, { amount: '5' })).json.available).toBe('5.000')
  expect(await act(url, { amount: '-1' })).toMatchObject({ status: 400, code: 'invalid' })
  expect(await act(url, { amount: 'much' })).toMatchObject({
    ...{ status: 400, details: [{ field: 'amount', rule: 'invalid_format' }] },
  })
})

test('a deposit of nothing is refused, by its field', async () => {
  const shop = await addRetailer()
  expect(await act(`/api/retailers/${shop.id}/deposits`, { amount: '0.000', document: 'Z-1' })).toMatchObject(
    {
      ...{ status: 400, details: [{ field: 'amount', rule: 'too_small' }] },
    },
  )
})

test('one document pays in one shop once', async () => {
  const [one, two] = [await addRetailer(), await addRetailer()]
  const body = { amount: '3.000', document: 'SAME-1' }
  expect((await act(`/api/retailers/${one.id}/deposits`, body)).status).toBe(201)
  expect(await act(`/api/retailers/${two.id}/deposits`, body)).toMatchObject({ code: 'document-used' })
  expect(await look(`/api/retailers/${two.id}`)).toMatchObject({ balance: '0.000' })
})

test.each(['deposits', 'credit-line', 'closing'])(
  'nobody does "%s" to a shop that is not there',
  async (what) => {
    const body = { amount: '1.000', document: 'B-9', ...reason }
    const { amount, document } = body
    const form = { deposits: { amount, document }, 'credit-line': { amount }, closing: reason }[what]!
    expect(await act(`/api/retailers/R99999/${what}`, form)).toMatchObject({
      status: 404,
      code: 'unknown-retailer',
    })
  },
)

test('a terminal is placed, enrolled, locked and unlocked, and each is written down', async () => {
  const placed = await act<TerminalView>('/api/terminals', { retailer: terminal.retailer })
  expect(placed).toMatchObject({ status: 201, json: { state: 'new', lastSequence: 0, approvers: [] } })
  const { id } = placed.json
  const url = `/api/terminals/${id}`
  const enrolment = (await act<EnrolmentView>(`${url}/enrolments`, {})).json
  const week = Date.parse(enrolment.expiresAt) - centre.clock.nowMs()
  expect(Math.round(week / 60_000)).toBe(7 * 24 * 60)
  expect(await look(url)).toMatchObject({ state: 'enrolling', enrolmentNumber: enrolment.enrolmentNumber })
  expect(await act(`${url}/unlock`, reason)).toMatchObject({ status: 409, code: 'not-locked' })
  await centre.database
    .pool('owner')
    .query("UPDATE terminal SET locked_at = now(), locked_why = 'by-staff' WHERE id = $1", [id])
  expect(await look(url)).toMatchObject({ state: 'locked' })
  expect((await act<TerminalView>(`${url}/unlock`, reason)).json.state).toBe('enrolling')
  expect(await entries(id)).toEqual([
    { actor: 'demo', action: 'terminal-added', details: { retailer: terminal.retailer } },
    { actor: 'demo', action: 'enrolment-opened', details: { enrolmentNumber: enrolment.enrolmentNumber } },
    { actor: 'demo', action: 'terminal-unlocked', details: reason },
  ])
})

test('a terminal that was off longer than its certificate comes back by a second enrolment, its sequence going on', async () => {
  const url = `/api/terminals/${terminal.id}`
  const { last_sequence: before } = (
    await centre.needs.pool.query('SELECT last_sequence FROM terminal WHERE id = $1', [terminal.id])
  ).rows[0]
  const certificates = async () => {
    const { rows } = await centre.needs.pool.query(
      'SELECT number FROM terminal_certificate WHERE terminal_id = $1 ORDER BY number',
      [terminal.id],
    )
    return rows.length
  }
  await centre.database
    .pool('owner')
    .query('UPDATE terminal SET certified_until = $2 WHERE id = $1', [
      terminal.id,
      new Date(centre.clock.nowMs()),
    ])
  const opened = await act<EnrolmentView>(`${url}/enrolments`, {})
  expect(opened.status).toBe(201)
  terminal.become(await enrolDevice(centre, { ...opened.json, id: terminal.id, retailer: terminal.retailer }))
  expect([terminal.device.lastSequence, await certificates()]).toEqual([Number(before), 2])
  const letter = terminal.sign(cardLetterRequestMessage, { holdsLetter: 0, epoch: 0, cards: [] })
  expect([letter.sequence, (await terminal.ask('card-letter-request', letter)).kind]).toEqual([
    Number(before) + 1,
    'card-letter',
  ])
})

test('a terminal that is enrolled is not enrolled again, nor one that is revoked', async () => {
  const url = `/api/terminals/${terminal.id}`
  expect(await act(`${url}/enrolments`, {})).toMatchObject({ status: 409, code: 'terminal-enrolled' })
  const revoked = await act<TerminalView>(`${url}/revocation`, reason)
  expect(revoked.json).toMatchObject({ state: 'revoked', lastSequence: 1 })
  expect(await act(`${url}/enrolments`, {})).toMatchObject({ status: 409, code: 'terminal-revoked' })
  expect(await entries(terminal.id)).toContainEqual({
    actor: 'demo',
    action: 'terminal-revoked',
    details: { why: 'by-staff', ...reason },
  })
})

test.each(['enrolments', 'approvals', 'unlock', 'revocation'])(
  'nobody does "%s" to a terminal that is not there',
  async (what) => {
    const form = { enrolments: {}, approvals: { approver: 'one', signature: NOT_SIGNED } }[what] ?? reason
    expect(await act(`/api/terminals/T99999/${what}`, form)).toMatchObject({
      ...{ status: 404, code: 'unknown-terminal' },
    })
  },
)

test('a terminal has its place in a shop that is there', async () => {
  expect(await act('/api/terminals', { retailer: 'R99999' })).toMatchObject({ code: 'unknown-retailer' })
})

function cardBody(card: string, modulusLength = 2048) {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
  return { card, retailer: terminal.retailer, vendor: '02', class: 'file', publicKey: pem }
}

test('a card is entered, approved by two, revoked, and each is written down', async () => {
  const body = cardBody('C0008001')
  const entered = await act<CardView>('/api/cards', body)
  expect(entered).toMatchObject({ status: 201, json: { state: 'waiting', approvers: [], class: 'file' } })
  const { keyFingerprint } = entered.json
  const approve = (index: number, fields = ['C0008001', terminal.retailer, '02', 'file', keyFingerprint]) => {
    const { name, privateKey } = centre.approvers[index]!
    const signature = signApproval(privateKey, 'register-card', fields).toString('base64')
    return act<CardView>('/api/cards/C0008001/approvals', { approver: name, signature })
  }
  expect(await approve(0, ['C0008001'])).toMatchObject({ status: 403, code: 'wrong-signature' })
  expect(
    await act('/api/cards/C0008001/approvals', { approver: 'three', signature: NOT_SIGNED }),
  ).toMatchObject({
    ...{ status: 403, code: 'unknown-approver' },
  })
  expect((await approve(0)).json).toMatchObject({ state: 'waiting', approvers: ['one'] })
  expect((await approve(1)).json).toMatchObject({ state: 'registered', approvers: ['one', 'two'] })
  const revoked = await act<CardView>('/api/cards/C0008001/revocation', reason)
  expect(revoked.json.state).toBe('revoked')
  expect(await entries('C0008001')).toEqual([
    {
      ...{ actor: 'demo', action: 'card-added' },
      details: { retailer: terminal.retailer, vendor: '02', keyFingerprint },
    },
    { actor: 'demo', action: 'card-registered', details: { approvers: ['one', 'two'] } },
    { actor: 'demo', action: 'card-revoked', details: reason },
  ])
})

test('a card’s key is an RSA key of a size that a letter can hold', async () => {
  const rule = async (body: object) => (await act('/api/cards', body)).details
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const body = cardBody('C0008002')
  const ec = { ...body, publicKey: publicKey.export({ type: 'spki', format: 'pem' }) }
  expect(await rule(ec)).toEqual([{ field: 'publicKey', rule: 'not_an_rsa_key' }])
  expect(await rule({ ...body, publicKey: 'no key' })).toEqual([
    { field: 'publicKey', rule: 'not_a_public_key' },
  ])
  expect(await rule(cardBody('C0008002', 2304))).toEqual([{ field: 'publicKey', rule: 'not_an_rsa_key' }])
  expect((await act('/api/cards', cardBody('C0008002', 3072))).status).toBe(201)
})

test('a card’s revocation ends the letters of its own shop’s terminals, and of no other', async () => {
  const other = await enrolTerminal(centre, await addShop(centre, 0n))
  const endOf = async (id: string) => {
    const { rows } = await centre.needs.pool.query<{ letter_ends_at: Date }>(
      'SELECT letter_ends_at FROM terminal WHERE id = $1',
      [id],
    )
    return rows[0]!.letter_ends_at.getTime()
  }
  const before = await endOf(other.id)
  await act(`/api/cards/${terminal.card}/revocation`, reason)
  expect(await endOf(terminal.id)).toBeLessThanOrEqual(centre.clock.nowMs())
  expect(await endOf(other.id)).toBe(before)
  // A second revocation moves nothing.
  const { rows } = await centre.needs.pool.query('SELECT revoked_at FROM card WHERE id = $1', [terminal.card])
  await act(`/api/cards/${terminal.card}/revocation`, reason)
  const again = await centre.needs.pool.query('SELECT revoked_at FROM card WHERE id = $1', [terminal.card])
  expect(again.rows).toEqual(rows)
})

test('the vault hears of a revoked card: no letter is closed for it any more', async () => {
  const ask = () =>
    terminal.ask(
      'card-letter-request',
      terminal.sign(cardLetterRequestMessage, { holdsLetter: 0, epoch: 0, cards: [] }),
    )
  expect((await ask()).kind).toBe('card-letter')
  await act(`/api/cards/${terminal.card}/revocation`, reason)
  expect(await ask()).toMatchObject({ content: { why: { reason: 'no-card' } } })
})

test('the vault hears of a revoked terminal: it closes nothing for it, whatever the database says', async () => {
  const { frame, sequence } = terminal.sign(cardLetterRequestMessage, { holdsLetter: 0, epoch: 0, cards: [] })
  const row = {
    ...{ retailer_id: terminal.retailer, letter_ends_at: null },
    ...{ letter_number: 1n, letter_wanted: 1n, catalogue_version: 1, settings_version: 1 },
    centre_until: null,
  }
  const standing = await standingFor(centre.needs, centre.needs.pool, row)
  const request = { terminal: terminal.id, sequence, frame, standing }
  expect(await centre.needs.vault.writeCardLetter(request)).toHaveProperty('epoch')
  await act(`/api/terminals/${terminal.id}/revocation`, reason)
  expect(await centre.needs.vault.writeCardLetter(request)).toBe('request-not-verified')
})

test('lists hold what there is, and single things are looked up by their number', async () => {
  const { terminals } = await look<{ terminals: TerminalView[] }>('/api/terminals')
  expect(terminals.find(({ id }) => id === terminal.id)).toEqual(await look(`/api/terminals/${terminal.id}`))
  const { retailers } = await look<{ retailers: RetailerView[] }>('/api/retailers')
  expect(retailers.find(({ id }) => id === terminal.retailer)).toEqual(
    await look(`/api/retailers/${terminal.retailer}`),
  )
  expect(await look('/api/cards/C9999999')).toMatchObject({ error: { code: 'unknown-card' } })
  expect(await look('/api/cards/nonsense')).toMatchObject({ error: { code: 'invalid' } })
})
