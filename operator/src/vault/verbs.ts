// What the api may ask of the vault: all of it. No verb takes a key or bytes to sign, and none answers with a code.
// Holders are named and looked up in the vault's own ring; what is signed is made here from typed fields.

import type { GivenAgreement } from '@scratchless/office/requests/agreement'
import type { AgreementRefusal } from '@scratchless/office/vault/use-agreement'
import type { CentreId, LotId, MessageId } from '@scratchless/voucher/ids'
import type { Money } from '@scratchless/voucher/money'
import type { ProductId } from '@scratchless/voucher/product'
import type { SerialNumber, SerialRange } from '@scratchless/voucher/serial'
import type { NoticeVerdict } from '@scratchless/wire/restock/answer-notice'
import type { LotActivation } from '@scratchless/wire/restock/lot-activation'
import type { NoticeReceipt } from '@scratchless/wire/restock/notice-receipt'
import type { OpenedNotice, UnknownMessage } from '@scratchless/wire/restock/open-notice'
import type { RestockNotUnderstood } from '@scratchless/wire/restock/restock-not-understood'
import type { RestockOrder } from '@scratchless/wire/restock/restock-order'
import type { RestockOrderResponse } from '@scratchless/wire/restock/restock-order-response'
import type { RestockRefusal } from '@scratchless/wire/restock/restock-partner'
import type { RestockReceipt } from '@scratchless/wire/restock/restock-receipt'

/** What codes of a product look like. */
export interface ProductFacts {
  readonly id: ProductId
  readonly codeDigits: number
  readonly checkDigit: 'none' | 'luhn'
}

/** A lot that was closed, with all that the books enter of it. */
export interface SealedLotEntry extends SealedLot {
  readonly source: 'file' | 'generator'
  /** Instants, as the line has no dates. */
  readonly activatedAt: string | null
  readonly sealedAt: string
  /** Who brought it in; null: the first release, which has written that down already. */
  readonly broughtBy: string | null
  readonly fileName: string | null
  /** Id, first serial, count. */
  readonly packs: readonly (readonly [number, number, number])[]
}

/** One lot that was closed. */
export interface SealedLot {
  readonly lot: LotId
  readonly product: ProductId
  readonly codes: number
  /** `YYYY-MM-DD` */
  readonly expiresOn: string
}

export interface StockAdmission {
  readonly fileName: string
  /** Bytes of the file as it will be sent. */
  readonly sizeBytes: number
  /** Whether the network takes these codes already. */
  readonly activated: boolean
  /** Who admits it, for the audit chain. */
  readonly actor: string
}

export interface StockTicket {
  /** Good for one POST to the vault's stock listener, for ten minutes. */
  readonly token: string
  readonly path: string
}

export interface StockGeneration {
  readonly product: ProductId
  readonly count: number
  readonly expiresOn: string
  readonly activated: boolean
  readonly actor: string
}

/** In order of precedence. */
export type GenerationRefusal = 'unknown-product' | 'codes-exhausted'

export interface TakenOrder {
  readonly order: RestockOrder
  readonly payloadHash: Uint8Array
  /** The same id came before with another content. */
  readonly altered: boolean
}

/** `unknown-partner`: not in the vault's ring. The other refusals are the envelope's, for our own log. */
export type OpeningRefusal = 'unknown-partner' | RestockRefusal

/** In order of precedence. `lines-differ`: not the signed order's lines, or more promised than they asked. */
export type ResponseRefusal = 'unknown-order' | 'lines-differ'

/** Runs name their pack: the vault looks there, and checks that the run lies within it. */
interface PlannedRun {
  readonly pack: bigint
  readonly firstSerial: SerialNumber
  readonly count: number
}

export interface DeliveryPlan {
  readonly id: MessageId
  readonly partner: CentreId
  readonly issuedAt: string
  readonly orderId: MessageId
  readonly orderLineNo: number
  readonly part: number
  readonly parts: number
  readonly lot: LotId
  readonly activatedOn: string | null
  readonly unitPrice: Money
  readonly runs: readonly PlannedRun[]
}

