// A centre for tests, made of wire's own functions: one terminal, one product, as strict about sequences as the
// protocol asks. It holds what the terminal must be able to rely on, and nothing else.

import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { LineFault } from '@scratchless/keys/pinned-client'
import type { Clock } from '@scratchless/voucher/clock'
import { nowSeconds } from '@scratchless/voucher/clock'
import {
  type CardId,
  centreId,
  lotId,
  operatorId,
  retailerId,
  type TerminalId,
  terminalId,
} from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { systemRandom } from '@scratchless/voucher/random'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { type OaepHash, p256Signer } from '@scratchless/wire/compact/cose'
import { kidOfNumber, ROOT_KID, signCertificate } from '@scratchless/wire/compact/cwt'
import { type Frame, frameReader, readFrame } from '@scratchless/wire/compact/frame'
import { sealForTerminal } from '@scratchless/wire/seal/code-box'
import { acknowledgementMessage } from '@scratchless/wire/supply/acknowledgement'
import type { RequestKind } from '@scratchless/wire/supply/answer'
import type { AuditHead } from '@scratchless/wire/supply/audit-head'
import { cardLetterMessage, wrapForCard } from '@scratchless/wire/supply/card-letter'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { type Catalogue, catalogueMessage } from '@scratchless/wire/supply/catalogue'
import { catalogueRequestMessage } from '@scratchless/wire/supply/catalogue-request'
import { type Enrolled, enrolmentAnswerMessage } from '@scratchless/wire/supply/enrolment-answer'
import { enrolmentKeys, newEnrolmentCode, readEnrolmentCode } from '@scratchless/wire/supply/enrolment-code'
import { enrolmentRequestMessage } from '@scratchless/wire/supply/enrolment-request'
import { kindName, UNACCEPTABLE_FRAME } from '@scratchless/wire/supply/envelope'
import { type SalesReport, salesReportMessage } from '@scratchless/wire/supply/sales-report'
import type { Standing } from '@scratchless/wire/supply/standing'
import { statusAnswerMessage } from '@scratchless/wire/supply/status-answer'
import { statusRequestMessage } from '@scratchless/wire/supply/status-request'
import { supplyDeliveryMessage } from '@scratchless/wire/supply/supply-delivery'
import { supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { supplyReceiptMessage } from '@scratchless/wire/supply/supply-receipt'
import { type SupplyRefusalReason, supplyRefusalMessage } from '@scratchless/wire/supply/supply-refusal'
import type { CentreLine } from '../src/line/centre-line.ts'

const ENROLMENT_NUMBER = 1042
const OPERATOR = operatorId('atlas')
export const PRODUCT = productId('ATLAS-5')
const UNIT_PRICE_MINOR = 4_750n
const WEEK_S = 7 * 86_400
const YEAR_S = 365 * 86_400

type Disturbance = 'none' | 'lose-request' | 'lose-answer'

export interface FakeCentre {
  /** As staff give it to the shop. */
  readonly enrolmentCode: string
  readonly terminal: TerminalId
  /** What arrived, in order; repeats too. */
  readonly heard: { readonly kind: string; readonly sequence: number; readonly frame: Buffer }[]
  readonly reports: SalesReport[]
  readonly receipts: number[]
  approve(): void
  registerCard(card: CardId, publicKey: KeyObject, oaepHash?: OaepHash): void
  /** Changes what every further answer says. Each letter here is of an epoch of its own, by the same number. */
  setStanding(change: Partial<Standing>): void
  setRetailerName(name: string): void
  /** What every further acknowledgement brings. */
  setAuditHead(head: AuditHead): void
  /** The next frames meet this on the line. */
  disturb(...what: Disturbance[]): void
  /** The next request of this kind is refused so. */
  refuseNext(kind: RequestKind, why: SupplyRefusalReason): void
  /** Every further answer to an enrolment says no. */
  refuseEnrolment(): void
  /** Changes what every further welcome says. */
  setWelcome(change: (made: Enrolled) => Partial<Enrolled>): void
  answer(frame: Buffer): Buffer
  line(): CentreLine
  /** The same over plain TCP frames. */
  listen(): Promise<{ port: number; close(): void }>
}

/** `packedCodes` gives the packed digits of `count` codes of 14 digits, from the `first`-th on. */
export function createFakeCentre(needs: {
  clock: Clock
  packedCodes: (first: number, count: number) => Buffer
}): FakeCentre {
  const { clock, packedCodes } = needs
  const terminal = terminalId('T00001')
  const rootPair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signPair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const root = p256Signer(ROOT_KID, rootPair.privateKey)
  const signer = p256Signer(kidOfNumber(1), signPair.privateKey)
  const code = newEnrolmentCode(systemRandom)
  const macKeys = enrolmentKeys(readEnrolmentCode(code)!, ENROLMENT_NUMBER)
  const safeKey = createSecretKey(Buffer.alloc(32, 7))
  const cards = new Map<CardId, { publicKey: KeyObject; oaepHash: OaepHash }>()
  const answers = new Map<number, { hash: Buffer; frame: Buffer }>()
  const disturbances: Disturbance[] = []
  const refusals = new Map<string, SupplyRefusalReason>()
  let approved = false
  let enrolmentRefused = false
  let deviceKey: KeyObject | null = null
  let expected = 1
  let codesGiven = 0
  let retailerName = 'Épicerie El Amen'
  let change: Partial<Standing> = {}
  let changeWelcome: (made: Enrolled) => Partial<Enrolled> = () => ({})
  let auditHead: AuditHead = { n: 1n, hash: Buffer.alloc(32, 1) }
  const heard: FakeCentre['heard'] = []
  const reports: SalesReport[] = []
  const receipts: number[] = []

  const standing = (): Standing => ({
    timeS: nowSeconds(clock),
    leaseUntilS: nowSeconds(clock) + WEEK_S,
    unreportedSales: 500,
    revokedCards: [],
    catalogueVersion: 1,
    settingsVersion: 0,
    letter: 1,
    notices: [],
    ...change,
  })

  function certificate(purpose: 'terminal' | 'centre', kid: Buffer, publicKey: KeyObject): Buffer {
    const issuedAtS = nowSeconds(clock) - 60
    const subject = purpose === 'terminal' ? terminal : 'centre'
    return signCertificate(
      { issuer: 'centre', subject, purpose, kid, publicKey, issuedAtS, expiresAtS: issuedAtS + YEAR_S },
      root,
    )
  }

  function answerEnrolment(frame: Frame): Buffer {
    const binding = { enrolmentNumber: ENROLMENT_NUMBER, poll: frame.sequence, answering: null }
    const verified = enrolmentRequestMessage.verify(frame, macKeys, binding)
    if (verified === 'unacceptable') return UNACCEPTABLE_FRAME
    deviceKey = verified.content.deviceKey
    const back = { ...binding, answering: verified.payloadHash }
    if (enrolmentRefused)
      return enrolmentAnswerMessage.mac({ state: 'refused', timeS: nowSeconds(clock) }, macKeys, back).frame
    if (!approved)
      return enrolmentAnswerMessage.mac({ state: 'waiting', timeS: nowSeconds(clock) }, macKeys, back).frame
    const welcome: Enrolled = {
      state: 'enrolled',
      standing: standing(),
      terminal,
      retailer: retailerId('R00001'),
      retailerName,
      centre: centreId('centre'),
      rootKey: createPublicKey(rootPair.privateKey),
      terminalCertificate: certificate('terminal', kidOfNumber(2), deviceKey),
      centreCertificate: certificate('centre', kidOfNumber(1), signPair.publicKey),
      lastSequence: 0,
    }
    return enrolmentAnswerMessage.mac({ ...welcome, ...changeWelcome(welcome) }, macKeys, back).frame
  }

  function catalogue(): Catalogue {
    const said = standing()
    return {
      standing: said,
      version: said.catalogueVersion,
      currency: 'TND',
      retailerName,
      distributorName: 'Centre',
      distributorPhone: '71000000',
      operators: [{ id: OPERATOR, name: 'Atlas', colour: '#1D4F9F', careNumber: '1200' }],
      products: [
        {
          id: PRODUCT,
          operator: OPERATOR,
          faceValueMinor: 5_000n,
          codeDigits: 14,
          checkDigit: 'none',
          validityDays: 365,
          refillTemplate: '*123*{code}#',
          qr: false,
          mark: 'sold',
          prices: [
            {
              priceId: 1,
              validFromS: 0,
              publicPriceMinor: 5_000n,
              taxMinor: 300n,
              netCreditMinor: 4_700n,
              unitPriceMinor: UNIT_PRICE_MINOR,
            },
          ],
        },
      ],
    }
  }

  function decide(frame: Frame): Buffer {
    if (deviceKey === null) return UNACCEPTABLE_FRAME
    const verifier = { kid: kidOfNumber(2), publicKey: deviceKey }
    const { sequence } = frame
    const binding = { terminal, sequence, answering: null }
    const kind = kindName(frame)
    const open = {
      'card-letter-request': cardLetterRequestMessage.verify,
      'catalogue-request': catalogueRequestMessage.verify,
      'supply-order': supplyOrderMessage.verify,
      'supply-receipt': supplyReceiptMessage.verify,
      'sales-report': salesReportMessage.verify,
      'status-request': statusRequestMessage.verify,
    }[kind as 'supply-order']
    const verified = open?.(frame, verifier, binding) as ReturnType<
      | typeof supplyOrderMessage.verify
      | typeof cardLetterRequestMessage.verify
      | typeof supplyReceiptMessage.verify
      | typeof salesReportMessage.verify
      | typeof statusRequestMessage.verify
    >
    if (verified === undefined || verified === 'unacceptable') return UNACCEPTABLE_FRAME
    const back = { terminal, sequence, answering: verified.payloadHash }
    const refuse = (why: SupplyRefusalReason) =>
      supplyRefusalMessage.sign({ standing: standing(), availableMinor: 1_000_000n, why }, signer, back).frame
    const stored = answers.get(sequence)
    if (stored) {
      if (!stored.hash.equals(verified.payloadHash)) return refuse({ reason: 'content-altered' })
      return stored.frame
    }
    const burns = verified.kind === 'status-request' && sequence === expected + 1
    if (sequence !== expected && !burns) return refuse({ reason: 'sequence-unexpected', expected })
    expected = sequence + 1
    const made = (() => {
      const why = refusals.get(kind!)
      if (why !== undefined) {
        refusals.delete(kind!)
        return refuse(why)
      }
      switch (verified.kind) {
        case 'card-letter-request': {
          const epoch = standing().letter
          const recipients = [...cards].map(([card, { publicKey, oaepHash }]) =>
            wrapForCard(safeKey, card, publicKey, oaepHash),
          )
          const epochEndsS = nowSeconds(clock) + WEEK_S
          return cardLetterMessage.sign(
            { standing: standing(), number: epoch, epoch, epochEndsS, recipients },
            signer,
            back,
          ).frame
        }
        case 'supply-receipt':
          receipts.push(verified.content.delivery)
          return acknowledgementMessage.sign({ standing: standing(), auditHead }, signer, back).frame
        case 'sales-report':
          reports.push(verified.content)
          return acknowledgementMessage.sign({ standing: standing(), auditHead }, signer, back).frame
        case 'status-request':
          return statusAnswerMessage.sign(
            { standing: standing(), fate: burns ? 'burnt' : 'answered' },
            signer,
            back,
          ).frame
        case 'supply-order':
          return deliver(verified.content.lines[0]!.quantity, sequence, back)
        default:
          return catalogueMessage.sign(catalogue(), signer, back).frame
      }
    })()
    answers.set(sequence, { hash: verified.payloadHash, frame: made })
    return made
  }

  function deliver(
    count: number,
    sequence: number,
    back: { terminal: TerminalId; sequence: number; answering: Buffer },
  ) {
    const epoch = standing().letter
    const firstSerial = serialFromNumber(104_822_773_901 + codesGiven)
    const lot = lotId('L000001')
    const context = {
      terminal,
      epoch,
      operator: OPERATOR,
      product: PRODUCT,
      lot,
      delivery: sequence,
      digits: 14,
    }
    const codes = sealForTerminal(safeKey, context, firstSerial, packedCodes(codesGiven, count))
    codesGiven += count
    return supplyDeliveryMessage.sign(
      {
        standing: standing(),
        epoch,
        debitedMinor: UNIT_PRICE_MINOR * BigInt(count),
        availableMinor: 905_000n,
        lots: [
          {
            product: PRODUCT,
            lot,
            expiresOn: '2029-12-31',
            unitPriceMinor: UNIT_PRICE_MINOR,
            runs: [{ firstSerial, count, codes }],
          },
        ],
      },
      signer,
      back,
    ).frame
  }

  function answer(bytes: Buffer): Buffer {
    const frame = readFrame(bytes)!
    const kind = kindName(frame)!
    heard.push({ kind, sequence: frame.sequence, frame: Buffer.from(bytes) })
    return kind === 'enrolment-request' ? answerEnrolment(frame) : decide(frame)
  }

  return {
    enrolmentCode: `${ENROLMENT_NUMBER}-${code}`,
    terminal,
    heard,
    reports,
    receipts,
    approve() {
      approved = true
    },
    registerCard(card, publicKey, oaepHash = 'sha256') {
      cards.set(card, { publicKey, oaepHash })
    },
    setStanding(next) {
      change = { ...change, ...next }
    },
    setRetailerName(name) {
      retailerName = name
    },
    setAuditHead(head) {
      auditHead = head
    },
    disturb(...what) {
      disturbances.push(...what)
    },
    refuseNext(kind, why) {
      refusals.set(kind, why)
    },
    refuseEnrolment() {
      enrolmentRefused = true
    },
    setWelcome(change) {
      changeWelcome = change
    },
    answer,
    line: () => ({
      async ask(frame) {
        const disturbance = disturbances.shift()
        if (disturbance === 'lose-request') throw new LineFault('unreachable')
        const answered = answer(Buffer.from(frame))
        if (disturbance === 'lose-answer') throw new LineFault('cut')
        return readFrame(answered)!
      },
      close: () => undefined,
    }),
    listen() {
      const sockets = new Set<Socket>()
      const server = createServer((socket) => {
        sockets.add(socket)
        const reader = frameReader()
        socket.on('error', () => socket.destroy())
        let held = Buffer.alloc(0)
        socket.on('data', (chunk: Buffer) => {
          held = Buffer.concat([held, chunk])
          const frames = reader.push(chunk)
          for (const { message } of frames === 'too-long' ? [] : frames) {
            const bytes = held.subarray(0, 7 + message.length)
            held = held.subarray(bytes.length)
            socket.write(answer(bytes))
          }
        })
      })
      return new Promise((resolve) => {
        server.listen(0, '127.0.0.1', () => {
          const { port } = server.address() as { port: number }
          resolve({
            port,
            close() {
              for (const socket of sockets) socket.destroy()
              server.close()
            },
          })
        })
      })
    },
  }
}
