// The good ones: a terminal's first exchanges, in their order.

import { createPublicKey } from 'node:crypto'
import { acknowledgementMessage } from '@scratchless/wire/supply/acknowledgement'
import { cardLetterMessage, wrapForCard } from '@scratchless/wire/supply/card-letter'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { catalogueMessage } from '@scratchless/wire/supply/catalogue'
import { catalogueRequestMessage } from '@scratchless/wire/supply/catalogue-request'
import { enrolmentAnswerMessage } from '@scratchless/wire/supply/enrolment-answer'
import { enrolmentRequestMessage } from '@scratchless/wire/supply/enrolment-request'
import type { KindName, Signed } from '@scratchless/wire/supply/envelope'
import { salesReportMessage } from '@scratchless/wire/supply/sales-report'
import { statusAnswerMessage } from '@scratchless/wire/supply/status-answer'
import { statusRequestMessage } from '@scratchless/wire/supply/status-request'
import { supplyDeliveryMessage } from '@scratchless/wire/supply/supply-delivery'
import { supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { DELIVERY_HASH_BYTES, supplyReceiptMessage } from '@scratchless/wire/supply/supply-receipt'
import { supplyRefusalMessage } from '@scratchless/wire/supply/supply-refusal'
import * as example from '../../wire/testing/supply-examples.ts'
import { answers, asks, good, hex, keep } from './keep-vectors.ts'

const number = example.ENROLMENT_NUMBER
const keys = example.exampleEnrolmentKeys
export const enrolling = (answering: Uint8Array | null, poll: number) => ({
  enrolmentNumber: number,
  poll,
  answering,
})
export const asked = enrolmentRequestMessage.mac(example.enrolmentRequest, keys, enrolling(null, 1))
const enrolmentVector = (
  name: string,
  kind: KindName,
  closed: Signed,
  poll: number,
  answering: Uint8Array | null,
  content: unknown,
) =>
  keep(name, closed.frame, {
    verdict: 'good',
    kind,
    says: `MACed under the key of enrolment ${number}, code ${example.ENROLMENT_CODE}`,
    from: answering ? 'centre' : 'terminal',
    who: String(number),
    sequence: poll,
    answering: hex(answering),
    content,
  })
enrolmentVector('enrolment-request', 'enrolment-request', asked, 1, null, example.enrolmentRequest)
const waiting = { state: 'waiting', timeS: example.NOW_S } as const
enrolmentVector(
  'enrolment-answer-waiting',
  'enrolment-answer',
  enrolmentAnswerMessage.mac(waiting, keys, enrolling(asked.payloadHash, 1)),
  1,
  asked.payloadHash,
  waiting,
)
const welcome = example.enrolled()
enrolmentVector(
  'enrolment-answer-enrolled',
  'enrolment-answer',
  enrolmentAnswerMessage.mac(welcome, keys, enrolling(asked.payloadHash, 2)),
  2,
  asked.payloadHash,
  welcome,
)
const again = { ...welcome, lastSequence: 17 } as const
enrolmentVector(
  'enrolment-answer-enrolled-again',
  'enrolment-answer',
  enrolmentAnswerMessage.mac(again, keys, enrolling(asked.payloadHash, 3)),
  3,
  asked.payloadHash,
  again,
)
const refused = { state: 'refused', timeS: example.NOW_S } as const
enrolmentVector(
  'enrolment-answer-refused',
  'enrolment-answer',
  enrolmentAnswerMessage.mac(refused, keys, enrolling(asked.payloadHash, 4)),
  4,
  asked.payloadHash,
  refused,
)

export const letterAsked = good(
  'card-letter-request',
  cardLetterRequestMessage.sign({ holdsLetter: 0, epoch: 0, cards: [] }, example.terminalSigner, asks(1)),
  'a new terminal holds no letter',
  { holdsLetter: 0, epoch: 0, cards: [] },
  asks(1),
)
good(
  'card-letter-request',
  cardLetterRequestMessage.sign(
    { holdsLetter: 4, epoch: 11, cards: [example.card] },
    example.terminalSigner,
    asks(30),
  ),
  'a card that came later: codes of epoch 11 lie here, and it has no letter of it',
  { holdsLetter: 4, epoch: 11, cards: [example.card] },
  asks(30),
  'card-letter-request-earlier-epoch',
)
const letter = {
  standing: example.standing,
  number: 4,
  epoch: 12,
  epochEndsS: example.NOW_S + 7 * 86_400,
  otherCards: 0,
  recipients: [wrapForCard(example.safeKey, example.card, createPublicKey(example.cardKey), 'sha256')],
}
good(
  'card-letter',
  cardLetterMessage.sign(letter, example.centreSigner, answers(1, letterAsked)),
  'the safe key 00 01 … 1f, closed for one card',
  letter,
  answers(1, letterAsked),
)
const pieceOfLetter = { ...letter, epoch: 11, otherCards: 17 }
good(
  'card-letter',
  cardLetterMessage.sign(pieceOfLetter, example.centreSigner, answers(1, letterAsked)),
  'of an earlier epoch, and not for all cards: the letters of the other seventeen stay, and so does the number held',
  pieceOfLetter,
  answers(1, letterAsked),
  'card-letter-piece',
)
const sha1Letter = {
  ...letter,
  recipients: [wrapForCard(example.safeKey, example.card, createPublicKey(example.cardKey), 'sha1')],
}
good(
  'card-letter',
  cardLetterMessage.sign(sha1Letter, example.centreSigner, answers(1, letterAsked)),
  'the same safe key, closed by RSAES-OAEP with SHA-1 for a card that knows no other',
  sha1Letter,
  answers(1, letterAsked),
  'card-letter-sha1',
)
export const catalogueAsked = good(
  'catalogue-request',
  catalogueRequestMessage.sign({ knownVersion: 0 }, example.terminalSigner, asks(2)),
  'a new terminal knows no catalogue',
  { knownVersion: 0 },
  asks(2),
)
good(
  'catalogue',
  catalogueMessage.sign(example.catalogue, example.centreSigner, answers(2, catalogueAsked)),
  'one operator, one product',
  example.catalogue,
  answers(2, catalogueAsked),
)
const [line] = example.catalogue.products
const [price] = line!.prices
const dated = {
  ...example.catalogue,
  products: [
    {
      ...line!,
      prices: [0, 3_600, 86_400].map((laterS, n) => ({
        ...price!,
        priceId: 7 + n,
        validFromS: example.NOW_S + laterS,
        unitPriceMinor: price!.unitPriceMinor + BigInt(n * 50),
      })),
    },
  ],
}
good(
  'catalogue',
  catalogueMessage.sign(dated, example.centreSigner, answers(2, catalogueAsked)),
  'a price that begins at this very second, and two to come',
  dated,
  answers(2, catalogueAsked),
  'catalogue-dated-prices',
  {
    must: 'The terminal sells at price 7 from 1795347600 on, at price 8 from 1795351200 on, at price 9 from 1795434000 on, to the second.',
  },
)
export const tooMuch = supplyOrderMessage.sign(example.supplyOrder(20), example.terminalSigner, asks(3))
good(
  'supply-order',
  tooMuch,
  'an order that will be refused',
  example.supplyOrder(20),
  asks(3),
  'supply-order-3',
)
good(
  'supply-refusal',
  supplyRefusalMessage.sign(example.supplyRefusal, example.centreSigner, answers(3, tooMuch)),
  'the balance falls short by TND 83.000',
  example.supplyRefusal,
  answers(3, tooMuch),
)
export const ordered = good(
  'supply-order',
  supplyOrderMessage.sign(example.supplyOrder(20), example.terminalSigner, asks(4)),
  '20 codes of one product',
  example.supplyOrder(20),
  asks(4),
)
const delivery = example.supplyDelivery(20)
export const delivered = good(
  'supply-delivery',
  supplyDeliveryMessage.sign(delivery, example.centreSigner, answers(4, ordered)),
  '20 codes of 14 digits in one run: 00000000000001 … 00000000000020',
  delivery,
  answers(4, ordered),
)
const receipt = { delivery: 4, deliveryHash: delivered.payloadHash.subarray(0, DELIVERY_HASH_BYTES) }
export const received = good(
  'supply-receipt',
  supplyReceiptMessage.sign(receipt, example.terminalSigner, asks(5)),
  'the delivery is stored',
  receipt,
  asks(5),
)
good(
  'acknowledgement',
  acknowledgementMessage.sign(example.acknowledgement, example.centreSigner, answers(5, received)),
  'the receipt was taken; the chain has 58,214 entries',
  example.acknowledgement,
  answers(5, received),
)
good(
  'sales-report',
  salesReportMessage.sign(example.salesReport, example.terminalSigner, asks(6)),
  'four sales in two runs, one ticket in doubt',
  example.salesReport,
  asks(6),
)
export const statusAsked = good(
  'status-request',
  statusRequestMessage.sign({ asked: 7 }, example.terminalSigner, asks(8)),
  'what became of 7?',
  { asked: 7 },
  asks(8),
)
const known = { standing: example.standing, fate: 'answered' } as const
good(
  'status-answer',
  statusAnswerMessage.sign(known, example.centreSigner, answers(8, statusAsked)),
  'it is known',
  known,
  answers(8, statusAsked),
  'status-answer-answered',
  { must: 'The terminal sends request 7 again, the same bytes: its stored answer comes.' },
)
const burnt = { standing: example.standing, fate: 'burnt' } as const
good(
  'status-answer',
  statusAnswerMessage.sign(burnt, example.centreSigner, answers(8, statusAsked)),
  'it never came and never will have an effect',
  burnt,
  answers(8, statusAsked),
)
