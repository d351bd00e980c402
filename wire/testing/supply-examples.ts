// One of each message, as the vectors hold them and the tests take them apart. The keys are worthless: they are
// published beside the vectors.

import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  cardId,
  centreId,
  lotId,
  operatorId,
  retailerId,
  terminalId,
  vendorId,
} from '@scratchless/voucher/ids'
import { packDigits, packedSize } from '@scratchless/voucher/packed-code'
import { productId } from '@scratchless/voucher/product'
import { serialAt, serialNumber } from '@scratchless/voucher/serial'
import { p256Signer, type Signer, type Verifier } from '../compact/cose.ts'
import { type Certificate, kidOfNumber, ROOT_KID, signCertificate } from '../compact/cwt.ts'
import { sealForTerminal } from '../seal/code-box.ts'
import { type Acknowledgement, acknowledgementMessage } from '../supply/acknowledgement.ts'
import type { Catalogue } from '../supply/catalogue.ts'
import type { EnrolmentAnswer } from '../supply/enrolment-answer.ts'
import { enrolmentKeys, readEnrolmentCode } from '../supply/enrolment-code.ts'
import type { enrolmentRequestMessage } from '../supply/enrolment-request.ts'
import type { SalesReport } from '../supply/sales-report.ts'
import type { Standing } from '../supply/standing.ts'
import { stateReportMessage } from '../supply/state-report.ts'
import type { SupplyDelivery } from '../supply/supply-delivery.ts'
import type { SupplyOrder } from '../supply/supply-order.ts'
import type { SupplyRefusal } from '../supply/supply-refusal.ts'

export const VECTORS = new URL('../../vectors/', import.meta.url)

interface ExampleKeys {
  readonly root: object
  readonly centre: object
  readonly terminal: object
  readonly otherTerminal: object
  readonly card: object
}

function exampleKeys(): ExampleKeys {
  return JSON.parse(readFileSync(new URL('supply/keys.json', VECTORS), 'utf8')) as ExampleKeys
}

function privateKey(name: keyof ExampleKeys): KeyObject {
  return createPrivateKey({ key: exampleKeys()[name] as never, format: 'jwk' })
}

export const NOW_S = 1_795_347_600
export const YEAR_S = 365 * 86_400
const TERMINAL_CERTIFICATE_S = 90 * 86_400

export const rootKey = privateKey('root')
export const centreKey = privateKey('centre')
export const terminalKey = privateKey('terminal')
export const otherTerminalKey = privateKey('otherTerminal')
export const cardKey = privateKey('card')

export const terminal = terminalId('T00001')
export const otherTerminal = terminalId('T00002')
export const card = cardId('C0000001')

export const root: Signer = p256Signer(ROOT_KID, rootKey)
export const centreSigner: Signer = p256Signer(kidOfNumber(1), centreKey)
export const terminalSigner: Signer = p256Signer(kidOfNumber(2), terminalKey)
export const otherTerminalSigner: Signer = p256Signer(kidOfNumber(3), otherTerminalKey)

export const centreVerifier: Verifier = { kid: kidOfNumber(1), publicKey: createPublicKey(centreKey) }
export const terminalVerifier: Verifier = { kid: kidOfNumber(2), publicKey: createPublicKey(terminalKey) }

export const ENROLMENT_CODE = 'ABCD-EFGH-JKMN-PQRS'
export const ENROLMENT_NUMBER = 1042
export const exampleEnrolmentKeys = enrolmentKeys(readEnrolmentCode(ENROLMENT_CODE)!, ENROLMENT_NUMBER)

/** 32 bytes 00, 01, … 1f. */
export const safeKey: KeyObject = createSecretKey(Buffer.from(Array.from({ length: 32 }, (_, i) => i)))

export const standing: Standing = {
  timeS: NOW_S,
  leaseUntilS: NOW_S + 7 * 86_400,
  unreportedSales: 500,
  revokedCards: [],
  catalogueVersion: 3,
  settingsVersion: 0,
  letter: 4,
  notices: [],
}

/** Of a chain that nobody has. */
export const acknowledgement: Acknowledgement = {
  standing,
  auditHead: { n: 58_214n, hash: Buffer.alloc(32, 0xc5) },
}

export const enrolmentRequest: Parameters<typeof enrolmentRequestMessage.mac>[0] = {
  enrolmentNumber: ENROLMENT_NUMBER,
  deviceKey: createPublicKey(terminalKey),
  nonce: Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'),
  deviceTimeS: NOW_S - 40,
  softwareVersion: '0.1.0',
}

/** `changes`: as a renewal brings it, over another key, or as no reader may take it. */
export function certificateFor(
  purpose: 'terminal' | 'centre',
  changes: Partial<Certificate> = {},
  by: Signer = root,
): Buffer {
  const issuedAtS = NOW_S - 60
  const certificate: Certificate =
    purpose === 'terminal'
      ? {
          ...{ issuer: 'centre', subject: terminal, purpose, ...terminalVerifier },
          ...{ issuedAtS, expiresAtS: issuedAtS + TERMINAL_CERTIFICATE_S },
        }
      : {
          ...{ issuer: 'centre', subject: 'centre', purpose, ...centreVerifier },
          ...{ issuedAtS, expiresAtS: issuedAtS + YEAR_S },
        }
  return signCertificate({ ...certificate, ...changes }, by)
}

