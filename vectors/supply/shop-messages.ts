// The good ones about the shop itself: its settings, its state, its people, its money and its customers' complaints.

import { createPublicKey, sign } from 'node:crypto'
import { collectorId, operatorId, vendorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { serialNumber } from '@scratchless/voucher/serial'
import { balanceMessage } from '@scratchless/wire/supply/balance'
import { balanceRequestMessage } from '@scratchless/wire/supply/balance-request'
import { cardRequestMessage } from '@scratchless/wire/supply/card-request'
import { claimMessage } from '@scratchless/wire/supply/claim'
import { collectionReceiptMessage } from '@scratchless/wire/supply/collection-receipt'
import type { KindName, Signed, SupplyMessage } from '@scratchless/wire/supply/envelope'
import { oneCodeOrderMessage } from '@scratchless/wire/supply/one-code-order'
import { paymentDeclarationMessage } from '@scratchless/wire/supply/payment-declaration'
import { proposalAnswerMessage } from '@scratchless/wire/supply/proposal-answer'
import { renewalMessage } from '@scratchless/wire/supply/renewal'
import { renewalProofInput, renewalRequestMessage } from '@scratchless/wire/supply/renewal-request'
import { returnRequestMessage } from '@scratchless/wire/supply/return-request'
import { settingsRequestMessage } from '@scratchless/wire/supply/settings-request'
import { shopSettingsMessage } from '@scratchless/wire/supply/shop-settings'
import { stateReportMessage } from '@scratchless/wire/supply/state-report'
import { vendorRequestMessage } from '@scratchless/wire/supply/vendor-request'
import * as example from '../../wire/testing/supply-examples.ts'
import { answers, asks, good } from './keep-vectors.ts'

const { NOW_S, standing } = example
const atlas = operatorId('atlas')
const atlas5 = productId('ATLAS-5')
const vendor = vendorId('02')
const serial = serialNumber('104822773901')
const noProof = (fill: number) => Buffer.alloc(16, fill)
let sequence = 8
/** The place of the renewal request. */
export const RENEW_SEQUENCE = 9

/** The terminal's next request. */
function asked<K extends KindName, T>(message: SupplyMessage<K, T>, content: T, says: string): Signed {
  sequence++
  const signed = message.sign(content, example.terminalSigner, asks(sequence))
  return good(message.kind, signed, says, content, asks(sequence))
}
/** The answer to the request that was asked last. */
function answered<K extends KindName, T>(
  message: SupplyMessage<K, T>,
  content: T,
  request: Signed,
  says: string,
): void {
  const binding = answers(sequence, request)
  good(message.kind, message.sign(content, example.centreSigner, binding), says, content, binding)
}

export const newKey = createPublicKey(example.otherTerminalKey)
const proof = sign(
  'sha256',
  renewalProofInput(example.terminal, sequence + 1, example.terminalSigner.kid, newKey),
  { key: example.otherTerminalKey, dsaEncoding: 'ieee-p1363' },
)
export const renew = asked(
  renewalRequestMessage,
  { newKey, proof },
  'signed by the old key, and proven by the new one',
)
answered(
  renewalMessage,
  {
    standing,
    terminalCertificate: example.certificateFor('terminal', {
      publicKey: newKey,
      kid: example.otherTerminalSigner.kid,
    }),
    centreCertificate: example.certificateFor('centre'),
  },
  renew,
  'a certificate over the new key, under the next number',
)

const settings = asked(settingsRequestMessage, { holdsVersion: 0 }, 'a new terminal holds no settings')
answered(
  shopSettingsMessage,
  {
    standing: { ...standing, settingsVersion: 5 },
    ...{ version: 5, language: 'fr', timeZone: 'Africa/Tunis', capMinor: 2_000_000n },
    autoOrderLimitMinor: 300_000n,
    levels: [{ product: atlas5, warnAt: 10, orderUpTo: 60 }],
    orderWindows: [{ weekdays: 0b0111111, fromMinute: 420, toMinute: 1_260 }],
    ticketTexts: [
      { operator: null, lines: ['Merci et à bientôt'] },
      { operator: atlas, lines: ['Atlas vous remercie', ''] },
    ],
    vendors: [{ vendor, name: 'Amel', state: 'active', cards: [example.card] }],
    collectors: [
      {
        ...{ collector: collectorId('E0001'), name: 'Recouvrement nord', key: Buffer.alloc(32, 9) },
        ...{ limitMinor: 5_000_000n, offlineReceipts: 3 },
      },
    ],
    software: { version: '0.2.0', afterS: NOW_S + 86_400, text: 'Mise à jour cette nuit' },
    barred: [{ operator: atlas, firstSerial: serial, count: 20, why: 'held' }],
    ...{ reporting: { sales: 0, seconds: 0 }, message: '', paymentReference: 'R00001' },
  },
  settings,
  'one of each list',
)

asked(
  stateReportMessage,
  {
    ...{ softwareVersion: '0.1.0', startedAtS: NOW_S - 7_200 },
    line: { carrier: 'modem', rate: 2_400, failures: 2 },
    printer: { state: 'ready', model: 'TP-58' },
    cards: [{ card: example.card, state: 'in', pinTriesLeft: 3, pukCount: 0, keysGiven: 41 }],
    stock: {
      catalogueVersion: 3,
      onBoard: [16],
      aside: [{ place: 0, inDoubt: 1, damaged: 0 }],
    },
    alarms: [{ kind: 'in-doubt-waiting', subject: 'ATLAS-5', sinceS: NOW_S - 60 }],
    shiftMarks: [
      {
        ...{ what: 'z', number: 12, vendor, atS: NOW_S - 50 },
        ...{ firstTicket: 18_342, lastTicket: 18_347, expectedMinor: 20_000n, countedMinor: 20_000n },
      },
    ],
  },
  'one product, one ticket in doubt, the end of a day',
)
asked(
  claimMessage,
  { claims: [{ product: atlas5, serial, ticket: 18_342, vendor, soldAtS: NOW_S, what: 'code-refused' }] },
  'the network refused a code',
)
asked(
  oneCodeOrderMessage,
  { expiresAtS: NOW_S + 60, product: atlas5, unitPriceMinor: 4_750n },
  'one code for the customer who waits',
)
const balance = {
  ...{ standing, availableMinor: 905_000n, balanceMinor: 0n, owedMinor: 95_000n },
  ...{ creditLineMinor: 1_000_000n, blocked: null },
}
const balanceAsked = asked(balanceRequestMessage, {}, 'nothing but its level')
answered(balanceMessage, balance, balanceAsked, 'TND 95.000 are owed')
asked(
  collectionReceiptMessage,
  {
    ...{ number: 1, collector: collectorId('E0001'), amountMinor: 95_000n, method: 'cash', reference: '' },
    ...{ atS: NOW_S, ownerProof: noProof(1), collectorProof: noProof(2) },
  },
  'TND 95.000 in cash; the proofs are bytes like any',
)
asked(
  paymentDeclarationMessage,
  { number: 1, amountMinor: 95_000n, method: 'transfer', reference: 'VIR 4471', paidOn: '2026-11-21' },
  'a transfer, yesterday',
)
asked(
  proposalAnswerMessage,
  { number: 3, answer: { answer: 'declined', why: 'too-much' } },
  'the owner declines proposal 3',
)
asked(
  returnRequestMessage,
  { runs: [{ product: atlas5, firstSerial: serial, count: 4 }], why: 'slow' },
  'four codes that nobody buys',
)
asked(
  cardRequestMessage,
  {
    ...{ vendor, class: 'pkcs11', replaces: example.card },
    publicKey: createPublicKey(example.cardKey).export({ type: 'spki', format: 'der' }),
  },
  'a new card in the place of C0000001',
)
asked(vendorRequestMessage, { what: { act: 'add', name: 'Sami' } }, 'one vendor more')
