// A centre for tests, made of wire's own functions: one terminal, one product, as strict about sequences as the
// protocol asks. It holds what the terminal must be able to rely on, and nothing else.

import { createSecretKey, type KeyObject, verify } from 'node:crypto'
import { LineFault } from '@scratchless/keys/pinned-client'
import type { Clock } from '@scratchless/voucher/clock'
import { nowSeconds } from '@scratchless/voucher/clock'
import {
  type CardId,
  centreId,
  lotId,
  retailerId,
  type TerminalId,
  terminalId,
} from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { type OaepHash, peekKid, type Signer } from '@scratchless/wire/compact/cose'
import { type Frame, readFrame } from '@scratchless/wire/compact/frame'
import type { ContentOf } from '@scratchless/wire/compact/shape'
import { sealForTerminal } from '@scratchless/wire/seal/code-box'
import { acknowledgementMessage } from '@scratchless/wire/supply/acknowledgement'
import type { RequestKind } from '@scratchless/wire/supply/answer'
import type { AuditHead } from '@scratchless/wire/supply/audit-head'
import { cardLetterMessage } from '@scratchless/wire/supply/card-letter'
import { type Catalogue, type CataloguePrice, catalogueMessage } from '@scratchless/wire/supply/catalogue'
import { type Enrolled, enrolmentAnswerMessage } from '@scratchless/wire/supply/enrolment-answer'
import { enrolmentKeys, newEnrolmentCode, readEnrolmentCode } from '@scratchless/wire/supply/enrolment-code'
import { enrolmentRequestMessage } from '@scratchless/wire/supply/enrolment-request'
import { kindName, openSigned, UNACCEPTABLE_FRAME } from '@scratchless/wire/supply/envelope'
import { renewalMessage } from '@scratchless/wire/supply/renewal'
import { renewalProofInput } from '@scratchless/wire/supply/renewal-request'
import { readRequest, type VerifiedRequest } from '@scratchless/wire/supply/request'
import type { SalesReport } from '@scratchless/wire/supply/sales-report'
import { type ShopSettings, shopSettingsMessage } from '@scratchless/wire/supply/shop-settings'
import type { Standing } from '@scratchless/wire/supply/standing'
import type { StateReport } from '@scratchless/wire/supply/state-report'
import { statusAnswerMessage } from '@scratchless/wire/supply/status-answer'
import { supplyDeliveryMessage } from '@scratchless/wire/supply/supply-delivery'
import { type SupplyRefusalReason, supplyRefusalMessage } from '@scratchless/wire/supply/supply-refusal'
import type { CentreLine } from '../src/line/centre-line.ts'
import { FIRST_PRICE, fakeCatalogue, OPERATOR, PRODUCT, UNIT_PRICE_MINOR } from './fake-catalogue.ts'
import { createFakeCertificates, type FakeCertificates } from './fake-certificates.ts'
import { fakeLetter } from './fake-letter.ts'
import { listenWith } from './fake-listener.ts'

const ENROLMENT_NUMBER = 1042
const WEEK_S = 7 * 86_400

type Disturbance = 'none' | 'lose-request' | 'lose-answer'

