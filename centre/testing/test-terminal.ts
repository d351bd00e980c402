// Shops and terminals of a test centre. A terminal here is what a maker would write from the protocol pages.

import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { generatePair } from '@scratchless/keys/party-keys'
import { availableMinor } from '@scratchless/ledger/account'
import { readAccount } from '@scratchless/ledger/ledger.sql'
import { type CardId, cardId, type DepotId, type RetailerId, type TerminalId } from '@scratchless/voucher/ids'
import { p256Signer, type Signer, type Verifier } from '@scratchless/wire/compact/cose'
import { verifierOf } from '@scratchless/wire/compact/cwt'
import { type Frame, readFrame } from '@scratchless/wire/compact/frame'
import { type AnswerTo, type RequestKind, verifyAnswer } from '@scratchless/wire/supply/answer'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { certificatesOf, enrolmentAnswerMessage } from '@scratchless/wire/supply/enrolment-answer'
import { enrolmentKeys, readEnrolmentCode } from '@scratchless/wire/supply/enrolment-code'
import { enrolmentRequestMessage } from '@scratchless/wire/supply/enrolment-request'
import type { Binding, Signed } from '@scratchless/wire/supply/envelope'
import { type SupplyOrder, supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { ATLAS_5, UNIT_PRICE_MINOR } from '../../voucher/testing/example-product.ts'
import { recipientFor } from '../../wire/testing/as-card.ts'
import { retailerAccount } from '../src/retailers/accounts.ts'
import { DEPOT } from './main-depot.ts'
import { addRetailer, beginEnrolment, certify, type openEnrolment, registerCard } from './people.ts'
import type { TestCentre } from './test-centre.ts'

/** A shop: a retailer with a registered card. */
export interface TestShop {
  readonly depot: DepotId
  readonly retailer: RetailerId
  readonly cardKey: KeyObject
  readonly card: CardId
}

let cards = 0

/** A shop with a deposit and a registered card. */
export async function addShop(
  centre: TestCentre,
  depositMinor: bigint,
  depot: DepotId = DEPOT,
): Promise<TestShop> {
  const retailer = await addRetailer(centre, depositMinor, depot)
  const { publicKey, privateKey: cardKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const card = cardId(`C${String(++cards).padStart(7, '0')}`)
  await registerCard(centre, retailer, card, publicKey)
  return { depot, retailer, cardKey, card }
}

export interface TestTerminal extends TestShop {
  readonly id: TerminalId
  /** Signs the next request, or one of another place. */
  sign<Content>(
    message: { sign(content: Content, signer: Signer, binding: Binding): Signed },
    content: Content,
    sequence?: number,
  ): Signed & { sequence: number }
  /** Sends a request and verifies the answer. */
  ask<R extends RequestKind>(kind: R, signed: Signed & { sequence: number }): Promise<AnswerTo<R>>
  verify<R extends RequestKind>(
    kind: R,
    answer: Uint8Array,
    signed: Signed & { sequence: number },
  ): AnswerTo<R> | 'unacceptable'
  order(quantity: number, change?: Partial<SupplyOrder>): Signed & { sequence: number }
  readonly signer: Signer
  readonly device: Device
  /** Speaks from now on with another key, at its place of the sequence. */
  become(next: Device): void
}

/** What a device holds once it is enrolled: its key under its certificate, and whose answers it believes. */
export interface Device {
  readonly signer: Signer
  readonly publicKey: KeyObject
  readonly verifier: Verifier
  readonly rootKey: KeyObject
  /** Its next request is the one after. */
  readonly lastSequence: number
}

/** A device answers an enrolment that is open; both approvers agree. */
export async function enrolDevice(
  centre: TestCentre,
  opened: Omit<Awaited<ReturnType<typeof openEnrolment>>, 'expiresAtS'> & {
    readonly retailer: RetailerId
    readonly depot?: DepotId
  },
): Promise<Device> {
  const { needs, door } = centre
  const { id, retailer, depot = DEPOT, enrolmentNumber, enrolmentCode } = opened
  const at = new Date(needs.clock.nowMs())
  const keys = enrolmentKeys(readEnrolmentCode(enrolmentCode)!, enrolmentNumber)
  const device = generatePair('supply-sign')
  const poll = async (number: number) => {
    const request = enrolmentRequestMessage.mac(
      {
        ...{ enrolmentNumber, deviceKey: device.publicKey, nonce: Buffer.alloc(16, 7) },
        ...{ deviceTimeS: Math.floor(at.getTime() / 1000), softwareVersion: '0.1.0' },
      },
      keys,
      { enrolmentNumber, poll: number, answering: null },
    )
    const answer = enrolmentAnswerMessage.verify(frameOf(await door(request.frame)), keys, {
      ...{ enrolmentNumber, poll: number, answering: request.payloadHash },
    })
    if (answer === 'unacceptable') throw new Error('the enrolment answer does not verify')
    return answer.content
  }
  const first = await poll(1)
  if (first.state !== 'waiting') throw new Error(first.state)
  await certify(centre, { id, retailer, depot, enrolmentNumber, deviceKey: device.publicKey })
  const enrolled = await poll(2)
  if (enrolled.state !== 'enrolled') throw new Error(enrolled.state)
  const certificates = certificatesOf(enrolled)
  if (certificates === 'unacceptable') throw new Error('the certificates do not hold')
  return {
    signer: p256Signer(certificates.terminal.kid, device.privateKey),
    publicKey: device.publicKey,
    verifier: verifierOf(certificates.centre),
    rootKey: enrolled.rootKey,
    lastSequence: enrolled.lastSequence,
  }
}

/** A terminal that is enrolled and holds its card letter: its next sequence is 2. */
export async function enrolTerminal(centre: TestCentre, shop: TestShop): Promise<TestTerminal> {
  const { needs, door } = centre
  const { depot, retailer } = shop
  const opened = await beginEnrolment(centre, retailer, depot)
  const { id } = opened
  let device = await enrolDevice(centre, { ...opened, retailer, depot })

  let sequence = 0
  const terminal: TestTerminal = {
    ...{ id, ...shop },
    get device() {
      return device
    },
    get signer() {
      return device.signer
    },
    become(next) {
      device = next
      sequence = next.lastSequence
    },
    sign(message, content, place = ++sequence) {
      return {
        ...message.sign(content, device.signer, { terminal: id, sequence: place, answering: null }),
        sequence: place,
      }
    },
    verify(kind, answer, signed) {
      return verifyAnswer(kind, frameOf(answer), device.verifier, {
        ...{ terminal: id, sequence: signed.sequence, answering: signed.payloadHash },
      })
    },
    async ask(kind, signed) {
      const answer = terminal.verify(kind, await door(signed.frame), signed)
      if (answer === 'unacceptable') throw new Error(`the answer to ${kind} does not verify`)
      return answer
    },
    order(quantity, change = {}) {
      const expires = Math.floor(needs.clock.nowMs() / 1000) + 86_400
      const lines = [{ product: ATLAS_5.id, quantity, unitPriceMinor: UNIT_PRICE_MINOR }]
      return terminal.sign(supplyOrderMessage, { expiresAtS: expires, because: 'person', lines, ...change })
    },
  }
  const letter = await terminal.ask(
    'card-letter-request',
    terminal.sign(cardLetterRequestMessage, { holdsLetter: 0, epoch: 0, cards: [] }),
  )
  if (letter.kind !== 'card-letter' || recipientFor(letter.content, shop.card) === undefined)
    throw new Error('no card letter')
  return terminal
}

/** What a shop may still order for, minor units. */
export async function availableTo({ needs }: TestCentre, retailer: RetailerId): Promise<bigint> {
  const account = await readAccount(needs.pool, DEPOT, retailerAccount(retailer))
  return account === null ? 0n : (availableMinor(account) ?? 0n)
}

export function frameOf(bytes: Uint8Array): Frame {
  const frame = readFrame(bytes)
  if (frame === undefined) throw new Error('no frame')
  return frame
}