export function enrolled(): EnrolmentAnswer {
  return {
    state: 'enrolled',
    standing,
    terminal,
    retailer: retailerId('R00001'),
    retailerName: 'Épicerie El Amen',
    centre: centreId('centre'),
    rootKey: createPublicKey(rootKey),
    terminalCertificate: certificateFor('terminal'),
    centreCertificate: certificateFor('centre'),
    lastSequence: 0,
  }
}

export const catalogue: Catalogue = {
  standing,
  version: 3,
  currency: 'TND',
  retailerName: 'Épicerie El Amen',
  distributorName: 'Centre',
  distributorPhone: '71000000',
  operators: [{ id: operatorId('atlas'), name: 'Atlas Mobile', colour: '#C0341D', careNumber: '1200' }],
  products: [
    {
      id: productId('ATLAS-5'),
      operator: operatorId('atlas'),
      faceValueMinor: 5_000n,
      codeDigits: 14,
      checkDigit: 'none',
      validityDays: 30,
      refillTemplate: '*123*{code}#',
      qr: false,
      mark: 'sold',
      prices: [
        {
          priceId: 7,
          validFromS: NOW_S - 30 * 86_400,
          publicPriceMinor: 5_000n,
          taxMinor: 300n,
          netCreditMinor: 4_700n,
          unitPriceMinor: 4_750n,
        },
      ],
    },
  ],
}

export function supplyOrder(quantity: number): SupplyOrder {
  return {
    expiresAtS: NOW_S + 86_400,
    because: 'person',
    lines: [{ product: productId('ATLAS-5'), quantity, unitPriceMinor: 4_750n }],
  }
}

/** Codes of 14 digits that nobody ever sold: 00000000000001, 00000000000002 … in packed form. */
export function packedExampleCodes(count: number): Buffer {
  const size = packedSize(14)
  const packed = Buffer.alloc(count * size)
  for (let i = 0; i < count; i++)
    packDigits(Buffer.from(String(i + 1).padStart(14, '0'), 'latin1'), packed, i * size)
  return packed
}

export const deliveredRunContext = {
  terminal,
  epoch: 12,
  operator: operatorId('atlas'),
  product: productId('ATLAS-5'),
  lot: lotId('L000001'),
  delivery: 4,
  digits: 14,
} as const

/** One run, from the middle of a lot. */
export function supplyDelivery(count: number): SupplyDelivery {
  const firstSerial = serialNumber('104822773901')
  return {
    standing,
    epoch: 12,
    debitedMinor: 4_750n * BigInt(count),
    availableMinor: 905_000n,
    lots: [
      {
        product: productId('ATLAS-5'),
        lot: lotId('L000001'),
        expiresOn: '2027-12-31',
        unitPriceMinor: 4_750n,
        runs: [
          {
            firstSerial,
            count,
            codes: sealForTerminal(safeKey, deliveredRunContext, firstSerial, packedExampleCodes(count)),
          },
        ],
      },
    ],
  }
}

export const supplyRefusal: SupplyRefusal = {
  standing,
  availableMinor: 12_000n,
  why: { reason: 'balance-too-low', missingMinor: 83_000n },
}

const firstSold = serialNumber('104822773901')

export const salesReport: SalesReport = {
  sales: [0, 1, 2, 5].map((index) => ({
    product: productId('ATLAS-5'),
    serial: serialAt(firstSold, index),
    ticket: 18_342 + index,
    vendor: vendorId('02'),
    priceId: 7,
    soldAtS: NOW_S + index * 70,
  })),
  events: [
    {
      product: productId('ATLAS-5'),
      serial: serialAt(firstSold, 3),
      ticket: 18_345,
      vendor: vendorId('02'),
      atS: NOW_S + 215,
      what: 'in-doubt',
      copy: 0,
    },
  ],
  cards: [],
}

/** A shop's ordinary day: nine products, one card, no alarm. The bytes of the report and of its acknowledgement. */
export function stateReportOnLine(): { readonly up: number; readonly down: number } {
  const asks = { terminal, sequence: 1_000, answering: null }
  const report = stateReportMessage.sign(
    {
      ...{ softwareVersion: '0.2.0', startedAtS: NOW_S - 90_000 },
      line: { carrier: 'modem', rate: 2_400, failures: 0 },
      printer: { state: 'ready', model: 'TP-58' },
      cards: [{ card, state: 'in', pinTriesLeft: 3, pukCount: 0, keysGiven: 18_342 }],
      stock: { catalogueVersion: 300, onBoard: [120, 85, 60, 240, 310, 48, 16, 96, 500], aside: [] },
      ...{ alarms: [], shiftMarks: [] },
    },
    terminalSigner,
    asks,
  )
  const answer = acknowledgementMessage.sign(acknowledgement, centreSigner, {
    ...asks,
    answering: report.payloadHash,
  })
  return { up: report.frame.length, down: answer.frame.length }
}
