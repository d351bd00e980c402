import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { generatePair } from '@scratchless/keys/party-keys'
import { postTransfers } from '@scratchless/ledger/post-transfers'
import { bookingAt } from '@scratchless/office/calendar/booking'
import { inTransaction } from '@scratchless/office/database/database'
import { signApproval } from '@scratchless/office/staff/approval'
import { enrolmentAnswerMessage } from '@scratchless/wire/supply/enrolment-answer'
import { enrolmentKeys, readEnrolmentCode } from '@scratchless/wire/supply/enrolment-code'
import { enrolmentRequestMessage } from '@scratchless/wire/supply/enrolment-request'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEPOT } from '../testing/main-depot.ts'
import { type StaffCall, staffCaller } from '../testing/staff-caller.ts'
import { startTestCentre, type TestCentre } from '../testing/test-centre.ts'
import { frameOf } from '../testing/test-terminal.ts'
import { retailerAccount, SALES_ACCOUNT } from './retailers/accounts.ts'
import type {
  CardView,
  DepositView,
  EnrolmentView,
  PriceView,
  RetailerView,
  TerminalView,
} from './staff-api.ts'
import { createStaffServer } from './staff-server.ts'

let centre: TestCentre
let app: FastifyInstance
let call: StaffCall

beforeAll(async () => {
  centre = await startTestCentre()
  app = await createStaffServer(centre.needs)
  call = await staffCaller(app, centre.database.pool('owner'))
})
afterAll(async () => {
  await app.close()
  await centre.close()
})

async function addShop(): Promise<RetailerView> {
  const { status, json } = await call<RetailerView>('POST', '/api/retailers', {
    name: 'El Amen',
    place: 'Tunis',
  })
  expect(status).toBe(201)
  return json
}

test('nobody gets in without a session', async () => {
  for (const url of [
    '/api/products',
    '/api/stock',
    '/api/retailers',
    '/api/restock/orders',
    '/api/terminals',
    '/api/terminals/T00001/codes',
  ])
    expect((await app.inject({ method: 'GET', url })).statusCode).toBe(401)
})

test('a product is added once, the same again is harmless, another under its name is refused', async () => {
  const product = {
    ...{ id: 'ATLAS-1', operator: 'atlas', faceValue: '1.000', publicPrice: '1.000', tax: '0.060' },
    ...{ netCredit: '0.940', codeDigits: 14, checkDigit: 'none', validityDays: 365 },
    refillTemplate: '*123*{code}#',
  }
  expect(await call('POST', '/api/products', product)).toMatchObject({ status: 201, json: product })
  expect((await call('POST', '/api/products', product)).status).toBe(201)
  expect(await call('POST', '/api/products', { ...product, tax: '0.050' })).toMatchObject({
    ...{ status: 409, code: 'product-differs' },
  })
  expect(await call('POST', '/api/products', { ...product, id: 'X-1', operator: 'nobody' })).toMatchObject({
    status: 400,
  })
})

test('deposits count once by their document; the credit line adds to what is available', async () => {
  const shop = await addShop()
  const deposit = (document: string, amount: string) =>
    call<RetailerView>('POST', `/api/retailers/${shop.id}/deposits`, { amount, document })
  const first = await deposit('B-1', '600.000')
  expect(first).toMatchObject({ status: 201, json: { balance: '600.000' } })
  // The same paper again, and no second number.
  expect(await deposit('B-1', '600.000')).toEqual(first)
  const { receipt } = first.json as DepositView
  const [, year] = /^R(\d{4})-\d{6}\/main$/.exec(receipt)!
  const list = (which: string) => call<{ papers: unknown[] }>('GET', `/api/depots/main/papers/${which}`)
  expect((await list(`receipt/${year}`)).json.papers[0]).toMatchObject({
    ...{ number: receipt, subject: shop.id, about: 'deposit:B-1', amount: '600.000', currency: 'TND' },
  })
  expect(await list(`invoice/${year}`)).toMatchObject({ status: 404, code: 'no-papers' })
  expect(await list('letter/2026')).toMatchObject({ status: 400 })
  expect(await deposit('B-1', '601.000')).toMatchObject({ status: 409, code: 'document-used' })
  expect(await deposit('B-2', '0')).toMatchObject({ status: 400 })
  expect(await deposit('B-2', '1.0001')).toMatchObject({ status: 400 })
  const line = await call<RetailerView>('POST', `/api/retailers/${shop.id}/credit-line`, { amount: '50' })
  expect(line.json).toMatchObject({ balance: '600.000', creditLine: '50.000', available: '650.000' })
  expect(await call('GET', '/api/retailers/R99999')).toMatchObject({ status: 404, code: 'unknown-retailer' })
})

