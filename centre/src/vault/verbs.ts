// What the api process may ask of the vault. No verb takes a key to use or bytes to sign: every one names what it
// wants by ids and typed content, and the vault checks it against its own ring, its own journal and the messages
// that it verifies itself. Refusals are values.

import type { ApprovalRefusal } from '@scratchless/office/staff/approval'
import type { AgreementRefusal } from '@scratchless/office/vault/use-agreement'
import type {
  CardId,
  DepotId,
  LotId,
  MessageId,
  OperatorId,
  RetailerId,
  TerminalId,
  VendorId,
} from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { SerialNumber, SerialRange } from '@scratchless/voucher/serial'
import type { NoticeVerdict } from '@scratchless/wire/restock/answer-notice'
import type { AuditHeadField } from '@scratchless/wire/restock/audit-head-field'
import type { OpenedNotice, UnknownMessage } from '@scratchless/wire/restock/open-notice'
import type { RestockNotUnderstood } from '@scratchless/wire/restock/restock-not-understood'
import type { RestockOrder } from '@scratchless/wire/restock/restock-order'
import type { RestockOrderResponse } from '@scratchless/wire/restock/restock-order-response'
import type { RestockRefusal } from '@scratchless/wire/restock/restock-partner'
import type { DeliveryRefusal } from '@scratchless/wire/restock/restock-receipt'
import type { Acknowledgement } from '@scratchless/wire/supply/acknowledgement'
import type { Balance } from '@scratchless/wire/supply/balance'
import type { Catalogue } from '@scratchless/wire/supply/catalogue'
import type { ShopSettings } from '@scratchless/wire/supply/shop-settings'
import type { Standing } from '@scratchless/wire/supply/standing'
import type { StatusAnswer } from '@scratchless/wire/supply/status-answer'
import type { SupplyRefusal } from '@scratchless/wire/supply/supply-refusal'

/** What codes of a product look like. */
export interface ProductFacts {
  readonly id: ProductId
  readonly operator: OperatorId
  readonly codeDigits: number
  readonly checkDigit: 'none' | 'luhn'
}

/** A head that an operator's verified message brought and that contradicts an earlier one of his: an alarm. */
interface HeadBrought {
  readonly contradictingHead: AuditHeadField | null
}

/** What became of a delivery part. `taken`: these packs are stored. */
export interface TakenDelivery extends HeadBrought {
  readonly id: MessageId
  readonly payloadHash: Uint8Array
  readonly orderId: MessageId
  readonly orderLineNo: number
  readonly part: number
  readonly parts: number
  readonly lot: LotId
  readonly product: ProductId
  readonly expiresOn: string
  readonly activatedOn: string | null
  readonly verdict: 'taken' | 'refused'
  readonly reason: DeliveryRefusal | null
  readonly packs: readonly SerialRange[]
  /** Serials whose codes are here already. */
  readonly duplicates: readonly SerialNumber[]
  /** The signed receipt: to be stored, then sent. */
  readonly receipt: Uint8Array
}

/** Where a terminal's signed request stands: what the vault needs to find its key and verify it. */
interface SignedRequest {
  readonly terminal: TerminalId
  readonly sequence: number
  /** The whole frame, as it came. */
  readonly frame: Uint8Array
}

/** A request that an answer is bound to. */
interface AnsweredRequest {
  readonly terminal: TerminalId
  /** The number of the terminal's certificate that the request came under. */
  readonly certificate: number
  readonly sequence: number
  /** Payload hash of the request. */
  readonly answering: Uint8Array
}

/** A run to be closed, named by its pack. */
interface SupplyRun extends SerialRange {
  readonly packFirstSerial: SerialNumber
}

/** What the desk decided for one order. */
export interface DecidedSupply {
  readonly standing: Standing
  readonly debitedMinor: bigint
  readonly availableMinor: bigint
  readonly lots: readonly {
    readonly operator: OperatorId
    readonly product: ProductId
    readonly lot: LotId
    readonly expiresOn: string
    readonly unitPriceMinor: bigint
    readonly runs: readonly SupplyRun[]
  }[]
}

