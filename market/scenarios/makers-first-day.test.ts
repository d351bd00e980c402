// The page of a maker's first day at a running centre, followed step by step: by its own words, with bare HTTP, TLS and
// signature functions. What travels on the supply line is the other page's matter and made by wire's own functions.

import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent, request as httpsRequest } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { createStaffServer } from '@scratchless/centre/staff-server'
import { createFrameListener, createSupplyHttps } from '@scratchless/centre/supply/supply-listeners'
import { createAuthority, issueTlsCertificate } from '@scratchless/keys/certificates'
import { generatePair } from '@scratchless/keys/party-keys'
import type { TerminalId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import { p256Signer, type Signer } from '@scratchless/wire/compact/cose'
import { verifierOf } from '@scratchless/wire/compact/cwt'
import { type Frame, readFrame } from '@scratchless/wire/compact/frame'
import { type AnswerTo, type RequestKind, verifyAnswer } from '@scratchless/wire/supply/answer'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { priceAt } from '@scratchless/wire/supply/catalogue'
import { catalogueRequestMessage } from '@scratchless/wire/supply/catalogue-request'
import { certificatesOf, enrolmentAnswerMessage } from '@scratchless/wire/supply/enrolment-answer'
import { enrolmentKeys, readEnrolmentCode } from '@scratchless/wire/supply/enrolment-code'
import { enrolmentRequestMessage } from '@scratchless/wire/supply/enrolment-request'
import type { SupplyMessage } from '@scratchless/wire/supply/envelope'
import { supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { supplyReceiptMessage } from '@scratchless/wire/supply/supply-receipt'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type StaffCall, staffCaller } from '../../centre/testing/staff-caller.ts'
import { startTestCentre, type TestCentre } from '../../centre/testing/test-centre.ts'
import * as example from '../../wire/testing/supply-examples.ts'

const page = readFileSync(new URL('../docs/protocol/first-day.md', example.VECTORS), 'utf8')
/** Each listing by its title, comments taken off. */
const listing = (title: string) => {
  const [, body] = new RegExp(`^\`\`\`hex ${title}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)!
  return Buffer.from(body!.replace(/;.*$/gm, '').replace(/\s/g, ''), 'hex')
}

// ---- The page's formulas, with nothing of ours ----

/** An array of texts in CBOR, each shorter than 256 bytes. */
function cborTexts(...texts: string[]): Buffer {
  const parts = texts.map((text) => {
    const bytes = Buffer.from(text)
    const head = bytes.length < 24 ? [0x60 | bytes.length] : [0x78, bytes.length]
    return Buffer.concat([Buffer.from(head), bytes])
  })
  return Buffer.concat([Buffer.of(0x80 | texts.length), ...parts])
}

function approve(privateKey: KeyObject, ...texts: string[]): string {
  return sign('sha256', cborTexts(...texts), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString(
    'base64',
  )
}

const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'der' })
const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest()

function fingerprintOfDevice(key: KeyObject): string {
  const { x, y } = key.export({ format: 'jwk' }) as { x: string; y: string }
  const h = sha256(
    Buffer.from('scratchless device 1'),
    Buffer.from(x, 'base64url'),
    Buffer.from(y, 'base64url'),
  )
  const groups = [0, 5, 10, 15, 20, 25].map((at) => h.readUIntBE(at, 5) % 100_000)
  return groups.map((group) => String(group).padStart(5, '0')).join(' ')
}

// ---- The world ----

let centre: TestCentre
let app: FastifyInstance
let staff: StaffCall
let supply: { url: string; authority: string; pin: string; frames: number; close(): Promise<void> }
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(1_000_000, 100)
  app = await createStaffServer(centre.needs)
  staff = await staffCaller(app, centre.database.pool('owner'))
  supply = await listen()
})
afterAll(async () => {
  await supply.close()
  await app.close()
  await centre.close()
})

/** The centre's two ways in, with TLS as a centre has it. */
async function listen() {
  const needs = { clock: centre.clock, random: systemRandom }
  const authority = generatePair('tls-authority')
  const tls = generatePair('tls')
  const authorityPem = await createAuthority('centre', authority, needs)
  const request = {
    party: 'centre',
    publicKey: tls.publicKey,
    authorityPem,
    authorityKey: authority.privateKey,
  }
  const own = {
    keyPem: tls.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    certificatePem: await issueTlsCertificate(request, needs),
  }
  const https = createSupplyHttps(centre.needs, own, centre.door)
  const address = await https.listen({ host: '127.0.0.1', port: 0 })
  const frames = createFrameListener(centre.needs, centre.door)
  await new Promise<void>((listening) => frames.listen(0, '127.0.0.1', listening))
  return {
    ...{ url: `${address}/supply`, authority: authorityPem, frames: (frames.address() as AddressInfo).port },
    pin: sha256(spki(tls.publicKey)).toString('hex'),
    async close() {
      await https.close()
      frames.close()
    },
  }
}

/** One frame, one answer, over HTTPS whose server must show the pinned key. */
function askByHttps(frame: Uint8Array, pin = supply.pin): Promise<Frame> {
  const agent = new Agent({
    ca: supply.authority,
    checkServerIdentity: (_, { raw }) =>
      sha256(spki(new X509Certificate(raw).publicKey)).toString('hex') === pin
        ? undefined
        : new Error('another key'),
  })
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/cose', 'content-length': frame.length }
    const request = httpsRequest(supply.url, { method: 'POST', agent, headers }, async (response) => {
      const parts: Buffer[] = []
      for await (const part of response) parts.push(part as Buffer)
      agent.destroy()
      expect(response.statusCode).toBe(200)
      resolve(readFrame(Buffer.concat(parts))!)
    })
    request.on('error', reject).end(frame)
  })
}

/** The same over the plain line. */
function askByFrames(frame: Uint8Array): Promise<Frame> {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0)
    const socket = connect(supply.frames, '127.0.0.1', () => socket.write(frame))
    socket.on('error', reject).on('data', (more) => {
      got = Buffer.concat([got, more as Buffer])
      const whole = readFrame(got)
      if (whole === undefined) return
      socket.destroy()
      resolve(whole)
    })
  })
}

// ---- The day ----

interface Retailer {
  id: string
}
interface Terminal {
  id: string
  state: string
  fingerprint: string | null
  approvers: string[]
  lastSequence: number
}
interface Card {
  state: string
  keyFingerprint: string
}
const device = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const cardKeys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const CARD = 'C0000777'
let retailer: string
let vendor: string
let terminal: string
let typed: string
let signer: Signer
let answersBy: ReturnType<typeof verifierOf>
let sequence = 0

/** The device's next poll. */
let polls = 0
async function poll() {
  const [number, ...code] = typed.split('-')
  const enrolmentNumber = Number(number)
  const keys = enrolmentKeys(readEnrolmentCode(code.join('-'))!, enrolmentNumber)
  const binding = { enrolmentNumber, poll: ++polls }
  const asked = enrolmentRequestMessage.mac(
    {
      ...{ enrolmentNumber, deviceKey: device.publicKey, nonce: Buffer.alloc(16, 3) },
      ...{ deviceTimeS: Math.floor(centre.clock.nowMs() / 1000), softwareVersion: '1.0' },
    },
    keys,
    { ...binding, answering: null },
  )
  const frame = await askByHttps(asked.frame)
  const answer = enrolmentAnswerMessage.verify(frame, keys, { ...binding, answering: asked.payloadHash })
  if (answer === 'unacceptable') throw new Error(answer)
  return answer.content
}

const bindingOf = (place: number, answering: Uint8Array | null) => ({
  ...{ terminal: terminal as TerminalId, sequence: place, answering },
})
async function send<R extends RequestKind>(
  kind: R,
  { frame, payloadHash }: { frame: Uint8Array; payloadHash: Uint8Array },
  by = askByHttps,
): Promise<AnswerTo<R>> {
  const place = Buffer.from(frame).readUInt32BE(1)
  const answer = verifyAnswer(kind, await by(frame), answersBy, bindingOf(place, payloadHash))
  if (answer === 'unacceptable') throw new Error(`${kind}: ${answer}`)
  return answer
}
const signed = <K extends RequestKind, C>(message: SupplyMessage<K, C>, content: C) =>
  message.sign(content, signer, bindingOf(++sequence, null))
const asked = {
  letter: () => signed(cardLetterRequestMessage, { holdsLetter: 0, epoch: 0, cards: [] }),
  catalogue: () => signed(catalogueRequestMessage, { knownVersion: 0 }),
}

test('staff open the shop, its vendor and its terminal, and an enrolment with its code', async () => {
  const shop = await staff<Retailer>('POST', '/api/retailers', { name: 'Épicerie El Amen', place: 'Tunis' })
  expect(shop.status).toBe(201)
  retailer = shop.json.id
  const person = await staff<{ id: string }>('POST', `/api/retailers/${retailer}/vendors`, { name: 'Amel' })
  expect([person.status, person.json.id]).toEqual([201, expect.stringMatching(/^\d\d$/)])
  vendor = person.json.id
  const place = await staff<Terminal>('POST', '/api/terminals', { retailer })
  expect([place.status, place.json.state]).toEqual([201, 'new'])
  terminal = place.json.id
  const opened = await staff<{ typed: string; enrolmentNumber: number; enrolmentCode: string }>(
    'POST',
    `/api/terminals/${terminal}/enrolments`,
    {},
  )
  expect(opened.status).toBe(201)
  typed = opened.json.typed
  expect(typed).toBe(`${opened.json.enrolmentNumber}-${opened.json.enrolmentCode}`)
})

test('the device asks over the pinned line, and shows the fingerprint that staff see', async () => {
  expect(await poll()).toMatchObject({ state: 'waiting' })
  const seen = await staff<Terminal>('GET', `/api/terminals/${terminal}`)
  expect(seen.json).toMatchObject({ state: 'asked', fingerprint: fingerprintOfDevice(device.publicKey) })
  await expect(askByHttps(Buffer.alloc(7), 'ab'.repeat(32))).rejects.toThrow('another key')
})

test('a signature over anything else is refused at once', async () => {
  const [one] = centre.approvers
  const fields = ['certify-terminal', terminal, retailer, fingerprintOfDevice(device.publicKey)]
  const url = `/api/terminals/${terminal}/approvals`
  const give = (approver: string, signature: string) => staff('POST', url, { approver, signature })
  for (const [at, text] of ['register-card', 'T99999', 'R99999', '00000'].entries()) {
    const other = approve(one!.privateKey, ...fields.with(at, text))
    expect(await give('one', other)).toMatchObject({ status: 403, code: 'wrong-signature' })
  }
  const der = sign('sha256', cborTexts(...fields), one!.privateKey).toString('base64')
  expect((await give('one', der)).status).toBeGreaterThanOrEqual(400)
  expect(await give('nobody', approve(one!.privateKey, ...fields))).toMatchObject({
    ...{ status: 403, code: 'unknown-approver' },
  })
})

test('two people approve, and the next poll brings name and certificates', async () => {
  const fields = ['certify-terminal', terminal, retailer, fingerprintOfDevice(device.publicKey)]
  const states: string[] = []
  for (const { name, privateKey } of centre.approvers) {
    const body = { approver: name, signature: approve(privateKey, ...fields) }
    const answer = await staff<Terminal>('POST', `/api/terminals/${terminal}/approvals`, body)
    expect(answer.status).toBe(200)
    states.push(answer.json.state)
  }
  expect(states).toEqual(['asked', 'active'])
  const enrolled = await poll()
  if (enrolled.state !== 'enrolled') throw new Error(enrolled.state)
  expect(enrolled).toMatchObject({ terminal, retailer, lastSequence: 0 })
  const certificates = certificatesOf(enrolled)
  if (certificates === 'unacceptable') throw new Error(certificates)
  expect(certificates.terminal.publicKey.equals(device.publicKey)).toBe(true)
  signer = p256Signer(certificates.terminal.kid, device.privateKey)
  answersBy = verifierOf(certificates.centre)
})

test('without a card there is no letter; once two people have approved the card’s key there is one', async () => {
  const early = await send('card-letter-request', asked.letter())
  expect(early).toMatchObject({ content: { why: { reason: 'no-card' } } })
  const publicKey = cardKeys.publicKey.export({ type: 'spki', format: 'pem' })
  const entered = await staff<Card>('POST', '/api/cards', {
    ...{ card: CARD, retailer, vendor, class: 'file', publicKey },
  })
  const keyFingerprint = sha256(spki(cardKeys.publicKey)).toString('hex')
  expect([entered.status, entered.json]).toMatchObject([201, { state: 'waiting', keyFingerprint }])
  for (const { name, privateKey } of centre.approvers) {
    const signature = approve(privateKey, 'register-card', CARD, retailer, vendor, 'file', keyFingerprint)
    await staff('POST', `/api/cards/${CARD}/approvals`, { approver: name, signature })
  }
  expect((await staff<Card>('GET', `/api/cards/${CARD}`)).json.state).toBe('registered')
  const letter = await send('card-letter-request', asked.letter())
  expect(letter).toMatchObject({ kind: 'card-letter', content: { recipients: [{ card: CARD }] } })
})

test('the plain line takes the same frames', async () => {
  const answer = await send('catalogue-request', asked.catalogue(), askByFrames)
  expect(answer).toMatchObject({ kind: 'catalogue', content: { retailerName: 'Épicerie El Amen' } })
})

test('the shop pays in, orders at the catalogue’s price, and its receipt is acknowledged', async () => {
  const answer = await send('catalogue-request', asked.catalogue())
  if (answer.kind !== 'catalogue') throw new Error(answer.kind)
  const { id: product, prices } = answer.content.products[0]!
  const { unitPriceMinor } = priceAt({ prices }, answer.content.standing.timeS)
  const paid = await staff('POST', `/api/retailers/${retailer}/deposits`, {
    amount: '50.000',
    document: 'D-1',
  })
  expect(paid.status).toBe(201)
  const expiresAtS = answer.content.standing.timeS + 86_400
  const order = signed(supplyOrderMessage, {
    ...{ expiresAtS, because: 'person', lines: [{ product, quantity: 5, unitPriceMinor }] },
  })
  const delivery = await send('supply-order', order)
  expect(delivery).toMatchObject({ kind: 'supply-delivery', content: { debitedMinor: 5n * unitPriceMinor } })
  const deliveryHash = delivery.payloadHash.subarray(0, 8)
  const receipt = await send(
    'supply-receipt',
    signed(supplyReceiptMessage, { delivery: sequence, deliveryHash }),
  )
  expect(receipt.kind).toBe('acknowledgement')
})

test('a lock ends selling, and the same bytes are answered once staff have unlocked', async () => {
  const reason = { reason: 'looked at its journal' }
  const locked = await staff('POST', `/api/terminals/${terminal}/lock`, { why: 'by-staff', ...reason })
  expect(locked.status).toBe(200)
  const request = asked.catalogue()
  const refused = await send('catalogue-request', request)
  expect(refused).toMatchObject({ content: { why: { reason: 'terminal-locked', why: 'by-staff' } } })
  const { timeS, leaseUntilS } = refused.content.standing
  expect(leaseUntilS).toBe(timeS)
  expect((await staff('POST', `/api/terminals/${terminal}/unlock`, reason)).status).toBe(200)
  expect((await send('catalogue-request', request)).kind).toBe('catalogue')
})

test('a revoked card stands in the next answer, and a revoked terminal gets no other', async () => {
  const before = (await send('catalogue-request', asked.catalogue())).content.standing
  await staff('POST', `/api/cards/${CARD}/revocation`, { reason: 'lost' })
  const after = (await send('catalogue-request', asked.catalogue())).content.standing
  expect(after.revokedCards).toEqual([CARD])
  expect(after.letter).toBeGreaterThan(before.letter)
  await staff('POST', `/api/terminals/${terminal}/revocation`, { why: 'stolen', reason: 'burglary' })
  const last = await send('catalogue-request', asked.catalogue())
  expect(last).toMatchObject({ content: { why: { reason: 'terminal-revoked', why: 'stolen' } } })
  expect(last.content.standing.leaseUntilS).toBe(last.content.standing.timeS)
})

// ---- What the page shows ----

test('the page shows the bytes of both approvals, of the keys of the vectors', () => {
  const fingerprint = fingerprintOfDevice(example.terminalVerifier.publicKey)
  const keyFingerprint = sha256(spki(createPublicKey(example.cardKey))).toString('hex')
  expect(page).toContain(`\`${fingerprint}\``)
  expect(page).toContain(`\`${keyFingerprint}\``)
  const terminalBytes = cborTexts('certify-terminal', 'T00001', 'R00001', fingerprint)
  expect(listing('signed for a terminal')).toEqual(terminalBytes)
  expect(listing('signed for a card')).toEqual(
    cborTexts('register-card', 'C0000001', 'R00001', '02', 'file', keyFingerprint),
  )
  const [, shown] = /^ {2}"signature": "([A-Za-z0-9+/=]{88})"$/m.exec(page)!
  const approver = { key: createPublicKey(example.otherTerminalKey), dsaEncoding: 'ieee-p1363' } as const
  expect(verify('sha256', terminalBytes, approver, Buffer.from(shown!, 'base64'))).toBe(true)
})
