// A centre for tests: real database, real vault behind its private line, keys of its own, an operator and terminals
// that speak through wire's own functions.

import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generatePair, keepTokenPin, makePartyKeys, openKeyFolder } from '@scratchless/keys/party-keys'
import { makeTokenKeys } from '@scratchless/keys/pkcs11-keys'
import type { TokenAddress } from '@scratchless/keys/pkcs11-token'
import { LEDGER_MIGRATIONS, openAccount, postOnce } from '@scratchless/ledger/post-transfers'
import { transferBetween } from '@scratchless/ledger/transfer'
import { inTransaction } from '@scratchless/office/database/database'
import { OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
import type { OutgoingMessage } from '@scratchless/office/outbox/outbox.sql'
import { signApproval } from '@scratchless/office/staff/approval'
import { createLog } from '@scratchless/program/log'
import { connectPrivateLine, servePrivateLine } from '@scratchless/program/private-line'
import type { Clock } from '@scratchless/voucher/clock'
import {
  cardId,
  lotId,
  messageId,
  operatorId,
  type RetailerId,
  type TerminalId,
  vendorId,
} from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { type Product, productId } from '@scratchless/voucher/product'
import { newMessageId, systemRandom } from '@scratchless/voucher/random'
import { type SerialRange, serialFromNumber } from '@scratchless/voucher/serial'
import { p256Signer, type Signer, type Verifier } from '@scratchless/wire/compact/cose'
import { type Frame, readFrame } from '@scratchless/wire/compact/frame'
import { closeRestockDelivery, type RestockDelivery } from '@scratchless/wire/restock/restock-delivery'
import { openRestockOrder, type RestockOrder } from '@scratchless/wire/restock/restock-order'
import { closeRestockOrderResponse } from '@scratchless/wire/restock/restock-order-response'
import type { RestockOpening } from '@scratchless/wire/restock/restock-partner'
import { openRestockReceipt, type RestockReceipt } from '@scratchless/wire/restock/restock-receipt'
import { type AnswerTo, openAnswer, type RequestKind } from '@scratchless/wire/supply/answer'
import { recipientFor } from '@scratchless/wire/supply/card-letter'
import { closeCardLetterRequest } from '@scratchless/wire/supply/card-letter-request'
import { certificatesOf, openEnrolmentAnswer } from '@scratchless/wire/supply/enrolment-answer'
import { deviceFingerprint, enrolmentKeys, readEnrolmentCode } from '@scratchless/wire/supply/enrolment-code'
import { closeEnrolmentRequest } from '@scratchless/wire/supply/enrolment-request'
import type { Binding, Closed } from '@scratchless/wire/supply/envelope'
import { closeSupplyOrder, type SupplyOrder } from '@scratchless/wire/supply/supply-order'
import { signingKeyOf, unwrappingKeyOf } from '@scratchless/wire/xml/rsa-keys'
import { type TestDatabase, testDatabase } from '../../office/testing/test-database.ts'
import { insertProduct, raiseCatalogueVersion } from '../src/catalogue/catalogue.sql.ts'
import type { CentreNeeds } from '../src/needs.ts'
import { receiveRestockDelivery } from '../src/restock/receive-restock-delivery.ts'
import { sendRestockOrder, takeRestockOrderResponse } from '../src/restock/send-restock-order.ts'
import { CASH_ACCOUNT, openOwnAccounts, retailerAccount } from '../src/retailers/accounts.ts'
import { insertRetailer } from '../src/retailers/retailers.sql.ts'
import { CENTRE_MIGRATIONS, centreProcessSettings, DEPOT } from '../src/settings.ts'
import { createSupplyDoor, type SupplyDoor } from '../src/supply/answer-supply-frame.ts'
import { createSupplyDesk } from '../src/supply/supply-desk.ts'
import { activateTerminal, insertEnrolment, insertTerminal } from '../src/terminals/terminals.sql.ts'
import { openVault } from '../src/vault/serve-verbs.ts'
import type { VaultVerbs } from '../src/vault/verbs.ts'

export const ATLAS = operatorId('atlas')
export const ATLAS_5: Product = {
  id: productId('ATLAS-5'),
  operator: ATLAS,
  faceValue: money(5_000n, 'TND'),
  publicPrice: money(5_000n, 'TND'),
  tax: money(300n, 'TND'),
  netCredit: money(4_700n, 'TND'),
  codeDigits: 14,
  checkDigit: 'none',
  validityDays: 365,
  refillTemplate: '*123*{code}#',
}
/** What a retailer pays with the default discount of 4 %. */
export const UNIT_PRICE_MINOR = 4_800n
const RESTOCK_PRICE = money(4_700n, 'TND')
const PACKED_BYTES = 6
const RSA_PAIRS = ['restock-sign', 'restock-unwrap', 'stock'] as const

export interface TestCentre {
  readonly needs: CentreNeeds
  readonly database: TestDatabase
  readonly door: SupplyDoor
  readonly clock: Clock & { nowMs(): number; move(ms: number): void }
  readonly approvers: readonly { readonly name: string; readonly privateKey: KeyObject }[]
  readonly operator: TestOperator
  /** What broke in the vault. Those that a test expects it takes out; the others fail it at the end. */
  readonly faults: unknown[]
  /** A vault of the same keys and tables, as after a restart. */
  restartVault(): Promise<void>
  close(): Promise<void>
}

interface TestCentreOptions {
  readonly ceilings?: { readonly codesPerHour: number; readonly codesPerDay: number }
  /** Where the vault's RSA keys lie; absent: in key files. Its keys are made here. */
  readonly token?: TokenAddress & { readonly pin: string }
  /** The public keys of Atlas where it is another than the test's own operator, which then has no part. */
  readonly atlas?: { readonly verifyKey: KeyObject; readonly wrapKey: KeyObject }
}

export async function startTestCentre({
  ceilings = { codesPerHour: 5_000, codesPerDay: 20_000 },
  token,
  atlas,
}: TestCentreOptions = {}): Promise<TestCentre> {
  const folder = mkdtempSync(join(tmpdir(), 'centre-'))
  const database = await testDatabase([OFFICE_MIGRATIONS, LEDGER_MIGRATIONS, CENTRE_MIGRATIONS])
  const keysFolder = join(folder, 'keys')
  await makePartyKeys(
    keysFolder,
    {
      pairs: [...(token ? [] : RSA_PAIRS), 'supply-sign', 'root'],
      secrets: ['lot-mac', 'fingerprint-atlas'],
    },
    { random: systemRandom },
  )
  if (token !== undefined) {
    makeTokenKeys(token, createSecretKey(Buffer.from(token.pin)), keysFolder)
    await keepTokenPin(keysFolder, Buffer.from(token.pin), { random: systemRandom })
  }
  const sign = generatePair('restock-sign')
  const unwrap = generatePair('restock-unwrap')
  const approvers = ['one', 'two'].map((name) => ({ name, ...generatePair('approval') }))
  const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string
  const settings = centreProcessSettings.parse({
    party: 'centre',
    name: 'Tunis Distribution',
    phone: '71000000',
    currency: 'TND',
    dataFolder: folder,
    keysFolder,
    ...(token && { token: { library: token.library, label: token.label } }),
    databaseUrl: database.urls.vault,
    staffHttp: { port: 1 },
    partnerHttps: { port: 1 },
    supplyHttps: { port: 1 },
    frames: { port: 1 },
    partners: [
      {
        party: 'atlas',
        name: 'Atlas',
        colour: '#1D4F9F',
        customerCare: '1200',
        suite: 'interop',
        url: 'https://127.0.0.1:1/restock',
        verifyKey: pem(atlas?.verifyKey ?? sign.publicKey),
        wrapKey: pem(atlas?.wrapKey ?? unwrap.publicKey),
        tlsAuthority: 'none',
        tlsPin: '0'.repeat(64),
      },
    ],
    approvers: approvers.map(({ name, publicKey }) => ({ name, publicKey: pem(publicKey) })),
    ceilings,
    lease: { days: 7, unreportedSales: 500 },
    epochDays: 7,
    discountBasisPoints: 400,
  })
  let offsetMs = 0
  const clock = {
    nowMs: () => Date.now() + offsetMs,
    move(ms: number) {
      offsetMs += ms
    },
  }
  const log = createLog({ program: 'centre', process: 'test', clock, level: 'silent' })
  const socket = join(folder, 'vault.sock')
  const faults: unknown[] = []
  const serve = async () => {
    const vault = await openVault(settings, openKeyFolder(keysFolder), { clock, random: systemRandom, log })
    const server = await servePrivateLine(socket, vault.verbs, ({ error }) => faults.push(error))
    return async () => {
      await server.close()
      await vault.stop()
    }
  }
  let stopVault = await serve()
  const line = connectPrivateLine<VaultVerbs>(socket)
  const pool = database.pool('api')
  const needs: CentreNeeds = { pool, clock, random: systemRandom, log, vault: line.verbs, settings }
  await openOwnAccounts(pool, 'TND', new Date(clock.nowMs()))
  await insertProduct(pool, ATLAS_5, new Date(clock.nowMs()))
  await raiseCatalogueVersion(pool)
  return {
    needs,
    database,
    clock,
    approvers,
    faults,
    door: createSupplyDoor(needs, createSupplyDesk(needs)),
    operator: createTestOperator(needs, { sign: sign.privateKey, unwrap: unwrap.privateKey }, keysFolder),
    async restartVault() {
      await stopVault()
      stopVault = await serve()
    },
    async close() {
      line.close()
      await stopVault()
      await database.drop()
      rmSync(folder, { recursive: true })
      // What broke in the vault would otherwise stay unseen.
      if (faults.length > 0) throw faults[0]
    },
  }
}

export interface TestOperator {
  /** Orders, and answers the order as the operator does. */
  order(quantity: number): Promise<RestockOrder>
  openOrder(bytes: Uint8Array): Promise<RestockOrder>
  /** A part for an order; codes are `firstCode`, `firstCode` + 1, … */
  deliver(order: RestockOrder, part: Part): Promise<Buffer>
  openReceipt(bytes: Uint8Array): Promise<RestockReceipt>
  /** Orders, delivers and sees the receipt: `quantity` codes from this serial on. */
  stock(firstSerial: number, quantity: number, change?: Partial<RestockDelivery>): Promise<RestockReceipt>
}

interface Part {
  readonly runs: readonly SerialRange[]
  readonly firstCode: number
  readonly change?: Partial<RestockDelivery>
}

export function packedCodes(first: number, count: number): Buffer {
  const packed = Buffer.alloc(count * PACKED_BYTES)
  for (let i = 0; i < count; i++) packed.writeUIntBE(first + i, i * PACKED_BYTES, PACKED_BYTES)
  return packed
}

function createTestOperator(
  needs: CentreNeeds,
  keys: { sign: KeyObject; unwrap: KeyObject },
  centreKeys: string,
): TestOperator {
  const centre = needs.settings.party
  const publicKeys = import('@scratchless/keys/party-keys').then(({ readPublicKey }) => ({
    verify: readPublicKey(centreKeys, 'restock-sign'),
    wrap: readPublicKey(centreKeys, 'restock-unwrap'),
  }))
  const opening = async (): Promise<RestockOpening> => ({
    partner: { id: centre, suite: 'interop', verifyKey: (await publicKeys).verify },
    self: ATLAS,
    unwrappingKey: unwrappingKeyOf(keys.unwrap),
  })
  const closing = async () => ({
    suite: 'interop' as const,
    signingKey: signingKeyOf(keys.sign),
    receiverKey: (await publicKeys).wrap,
    random: systemRandom,
  })
  const header = () => ({
    id: newMessageId(systemRandom),
    issuedAt: new Date(needs.clock.nowMs()).toISOString(),
    sender: ATLAS,
    receiver: centre,
    auditHead: { n: 1n, hash: Buffer.alloc(32, 1) },
  })

  const operator: TestOperator = {
    async order(quantity) {
      const id = await sendRestockOrder(
        needs,
        { operator: ATLAS, lines: [{ product: ATLAS_5.id, quantity }] },
        'demo',
      )
      const { rows } = await needs.pool.query<OutgoingMessage>(
        'SELECT id, partner, kind, bytes, attempts FROM message_out WHERE id = $1',
        [id],
      )
      const message = rows[0]!
      const order = await operator.openOrder(message.bytes)
      const answer = await closeRestockOrderResponse(
        {
          ...header(),
          orderId: order.id,
          verdict: 'accepted',
          lines: order.lines.map(({ lineNo, product, quantity: asked }) => ({
            ...{ lineNo, product, quantityAccepted: asked, backOrder: 0 },
            unitPrice: RESTOCK_PRICE,
          })),
        },
        await closing(),
      )
      await inTransaction(needs.pool, (sql) => takeRestockOrderResponse(needs, sql, message, answer))
      return order
    },
    async openOrder(bytes) {
      const opened = await openRestockOrder(bytes, await opening())
      if ('refusal' in opened) throw new Error(opened.refusal)
      return opened.content
    },
    async deliver(order, { runs, firstCode, change }) {
      const count = runs.reduce((sum, run) => sum + run.count, 0)
      return closeRestockDelivery(
        {
          ...header(),
          orderId: messageId(order.id),
          orderLineNo: 1,
          part: 1,
          parts: 1,
          product: ATLAS_5.id,
          lot: lotId('L000001'),
          expiresOn: '2028-12-31',
          activatedOn: '2026-01-01T00:00:00.000Z',
          unitPrice: RESTOCK_PRICE,
          codeDigits: 14,
          runs: [...runs],
          ...change,
        },
        packedCodes(firstCode, count),
        await closing(),
      )
    },
    async openReceipt(bytes) {
      const opened = await openRestockReceipt(bytes, await opening())
      if ('refusal' in opened) throw new Error(opened.refusal)
      return opened.content
    },
    async stock(firstSerial, quantity, change = {}) {
      const order = await operator.order(quantity)
      const runs = [{ firstSerial: serialFromNumber(firstSerial), count: quantity }]
      const bytes = await operator.deliver(order, { runs, firstCode: firstSerial, change })
      const answer = await receiveRestockDelivery(needs, ATLAS, bytes)
      if (typeof answer === 'string') throw new Error(answer)
      return operator.openReceipt(answer.receipt)
    },
  }
  return operator
}

export interface TestTerminal {
  readonly id: TerminalId
  readonly retailer: RetailerId
  readonly cardKey: KeyObject
  readonly card: string
  /** Closes the next request, or one of another place. */
  close<Content>(
    close: (content: Content, signer: Signer, binding: Binding) => Closed,
    content: Content,
    sequence?: number,
  ): Closed & { sequence: number }
  /** Sends a request and opens the answer. */
  ask<R extends RequestKind>(kind: R, closed: Closed & { sequence: number }): Promise<AnswerTo<R>>
  open<R extends RequestKind>(
    kind: R,
    answer: Uint8Array,
    closed: Closed & { sequence: number },
  ): AnswerTo<R> | 'unacceptable'
  order(quantity: number, change?: Partial<SupplyOrder>): Closed & { sequence: number }
  readonly signer: Signer
}

let cards = 0

/** A shop with a deposit and a registered card. */
export async function addShop(
  centre: TestCentre,
  depositMinor: bigint,
): Promise<{ retailer: RetailerId; cardKey: KeyObject; card: string }> {
  const { needs } = centre
  const at = new Date(needs.clock.nowMs())
  const { id: retailer } = await insertRetailer(needs.pool, {
    ...{ depot: DEPOT, name: 'Épicerie El Amen', place: 'Tunis' },
    addedAt: at,
  })
  const account = retailerAccount(retailer)
  await openAccount(needs.pool, {
    ...{ depotId: DEPOT, id: account, currency: 'TND', creditLineMinor: 0n },
    openedAt: at,
  })
  if (depositMinor > 0n)
    await inTransaction(needs.pool, (sql) =>
      postOnce(
        sql,
        DEPOT,
        transferBetween({
          ...{ id: `deposit:${retailer}`, kind: 'deposit', subject: retailer, currency: 'TND' },
          ...{ debit: CASH_ACCOUNT, credit: account, amountMinor: depositMinor },
        }),
        at,
      ),
    )
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const card = cardId(`C${String(++cards).padStart(7, '0')}`)
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' })
  const { fingerprintOf } = await import('@scratchless/keys/fingerprint')
  const fields = [card, retailer, '02', 'file', fingerprintOf(pair.publicKey)]
  const registered = await needs.vault.registerCard({
    ...{ card, retailer, vendor: vendorId('02'), class: 'file', publicKey },
    approvals: centre.approvers.map(({ name, privateKey }) => ({
      approver: name,
      signature: signApproval(privateKey, 'register-card', fields),
    })),
  })
  if (registered !== 'registered') throw new Error(registered)
  return { retailer, cardKey: pair.privateKey, card }
}

/** A new terminal of a shop, with an enrolment open for an hour. */
export async function beginEnrolment({ needs }: TestCentre, retailer: RetailerId) {
  const at = new Date(needs.clock.nowMs())
  const id = await insertTerminal(needs.pool, { depot: DEPOT, retailer, addedAt: at })
  const expiresAtS = Math.floor(at.getTime() / 1000) + 3_600
  const { enrolmentNumber, enrolmentCode } = await needs.vault.openEnrolment({
    terminal: id,
    retailer,
    expiresAtS,
  })
  await insertEnrolment(needs.pool, {
    ...{ number: enrolmentNumber, terminal: id, openedAt: at },
    expiresAt: new Date(expiresAtS * 1000),
  })
  return { id, enrolmentNumber, enrolmentCode, expiresAtS }
}

/** A terminal that is enrolled and holds its card letter: its next sequence is 2. */
export async function enrolTerminal(
  centre: TestCentre,
  shop: { retailer: RetailerId; cardKey: KeyObject; card: string },
): Promise<TestTerminal> {
  const { needs, door } = centre
  const at = new Date(needs.clock.nowMs())
  const { retailer } = shop
  const { id, enrolmentNumber, enrolmentCode } = await beginEnrolment(centre, retailer)
  const keys = enrolmentKeys(readEnrolmentCode(enrolmentCode)!, enrolmentNumber)
  const device = generatePair('supply-sign')
  const poll = async (number: number) => {
    const request = closeEnrolmentRequest(
      {
        ...{ enrolmentNumber, deviceKey: device.publicKey, nonce: Buffer.alloc(16, 7) },
        ...{ deviceTimeS: Math.floor(at.getTime() / 1000), softwareVersion: '0.1.0' },
      },
      keys,
      { enrolmentNumber, poll: number, answering: null },
    )
    const answer = openEnrolmentAnswer(frameOf(await door(request.frame)), keys, {
      ...{ enrolmentNumber, poll: number, answering: request.payloadHash },
    })
    if (answer === 'unacceptable') throw new Error('the enrolment answer does not open')
    return answer.content
  }
  const first = await poll(1)
  if (first.state !== 'waiting') throw new Error(first.state)
  const fields = [id, retailer, deviceFingerprint(device.publicKey)]
  const certified = await needs.vault.certifyTerminal({
    ...{ terminal: id, enrolmentNumber },
    approvals: centre.approvers.map(({ name, privateKey }) => ({
      approver: name,
      signature: signApproval(privateKey, 'certify-terminal', fields),
    })),
  })
  if (typeof certified === 'string') throw new Error(certified)
  await activateTerminal(needs.pool, {
    ...{ id, certificateNumber: certified.certificateNumber, publicKey: certified.publicKey },
    certifiedUntil: new Date(certified.certifiedUntilS * 1000),
  })
  const enrolled = await poll(2)
  const certificates = enrolled.state === 'enrolled' ? certificatesOf(enrolled) : 'unacceptable'
  if (certificates === 'unacceptable') throw new Error('the certificates do not hold')
  const signer = p256Signer(certificates.terminal.kid, device.privateKey)
  const verifier: Verifier = { kid: certificates.centre.kid, publicKey: certificates.centre.publicKey }

  let sequence = 0
  const terminal: TestTerminal = {
    ...{ id, signer, ...shop },
    close(close, content, place = ++sequence) {
      return {
        ...close(content, signer, { terminal: id, sequence: place, answering: null }),
        sequence: place,
      }
    },
    open(kind, answer, closed) {
      return openAnswer(kind, frameOf(answer), verifier, {
        ...{ terminal: id, sequence: closed.sequence, answering: closed.payloadHash },
      })
    },
    async ask(kind, closed) {
      const answer = terminal.open(kind, await door(closed.frame), closed)
      if (answer === 'unacceptable') throw new Error(`the answer to ${kind} does not open`)
      return answer
    },
    order(quantity, change = {}) {
      const expires = Math.floor(needs.clock.nowMs() / 1000) + 86_400
      const lines = [{ product: ATLAS_5.id, quantity, unitPriceMinor: UNIT_PRICE_MINOR }]
      return terminal.close(closeSupplyOrder, { expiresAtS: expires, lines, ...change })
    },
  }
  const letter = await terminal.ask(
    'card-letter-request',
    terminal.close(closeCardLetterRequest, { holdsEpoch: 0 }),
  )
  if (letter.kind !== 'card-letter' || recipientFor(letter.content, cardId(shop.card)) === undefined)
    throw new Error('no card letter')
  return terminal
}

export function frameOf(bytes: Uint8Array): Frame {
  const frame = readFrame(bytes)
  if (frame === undefined) throw new Error('no frame')
  return frame
}