/** In order of precedence. Any of them says that api and vault disagree: an alarm. */
export type SupplyClosingRefusal =
  /** The frame is no order that this terminal signed, or the terminal is revoked. */
  | 'order-not-verified'
  /** This order was closed before, with other runs. */
  | 'runs-differ'
  /** More than was ordered, another product, or another price. */
  | 'not-as-ordered'
  | 'no-safe-key'
  | 'ceiling-exceeded'
  /** A code was closed before or is void, or a run lies in no pack of the depot. */
  | 'codes-taken'

export interface ClosedDelivery {
  readonly frame: Uint8Array
  readonly payloadHash: Uint8Array
}

export type EnrolmentProgress =
  | { readonly answer: Uint8Array; readonly state: 'waiting'; readonly fingerprint: string }
  | { readonly answer: Uint8Array; readonly state: 'enrolled' | 'refused' }
  /** `unacceptable`: no MAC of an open enrolment. `other-device`: a second key for one enrolment: an alarm. */
  | 'unacceptable'
  | { readonly answer: Uint8Array; readonly state: 'other-device' }

export type CertifyRefusal = ApprovalRefusal | 'no-device' | 'enrolment-over'

export interface CertifiedTerminal {
  readonly certificateNumber: number
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
  readonly certifiedUntilS: number
  /** Until when the centre's certificate holds that it got with its own. */
  readonly centreUntilS: number
}

/** A terminal under its next certificate, and what it is answered. */
export interface RenewedTerminal extends CertifiedTerminal {
  readonly frame: Uint8Array
}

export interface GivenApproval {
  readonly approver: string
  readonly signature: Uint8Array
}

/** An answer of the centre that closes no code. */
type PlainAnswer =
  | { readonly kind: 'acknowledgement'; readonly content: Omit<Acknowledgement, 'auditHead'> }
  | { readonly kind: 'catalogue'; readonly content: Catalogue }
  | { readonly kind: 'shop-settings'; readonly content: ShopSettings }
  | { readonly kind: 'balance'; readonly content: Balance }
  | { readonly kind: 'status-answer'; readonly content: StatusAnswer }
  | { readonly kind: 'supply-refusal'; readonly content: SupplyRefusal }