test('a payment that bounced is taken back, and where it was spent orders are blocked until it is paid', async () => {
  const shop = await addShop()
  const path = `/api/retailers/${shop.id}`
  const pay = (document: string, amount: string) =>
    call<RetailerView>('POST', `${path}/deposits`, { amount, document })
  const takeBack = (document: string) =>
    call<RetailerView>('POST', `${path}/deposit-reversals`, { document, reason: 'no cover' })
  await pay('CHQ-1', '100.000')
  expect(await takeBack('CHQ-1')).toMatchObject({
    ...{ status: 201, json: { balance: '0.000', unpaid: '0.000', ordersBlocked: null } },
  })
  expect(await takeBack('CHQ-1')).toMatchObject({ status: 409, code: 'reversed-already' })
  expect(await takeBack('CHQ-9')).toMatchObject({ status: 409, code: 'unknown-document' })

  await pay('CHQ-2', '100.000')
  const spend = {
    id: 'spent',
    kind: 'supply',
    subject: shop.id,
    currency: 'TND',
    amountMinor: 70_000n,
  } as const
  await inTransaction(centre.needs.pool, (sql) =>
    postTransfers(
      sql,
      DEPOT,
      [{ ...spend, debit: retailerAccount(shop.id), credit: SALES_ACCOUNT }],
      bookingAt(new Date(), 'UTC'),
    ),
  )
  const other = await addShop()
  expect(
    await call('POST', `/api/retailers/${other.id}/deposit-reversals`, { document: 'CHQ-2', reason: 'x' }),
  ).toMatchObject({
    ...{ status: 409, code: 'unknown-document' },
  })
  expect(await takeBack('CHQ-2')).toMatchObject({
    ...{ status: 201, json: { balance: '0.000', unpaid: '70.000', ordersBlocked: { why: 'unpaid' } } },
  })
  expect(await takeBack('CHQ-2')).toMatchObject({ status: 409, code: 'reversed-already' })
  // What he pays in next pays that first.
  expect((await pay('B-3', '69.999')).json).toMatchObject({
    ...{ balance: '0.000', unpaid: '0.001', ordersBlocked: { why: 'unpaid' } },
  })
  expect((await pay('B-4', '5.001')).json).toMatchObject({
    ...{ balance: '5.000', unpaid: '0.000', ordersBlocked: null },
  })
  expect((await pay('B-5', '1.000')).json).toMatchObject({ balance: '6.000', unpaid: '0.000' })
})

test('a rate reaches forward only, and is of a shop, of a tier or of everyone', async () => {
  const shop = await addShop()
  const rate = { retailer: shop.id, discountBasisPoints: 350 }
  expect((await call('POST', '/api/rates', rate)).status).toBe(201)
  const past = { ...rate, validFrom: '2020-01-01T00:00:00.000Z' }
  expect(await call('POST', '/api/rates', past)).toMatchObject({ status: 409, code: 'in-the-past' })
  expect((await call('POST', '/api/rates', { ...rate, tier: 'gold' })).status).toBe(400)
  const ofTier = { tier: 'gold', discountBasisPoints: 400 }
  expect(await call('POST', '/api/rates', ofTier)).toMatchObject({ status: 404, code: 'unknown-tier' })
  expect((await call('POST', '/api/tiers', { id: 'gold', name: 'Or' })).status).toBe(201)
  expect(await call('POST', '/api/tiers', { id: 'gold', name: 'Or' })).toMatchObject({
    ...{ status: 409, code: 'tier-exists' },
  })
  expect((await call('POST', '/api/rates', ofTier)).status).toBe(201)
  expect((await call('GET', '/api/tiers')).json).toEqual({ tiers: [{ id: 'gold', name: 'Or' }] })
  const move = (tier: string, retailer = shop.id) =>
    call('POST', `/api/retailers/${retailer}/tier`, { tier, validFrom: '2099-01-01' })
  expect(await move('silver')).toMatchObject({ status: 404, code: 'unknown-tier' })
  expect(await move('gold', 'R99999' as typeof shop.id)).toMatchObject({
    status: 404,
    code: 'unknown-retailer',
  })
  // The day begins by the office's clock, an hour before UTC's.
  expect(await move('gold')).toMatchObject({
    ...{ status: 201, json: { tier: 'gold', validFrom: '2098-12-31T23:00:00.000Z' } },
  })
  expect(await move('gold')).toMatchObject({ status: 409, code: 'same-moment' })
})