export interface FakeCentre {
  /** As staff give it to the shop. */
  readonly enrolmentCode: string
  readonly terminal: TerminalId
  /** What arrived, in order; repeats too. */
  readonly heard: { readonly kind: string; readonly sequence: number; readonly frame: Buffer }[]
  readonly reports: SalesReport[]
  readonly receipts: number[]
  readonly states: StateReport[]
  readonly certificates: FakeCertificates
  approve(): void
  /** Nobody has approved yet, after all. */
  withdrawApproval(): void
  /** Nothing disturbs the line any more. */
  calm(): void
  /** The centre knows all up to this sequence, without an answer to it. */
  skipTo(sequence: number): void
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
  /** Every request is refused so until null is given; none of them is used up. */
  stop(why: SupplyRefusalReason | null): void
  /** Changes what every further renewal says. */
  setRenewal(change: (made: Renewal) => Partial<Renewal>): void
  /** What the settings say beside their standing and version, which the standing has. */
  setSettings(change: Partial<ShopSettings>): void
  setPrices(prices: CataloguePrice[]): void
  /** What it remembers is what it knew after this sequence; one that never came it does not know. */
  lastSequence(): number
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
type Renewal = ContentOf<typeof renewalMessage.shape>

/** The settings of a shop that sets nothing. */
const NO_SETTINGS: Omit<ShopSettings, 'standing' | 'version'> = {
  ...{ language: 'fr', timeZone: 'Africa/Tunis', capMinor: 0n, autoOrderLimitMinor: 0n, levels: [] },
  ...{ orderWindows: [], ticketTexts: [], vendors: [], collectors: [], barred: [] },
  ...{ software: { version: '', afterS: 0, text: '' }, reporting: { sales: 0, seconds: 0 } },
  ...{ message: '', paymentReference: '' },
}

export function createFakeCentre(needs: {
  clock: Clock
  packedCodes: (first: number, count: number) => Buffer
}): FakeCentre {
  const { clock, packedCodes } = needs
  const terminal = terminalId('T00001')
  const certificates = createFakeCertificates(clock, terminal)
  const code = newEnrolmentCode(systemRandom)
  const macKeys = enrolmentKeys(readEnrolmentCode(code)!, ENROLMENT_NUMBER)
  const safeKey = createSecretKey(Buffer.alloc(32, 7))
  const cards = new Map<CardId, { publicKey: KeyObject; oaepHash: OaepHash }>()
  const answers = new Map<number, { hash: Buffer; frame: Buffer }>()
  const disturbances: Disturbance[] = []
  const refusals = new Map<string, SupplyRefusalReason>()
  let approved = false
  let enrolmentRefused = false
  let stopped: SupplyRefusalReason | null = null
  let changeRenewal: (made: Renewal) => Partial<Renewal> = () => ({})
  let settings = NO_SETTINGS
  let prices = [FIRST_PRICE]
  let expected = 1
  let codesGiven = 0
  let retailerName = 'Épicerie El Amen'
  let change: Partial<Standing> = {}
  let changeWelcome: (made: Enrolled) => Partial<Enrolled> = () => ({})
  let auditHead: AuditHead = { n: 1n, hash: Buffer.alloc(32, 1) }
  const heard: FakeCentre['heard'] = []
  const reports: SalesReport[] = []
  const receipts: number[] = []
  const states: StateReport[] = []

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

  function answerEnrolment(frame: Frame): Buffer {
    const binding = { enrolmentNumber: ENROLMENT_NUMBER, poll: frame.sequence, answering: null }
    const verified = enrolmentRequestMessage.verify(frame, macKeys, binding)
    if (verified === 'unacceptable') return UNACCEPTABLE_FRAME
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
      rootKey: certificates.rootKey,
      ...certificates.give(verified.content.deviceKey),
      lastSequence: expected - 1,
    }
    return enrolmentAnswerMessage.mac({ ...welcome, ...changeWelcome(welcome) }, macKeys, back).frame
  }

  function catalogue(): Catalogue {
    const said = standing()
    return { standing: said, ...fakeCatalogue(said.catalogueVersion, retailerName, prices) }
  }

