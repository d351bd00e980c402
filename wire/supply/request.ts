// Every signed request, as the centre reads it once its signature holds.

import type { RequestKind } from './answer.ts'
import { balanceRequestMessage } from './balance-request.ts'
import { cardLetterRequestMessage } from './card-letter-request.ts'
import { cardRequestMessage } from './card-request.ts'
import { catalogueRequestMessage } from './catalogue-request.ts'
import { claimMessage } from './claim.ts'
import { collectionReceiptMessage } from './collection-receipt.ts'
import {
  kindName,
  type OpenedMessage,
  type SupplyMessage,
  type Unacceptable,
  type Verified,
} from './envelope.ts'
import { LEVEL } from './level.ts'
import { asSupplyOrder, oneCodeOrderMessage } from './one-code-order.ts'
import { paymentDeclarationMessage } from './payment-declaration.ts'
import { proposalAnswerMessage } from './proposal-answer.ts'
import { renewalRequestMessage } from './renewal-request.ts'
import { returnRequestMessage } from './return-request.ts'
import { salesReportMessage } from './sales-report.ts'
import { settingsRequestMessage } from './settings-request.ts'
import { stateReportMessage } from './state-report.ts'
import { statusRequestMessage } from './status-request.ts'
import { type SupplyOrder, supplyOrderMessage } from './supply-order.ts'
import { supplyReceiptMessage } from './supply-receipt.ts'
import { vendorRequestMessage } from './vendor-request.ts'

const REQUESTS = {
  'card-letter-request': cardLetterRequestMessage,
  'catalogue-request': catalogueRequestMessage,
  'supply-order': supplyOrderMessage,
  'supply-receipt': supplyReceiptMessage,
  'sales-report': salesReportMessage,
  'status-request': statusRequestMessage,
  'renewal-request': renewalRequestMessage,
  'settings-request': settingsRequestMessage,
  'state-report': stateReportMessage,
  claim: claimMessage,
  'one-code-order': oneCodeOrderMessage,
  'balance-request': balanceRequestMessage,
  'collection-receipt': collectionReceiptMessage,
  'payment-declaration': paymentDeclarationMessage,
  'proposal-answer': proposalAnswerMessage,
  'return-request': returnRequestMessage,
  'card-request': cardRequestMessage,
  'vendor-request': vendorRequestMessage,
} as const satisfies Record<RequestKind, object>

type VerifiedAs<M> = M extends SupplyMessage<infer K, infer T> ? Verified<K, T> : never
export type VerifiedRequest = VerifiedAs<(typeof REQUESTS)[RequestKind]>

/**
 * The request that an opened message is. `not-understood`: of a level or kind to come, to be refused by name.
 * `unacceptable`: of a shape that its level does not have, or no request at all.
 */
export function readRequest(opened: OpenedMessage): VerifiedRequest | 'not-understood' | Unacceptable {
  if (opened.level > LEVEL) return 'not-understood'
  const kind = kindName(opened)
  if (kind === undefined) return 'not-understood'
  if (!(kind in REQUESTS)) return 'unacceptable'
  return REQUESTS[kind as RequestKind].read(opened) as VerifiedRequest | Unacceptable
}

/** What a request orders, in whichever of its forms; undefined where it orders nothing. */
export function orderIn(request: VerifiedRequest): SupplyOrder | undefined {
  if (request.kind === 'supply-order') return request.content
  return request.kind === 'one-code-order' ? asSupplyOrder(request.content) : undefined
}