/** Type, not interface: the private line asks for an index of verbs. */
export type VaultVerbs = {
  /** Tells what codes of products look like, before the first of them come; what was told once stays. */
  knowProducts(products: readonly ProductFacts[]): Promise<'known' | { refusal: 'product-differs' }>
  /** Signs an order of ours, closes it for the operator, and remembers what was ordered. */
  signRestockOrder(order: Omit<RestockOrder, 'auditHead'>): Promise<Uint8Array>
  /** Opens the operator's answer to an order of ours and remembers what it accepted, once. */
  verifyRestockOrderResponse(message: {
    operator: OperatorId
    orderId: MessageId
    bytes: Uint8Array
  }): Promise<
    | ({ content: RestockOrderResponse } & HeadBrought)
    | { refusal: RestockRefusal }
    | ({ refusal: 'another-order' } & HeadBrought)
  >
  /** Verifies, opens, checks, closes for the centre and stores a delivery part, whole or not at all; repeatable. */
  takeRestockDelivery(message: {
    operator: OperatorId
    bytes: Uint8Array
  }): Promise<TakenDelivery | { refusal: RestockRefusal | 'order-unanswered' }>
  /** Says whether a delivery verifies and opens, and of how many codes it is; stores nothing, gives no code. */
  examineRestockDelivery(message: {
    operator: OperatorId
    bytes: Uint8Array
  }): Promise<{ codes: number } | { refusal: RestockRefusal }>
  /** Verifies a notice of an operator and opens it, unless its level is above the agreed one: that is only verified. */
  openRestockNotice(message: {
    operator: OperatorId
    bytes: Uint8Array
  }): Promise<(OpenedNotice & HeadBrought) | UnknownMessage | { refusal: RestockRefusal }>
  /** Signs what is said to a notice, over bytes that verify as the operator's. */
  answerRestockNotice(message: {
    operator: OperatorId
    bytes: Uint8Array
    verdict: NoticeVerdict
  }): Promise<Uint8Array | { refusal: RestockRefusal }>
  /** Verifies and opens the answer that a message of ours is of a higher level than the operator's. */
  openNotUnderstood(message: {
    operator: OperatorId
    bytes: Uint8Array
  }): Promise<(RestockNotUnderstood & HeadBrought) | { refusal: RestockRefusal }>
  /** Opens an enrolment: the code leaves the vault this once. */
  beginEnrolment(enrolment: {
    terminal: TerminalId
    retailer: RetailerId
    expiresAtS: number
  }): Promise<{ enrolmentNumber: number; enrolmentCode: string }>
  /** Verifies a device's MAC, keeps its key, and answers with what the enrolment has come to. */
  answerEnrolmentRequest(request: {
    frame: Uint8Array
    standing: Standing
    retailerName: string
    lastSequence: number
  }): Promise<EnrolmentProgress>
  /** Certifies the device of a terminal's newest enrolment once two approvers of the ring agree to its fingerprint. */
  certifyTerminal(request: {
    terminal: TerminalId
    /** Where its codes come from; for good. */
    depot: DepotId
    enrolmentNumber: number
    approvals: readonly GivenApproval[]
  }): Promise<CertifiedTerminal | CertifyRefusal>
  /** Certifies the next key of a terminal, asked under its present one and proven by the new one. */
  renewTerminal(
    request: SignedRequest & { standing: Standing },
  ): Promise<RenewedTerminal | 'request-not-verified' | 'proof-not-verified'>
  /** Needs no approval: it only takes away. */
  revokeTerminal(terminal: TerminalId): Promise<void>
  /** Puts a vendor card into the ring once two approvers agree to its key. */
  registerCard(request: {
    card: CardId
    retailer: RetailerId
    vendor: VendorId
    class: 'file' | 'pkcs11'
    /** SubjectPublicKeyInfo, DER; covered by the approvals. */
    publicKey: Uint8Array
    approvals: readonly GivenApproval[]
  }): Promise<'registered' | ApprovalRefusal | 'card-known'>
  /** Ends the card and, at once, the epochs of its retailer's terminals. Needs no approval. */
  revokeCard(card: CardId): Promise<void>
  /**
   * The card letter that a terminal's signed request asks for, numbered as the standing says; makes the epoch's safe key
   * where there is none.
   */
  writeCardLetter(
    request: SignedRequest & { standing: Standing },
  ): Promise<
    | { frame: Uint8Array; epoch: number; epochEndsS: number; isNewest: boolean }
    | 'request-not-verified'
    | 'no-card'
    | 'unknown-epoch'
  >
  /** Closes and signs the deliveries of a group of orders; one durable write; an order repeated gets the same runs. */
  closeSupplyDeliveries(group: {
    /** Of the terminals, and of the packs. */
    depot: DepotId
    orders: readonly (SignedRequest & { decided: DecidedSupply })[]
  }): Promise<(ClosedDelivery | { refusal: SupplyClosingRefusal })[]>
  /** Signs acknowledgements of a group of requests, in their order: `signAnswer` for many. */
  signAcknowledgements(
    answers: readonly (AnsweredRequest & { standing: Standing })[],
  ): Promise<readonly Uint8Array[]>
  /**
   * Makes codes void for good, a range or a lot, once two approvers of the ring agree to it over the act's number and its
   * end. Used once; the same again is answered alike.
   */
  voidCodes(act: {
    number: number
    endsAtS: number
    stock:
      | ({ readonly operator: OperatorId } & SerialRange)
      | { readonly operator: OperatorId; readonly lot: LotId }
    cause: string
    approvals: readonly GivenApproval[]
  }): Promise<{ codes: number } | { refusal: AgreementRefusal }>
  /** Signs an answer that closes no code. */
  signAnswer(request: AnsweredRequest & { answer: PlainAnswer }): Promise<Uint8Array>
}