  function decide(frame: Frame): Buffer {
    const known = certificates.under(frame)
    if (known === undefined) return UNACCEPTABLE_FRAME
    const { sequence } = frame
    const { signer } = known
    const opened = openSigned(frame, known, { terminal, sequence, answering: null })
    const verified = opened === 'unacceptable' ? opened : readRequest(opened)
    if (verified === 'unacceptable' || verified === 'not-understood') return UNACCEPTABLE_FRAME
    // The newest certificate signs what is new until its end; one before it, or past it, repeats what is known.
    if (!known.isNew && !answers.has(sequence)) return UNACCEPTABLE_FRAME
    const kind = verified.kind
    const back = { terminal, sequence, answering: verified.payloadHash }
    const refuse = (why: SupplyRefusalReason) =>
      supplyRefusalMessage.sign({ standing: standing(), availableMinor: 1_000_000n, why }, signer, back).frame
    if (stopped !== null) return refuse(stopped)
    const stored = answers.get(sequence)
    if (stored) {
      if (!stored.hash.equals(verified.payloadHash)) return refuse({ reason: 'content-altered' })
      return stored.frame
    }
    const burns = verified.kind === 'status-request' && sequence === expected + 1
    if (sequence !== expected && !burns) return refuse({ reason: 'sequence-unexpected', expected })
    expected = sequence + 1
    const made = (() => {
      const why = refusals.get(kind)
      if (why !== undefined) {
        refusals.delete(kind)
        return refuse(why)
      }
      return answerNew(verified, signer, back, burns)
    })()
    answers.set(sequence, { hash: verified.payloadHash, frame: made })
    return made
  }

  function answerNew(
    verified: VerifiedRequest,
    signer: Signer,
    back: { terminal: TerminalId; sequence: number; answering: Buffer },
    burns: boolean,
  ): Buffer {
    const { sequence } = back
    switch (verified.kind) {
      case 'card-letter-request': {
        const epochEndsS = nowSeconds(clock) + WEEK_S
        const letter = fakeLetter(cards, safeKey, standing(), epochEndsS, verified.content)
        if (letter !== null) return cardLetterMessage.sign(letter, signer, back).frame
        const why = { reason: 'no-card' } as const
        const refusal = { standing: standing(), availableMinor: 1_000_000n, why }
        return supplyRefusalMessage.sign(refusal, signer, back).frame
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
        return deliver(verified.content.lines[0]!.quantity, signer, back)
      case 'renewal-request':
        return renew(verified.content, sequence, signer, back)
      case 'settings-request':
        return shopSettingsMessage.sign(
          { standing: standing(), version: standing().settingsVersion, ...settings },
          signer,
          back,
        ).frame
      case 'state-report':
        states.push(verified.content)
        return acknowledgementMessage.sign({ standing: standing(), auditHead }, signer, back).frame
      case 'catalogue-request':
        return catalogueMessage.sign(catalogue(), signer, back).frame
      default:
        throw new Error(`nobody here answers a ${verified.kind}`)
    }
  }

  function renew(
    { newKey, proof }: Extract<VerifiedRequest, { kind: 'renewal-request' }>['content'],
    sequence: number,
    signer: Signer,
    back: { terminal: TerminalId; sequence: number; answering: Buffer },
  ): Buffer {
    const kid = peekKid(readFrame(heard.at(-1)!.frame)!.message)!
    const input = renewalProofInput(terminal, sequence, kid, newKey)
    if (!verify('sha256', input, { key: newKey, dsaEncoding: 'ieee-p1363' }, proof))
      throw new Error('no proof of the new key')
    const made: Renewal = { standing: standing(), ...certificates.give(newKey) }
    return renewalMessage.sign({ ...made, ...changeRenewal(made) }, signer, back).frame
  }

  function deliver(
    count: number,
    signer: Signer,
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
      delivery: back.sequence,
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
    states,
    certificates,
    approve() {
      approved = true
    },
    withdrawApproval() {
      approved = false
    },
    calm() {
      disturbances.length = 0
    },
    skipTo(sequence) {
      expected = sequence + 1
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
    stop(why) {
      stopped = why
    },
    setRenewal(change) {
      changeRenewal = change
    },
    setSettings(change) {
      settings = { ...settings, ...change }
    },
    setPrices(next) {
      prices = next
    },
    lastSequence: () => expected - 1,
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
    listen: () => listenWith(answer),
  }
}