/**
 * In order of precedence. `delivery-differs`: this id was closed with another plan. `run-differs`: a run is not
 * within a pack of the lot. `closed-already`: codes of it went out under another delivery, or are void.
 * `more-than-ordered`: the signed order has no such quantity left.
 */
export type ClosingRefusal =
  | 'delivery-differs'
  | 'unknown-partner'
  | 'unknown-order-line'
  | 'unknown-lot'
  | 'run-differs'
  | 'closed-already'
  | 'more-than-ordered'

export type VaultVerbs = {
  /** Tells what codes of products look like, before the first of them come; what was told once stays. */
  knowProducts(products: readonly ProductFacts[]): Promise<'known' | { refusal: 'product-differs' }>
  /** The lots that were closed after the first `known` ones, some at a time: the books enter them in this order. */
  listSealedLots(argument: { known: number }): Promise<readonly SealedLotEntry[]>
  /** Gives a single-use token under which one stock file may be posted to the vault's own listener. */
  admitStockFile(admission: StockAdmission): Promise<StockTicket>
  /** Makes codes and closes them for ourselves: one lot. */
  generateStock(generation: StockGeneration): Promise<SealedLot | { refusal: GenerationRefusal }>
  /** Verifies and opens a RestockOrder, and notes its lines: the most that will ever be closed for it. */
  takeRestockOrder(argument: {
    partner: CentreId
    bytes: Uint8Array
  }): Promise<TakenOrder | { refusal: OpeningRefusal }>
  /** Signs the answer to an order that `takeRestockOrder` verified; its sender and receiver are the order's. */
  signRestockOrderResponse(
    response: Omit<RestockOrderResponse, 'sender' | 'receiver' | 'auditHead'>,
  ): Promise<Uint8Array | { refusal: ResponseRefusal }>
  /** Opens the runs of a delivery part and closes them for the partner. A repeat gives the stored bytes. */
  closeRestockDelivery(plan: DeliveryPlan): Promise<Uint8Array | { refusal: ClosingRefusal }>
  /** Verifies and opens a RestockReceipt. */
  verifyRestockReceipt(argument: {
    partner: CentreId
    bytes: Uint8Array
  }): Promise<RestockReceipt | { refusal: OpeningRefusal }>
  /** Verifies a notice of a centre and opens it, unless its level is above the agreed one: that is only verified. */
  openRestockNotice(argument: {
    partner: CentreId
    bytes: Uint8Array
  }): Promise<OpenedNotice | UnknownMessage | { refusal: OpeningRefusal }>
  /** Signs what is said to a notice, over bytes that verify as the centre's. */
  answerRestockNotice(argument: {
    partner: CentreId
    bytes: Uint8Array
    verdict: NoticeVerdict
  }): Promise<Uint8Array | { refusal: OpeningRefusal }>
  /** Signs from when the network takes codes of a lot of this vault's. */
  signLotActivation(
    activation: Omit<LotActivation, 'sender' | 'receiver' | 'auditHead'> & { partner: CentreId },
  ): Promise<Uint8Array | { refusal: 'unknown-partner' | 'unknown-lot' }>
  /** Verifies and opens a NoticeReceipt. */
  verifyNoticeReceipt(argument: {
    partner: CentreId
    bytes: Uint8Array
  }): Promise<NoticeReceipt | { refusal: OpeningRefusal }>
  /** Verifies and opens the answer that a message of ours is of a higher level than the centre's. */
  openNotUnderstood(argument: {
    partner: CentreId
    bytes: Uint8Array
  }): Promise<RestockNotUnderstood | { refusal: OpeningRefusal }>
  /**
   * Makes codes void for good, a range or a lot, once two approvers of the ring agree to it over the act's number and its
   * end. Used once; the same again is answered alike.
   */
  voidCodes(act: {
    number: number
    endsAtS: number
    stock: SerialRange | { readonly lot: LotId }
    cause: string
    approvals: readonly GivenAgreement[]
  }): Promise<{ codes: number } | { refusal: AgreementRefusal }>
}