test('a price holds from its day on; until then the one before', async () => {
  const set = (validFrom: string | undefined, publicPrice: string, product = 'ATLAS-5') =>
    call<PriceView>('POST', '/api/prices', {
      product,
      publicPrice,
      tax: '0.300',
      netCredit: '4.700',
      validFrom,
    })
  expect(await set('2099-01-01', '5.500')).toMatchObject({
    ...{ status: 201, json: { publicPrice: '5.500', validFrom: '2098-12-31T23:00:00.000Z' } },
  })
  expect(await set('2098-12-31T23:00:00.000Z', '5.600')).toMatchObject({ status: 409, code: 'same-moment' })
  expect(await set('2020-01-01', '5.600')).toMatchObject({ status: 409, code: 'in-the-past' })
  expect((await set('2099-02-30', '5.600')).status).toBe(400)
  expect((await set('tomorrow', '5.600')).status).toBe(400)
  expect((await set('2099-01-02', '0')).status).toBe(400)
  expect(await set('2099-01-02', '5.600', 'ATLAS-9')).toMatchObject({ status: 404, code: 'unknown-product' })
  const { prices } = (await call<{ prices: PriceView[] }>('GET', '/api/products/ATLAS-5/prices')).json
  expect(prices.map(({ publicPrice }) => publicPrice)).toEqual(['5.000', '5.500'])
  const { products } = (
    await call<{ products: { id: string; publicPrice: string }[] }>('GET', '/api/products')
  ).json
  expect(products.find(({ id }) => id === 'ATLAS-5')).toMatchObject({ publicPrice: '5.000' })
  expect((await call('GET', '/api/products/ATLAS-9/prices')).status).toBe(404)
})

const sign = (index: number, purpose: string, fields: string[], key?: KeyObject) => ({
  approver: centre.approvers[index]!.name,
  signature: signApproval(key ?? centre.approvers[index]!.privateKey, purpose, fields).toString('base64'),
})

test('a terminal becomes active with the approvals of two people over its device, and not before', async () => {
  const shop = await addShop()
  const terminal = (await call<TerminalView>('POST', '/api/terminals', { retailer: shop.id })).json
  expect(terminal.state).toBe('new')
  const url = `/api/terminals/${terminal.id}`
  const enrolment = (await call<EnrolmentView>('POST', `${url}/enrolments`, {})).json
  expect(enrolment.typed).toBe(`${enrolment.enrolmentNumber}-${enrolment.enrolmentCode}`)
  expect(await call('POST', `${url}/approvals`, sign(0, 'certify-terminal', []))).toMatchObject({
    code: 'no-device',
  })

  const { enrolmentNumber } = enrolment
  const keys = enrolmentKeys(readEnrolmentCode(enrolment.enrolmentCode)!, enrolmentNumber)
  const ask = async (poll: number, device = generatePair('supply-sign')) => {
    const content = {
      ...{ enrolmentNumber, deviceKey: device.publicKey, nonce: Buffer.alloc(16) },
      ...{ deviceTimeS: 1, softwareVersion: '0.1.0' },
    }
    const request = enrolmentRequestMessage.mac(content, keys, { enrolmentNumber, poll, answering: null })
    const frame = frameOf(await centre.door(request.frame))
    const answer = enrolmentAnswerMessage.verify(frame, keys, {
      ...{ enrolmentNumber, poll, answering: request.payloadHash },
    })
    return { state: answer === 'unacceptable' ? answer : answer.content.state, device }
  }
  const { state, device } = await ask(1)
  expect(state).toBe('waiting')
  // A second device with the same code is refused, and stays refused.
  expect((await ask(2)).state).toBe('refused')

  const asked = (await call<TerminalView>('GET', url)).json
  expect(asked).toMatchObject({ state: 'asked', enrolmentNumber })
  const fields = [terminal.id, shop.id, asked.fingerprint!]
  const wrong = sign(0, 'certify-terminal', [terminal.id, shop.id, '00000 00000 00000 00000 00000 00000'])
  expect(await call('POST', `${url}/approvals`, wrong)).toMatchObject({
    status: 403,
    code: 'wrong-signature',
  })
  const first = sign(0, 'certify-terminal', fields)
  expect((await call<TerminalView>('POST', `${url}/approvals`, first)).json.state).toBe('asked')
  expect((await call<TerminalView>('POST', `${url}/approvals`, first)).json.state).toBe('asked')
  const stolen = { ...sign(1, 'certify-terminal', fields, centre.approvers[0]!.privateKey) }
  expect(await call('POST', `${url}/approvals`, stolen)).toMatchObject({ code: 'wrong-signature' })
  const second = await call<TerminalView>('POST', `${url}/approvals`, sign(1, 'certify-terminal', fields))
  expect(second.json).toMatchObject({ state: 'active', approvers: ['one', 'two'] })
  expect((await ask(3, device)).state).toBe('enrolled')

  const revoked = await call<TerminalView>('POST', `${url}/revocation`, { reason: 'stolen' })
  expect(revoked.json.state).toBe('revoked')
  expect((await ask(4, device)).state).toBe('refused')
})

