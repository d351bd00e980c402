// What each verb of the centre's vault takes, with every bound. It is checked at the vault's door (serve-verbs.ts).

import {
  bytesField,
  countedField,
  countField,
  dayField,
  fittingField,
  namedField,
  secondsField,
  sequenceField,
  serialField,
  type VerbSchemas,
} from '@scratchless/office/vault/verb-door'
import {
  cardId,
  depotId,
  lotId,
  messageId,
  operatorId,
  retailerId,
  terminalId,
  vendorId,
} from '@scratchless/voucher/ids'
import { MAX_AMOUNT_MINOR } from '@scratchless/voucher/money'
import { CODE_DIGITS, productId } from '@scratchless/voucher/product'
import { MAX_REQUEST_BYTES } from '@scratchless/wire/compact/frame'
import { encodeShape, type Shape } from '@scratchless/wire/compact/shape'
import { noticeVerdict } from '@scratchless/wire/restock/notice-receipt'
import { MAX_MESSAGE_BYTES } from '@scratchless/wire/restock/restock-messages'
import { type RestockOrder, restockOrder } from '@scratchless/wire/restock/restock-order'
import { acknowledgement } from '@scratchless/wire/supply/acknowledgement'
import { balance } from '@scratchless/wire/supply/balance'
import { catalogue } from '@scratchless/wire/supply/catalogue'
import { shopSettings } from '@scratchless/wire/supply/shop-settings'
import { standing } from '@scratchless/wire/supply/standing'
import { statusAnswer } from '@scratchless/wire/supply/status-answer'
import { supplyRefusal } from '@scratchless/wire/supply/supply-refusal'
import { z } from 'zod'
import type { VaultVerbs } from './verbs.ts'

const HASH_BYTES = 32
const SIGNATURE_BYTES = 64
/** An RSA key of 4,096 bits as SubjectPublicKeyInfo. */
const MAX_KEY_BYTES = 600
const MAX_PRODUCTS = 10_000
const MAX_ORDERS = 64
const MAX_ACKNOWLEDGEMENTS = 64
const MAX_LOTS = 40
const MAX_RUNS = 100
const MAX_CODES = 1_000
const MAX_APPROVALS = 10
const MAX_VOID_CODES = 1_000_000
const NO_HEAD = { n: 0n, hash: Buffer.alloc(HASH_BYTES) }

const shaped = <Content>(shape: Shape<Content>) =>
  fittingField<Content>((content) => encodeShape(shape, content))

const terminal = namedField(terminalId)
const depot = namedField(depotId)
const retailer = namedField(retailerId)
const operator = namedField(operatorId)
const frame = bytesField(MAX_REQUEST_BYTES + 7)
const message = bytesField(Math.max(...Object.values(MAX_MESSAGE_BYTES)))
const amount = z.bigint().min(0n).max(MAX_AMOUNT_MINOR)
const standingField = shaped(standing)
const fromOperator = z.strictObject({ operator, bytes: message })
const signedRequest = { terminal, sequence: sequenceField, frame }
const answeredRequest = {
  ...{ terminal, certificate: countedField, sequence: z.int().min(0).max(0xffff_ffff) },
  answering: bytesField(HASH_BYTES, HASH_BYTES),
}
const approvals = z
  .array(
    z.strictObject({
      approver: z.string().min(1).max(40),
      signature: bytesField(SIGNATURE_BYTES, SIGNATURE_BYTES),
    }),
  )
  .max(MAX_APPROVALS)

const decided = z.strictObject({
  standing: standingField,
  debitedMinor: amount,
  availableMinor: amount,
  lots: z
    .array(
      z.strictObject({
        operator,
        product: namedField(productId),
        lot: namedField(lotId),
        expiresOn: dayField,
        unitPriceMinor: amount,
        runs: z
          .array(
            z.strictObject({
              firstSerial: serialField,
              count: countField.max(MAX_CODES),
              packFirstSerial: serialField,
            }),
          )
          .min(1)
          .max(MAX_RUNS),
      }),
    )
    .max(MAX_LOTS),
})

const plainAnswer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('acknowledgement'),
    content: fittingField<{ readonly standing: z.output<typeof standingField> }>((content) => {
      // Its head is the vault's own to say.
      encodeShape(acknowledgement, { auditHead: NO_HEAD, standing: content.standing })
      z.strictObject({ standing: z.unknown() }).parse(content)
    }),
  }),
  z.strictObject({ kind: z.literal('catalogue'), content: shaped(catalogue) }),
  z.strictObject({ kind: z.literal('shop-settings'), content: shaped(shopSettings) }),
  z.strictObject({ kind: z.literal('balance'), content: shaped(balance) }),
  z.strictObject({ kind: z.literal('status-answer'), content: shaped(statusAnswer) }),
  z.strictObject({ kind: z.literal('supply-refusal'), content: shaped(supplyRefusal) }),
])

export const CENTRE_VERB_ARGUMENTS: VerbSchemas<VaultVerbs> = {
  knowProducts: z
    .array(
      z.strictObject({
        id: namedField(productId),
        operator,
        codeDigits: z.int().min(CODE_DIGITS.min).max(CODE_DIGITS.max),
        checkDigit: z.enum(['none', 'luhn']),
      }),
    )
    .max(MAX_PRODUCTS),
  signRestockOrder: fittingField<Omit<RestockOrder, 'auditHead'>>((order) =>
    restockOrder.parse({ ...order, auditHead: NO_HEAD }),
  ),
  verifyRestockOrderResponse: fromOperator.extend({ orderId: namedField(messageId) }),
  takeRestockDelivery: fromOperator,
  examineRestockDelivery: fromOperator,
  openRestockNotice: fromOperator,
  answerRestockNotice: fromOperator.extend({ verdict: noticeVerdict }),
  openNotUnderstood: fromOperator,
  beginEnrolment: z.strictObject({ terminal, retailer, expiresAtS: secondsField }),
  answerEnrolmentRequest: z.strictObject({
    frame,
    standing: standingField,
    retailerName: z.string().min(1).max(64),
    lastSequence: z.int().min(0).max(0xffff_ffff),
  }),
  certifyTerminal: z.strictObject({ terminal, depot, enrolmentNumber: countedField, approvals }),
  renewTerminal: z.strictObject({ ...signedRequest, standing: standingField }),
  revokeTerminal: terminal,
  registerCard: z.strictObject({
    card: namedField(cardId),
    retailer,
    vendor: namedField(vendorId),
    class: z.enum(['file', 'pkcs11']),
    publicKey: bytesField(MAX_KEY_BYTES),
    approvals,
  }),
  revokeCard: namedField(cardId),
  writeCardLetter: z.strictObject({ ...signedRequest, standing: standingField }),
  closeSupplyDeliveries: z.strictObject({
    depot,
    orders: z.array(z.strictObject({ ...signedRequest, decided })).max(MAX_ORDERS),
  }),
  voidCodes: z.strictObject({
    number: countedField,
    endsAtS: secondsField,
    stock: z.union([
      z.strictObject({ operator, firstSerial: serialField, count: countField.max(MAX_VOID_CODES) }),
      z.strictObject({ operator, lot: namedField(lotId) }),
    ]),
    cause: z.string().min(1).max(200),
    approvals,
  }),
  signAcknowledgements: z
    .array(z.strictObject({ ...answeredRequest, standing: standingField }))
    .max(MAX_ACKNOWLEDGEMENTS),
  signAnswer: z.strictObject({ ...answeredRequest, answer: plainAnswer }),
}