test('a card is registered with two approvals over its own key', async () => {
  const shop = await addShop()
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const body = {
    ...{ card: 'C0004711', retailer: shop.id, vendor: '02', class: 'file' },
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
  }
  expect(await call('POST', '/api/cards', body)).toMatchObject({ status: 409, code: 'unknown-vendor' })
  await call('POST', `/api/retailers/${shop.id}/vendors`, { name: 'Salma' })
  const card = (await call<CardView>('POST', '/api/cards', body)).json
  expect(card.state).toBe('waiting')
  const fields = [card.id, shop.id, '02', 'file', card.keyFingerprint]
  const url = '/api/cards/C0004711/approvals'
  await call('POST', url, sign(0, 'register-card', fields))
  const done = await call<CardView>('POST', url, sign(1, 'register-card', fields))
  expect(done.json).toMatchObject({ state: 'registered', approvers: ['one', 'two'] })
  expect(await call('POST', '/api/cards', body)).toMatchObject({ status: 409, code: 'card-known' })
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const pem = weak.export({ type: 'spki', format: 'pem' })
  expect((await call('POST', '/api/cards', { ...body, card: 'C0004712', publicKey: pem })).status).toBe(400)
})

test('the status page asks to sign in, then shows stock, in both languages', async () => {
  const page = async (url: string, headers: Record<string, string> = {}) =>
    (await app.inject({ method: 'GET', url, headers })).body
  expect(await page('/')).toContain('Sign in')
  expect(await page('/', { 'accept-language': 'fr-TN,fr;q=0.9' })).toContain('Se connecter')
  await centre.operator.stock(5_000_000, 12)
  const range = { operator: 'atlas', firstSerial: '000005000000', count: 5, cause: 'a box is missing' }
  expect((await call('POST', '/api/cases', range)).status).toBe(201)
  const french = await page('/?lang=fr', { cookie: call.cookie })
  for (const head of ['En stock', 'Bloqué']) expect(french).toContain(`>${head}<`)
  expect(french).toMatch(/ATLAS-5<\/td><td class="number">7<\/td><td class="number">5</)
})

test('stock enters an activation that came by other means, for a partner and within bounds', async () => {
  const said = { operator: 'atlas', lot: 'L000077', activatedOn: '2026-03-01T00:00:00.000Z', runs: [] }
  const url = '/api/restock/activations'
  const run = { firstSerial: '000000000001', count: 2 }
  expect((await call('POST', url, said)).status).toBe(201)
  expect((await call('POST', url, { ...said, runs: [run] })).status).toBe(201)
  expect(await call('POST', url, { ...said, operator: 'sahel' })).toMatchObject({ code: 'unknown-operator' })
  for (const wrong of [{ lot: 'x' }, { activatedOn: '2026-03-01' }, { runs: [{ ...run, count: 0 }] }])
    expect((await call('POST', url, { ...said, ...wrong })).status).toBe(400)
  const owner = centre.database.pool('owner')
  const { rows } = await owner.query(
    `SELECT whole, (SELECT count(*)::int FROM lot_activation_run WHERE activation_id = id) AS runs
       FROM lot_activation WHERE lot_id = 'L000077' ORDER BY whole`,
  )
  expect(rows).toEqual([
    { whole: false, runs: 1 },
    { whole: true, runs: 0 },
  ])
  const { rows: entries } = await owner.query(
    `SELECT DISTINCT actor, subject FROM audit_entry WHERE action = 'lot-activated'`,
  )
  expect(entries).toEqual([{ actor: 'demo', subject: 'atlas L000077' }])
})
