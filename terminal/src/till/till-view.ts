// What the till's screen and the terminal's api say to each other: JSON over loopback.
// Amounts are decimal strings of minor units (JSON has no bigint); times are milliseconds since 1970.

import type { Currency } from '@scratchless/voucher/money'
import type { ProductId } from '@scratchless/voucher/product'

export interface Amount {
  readonly amountMinor: string
  readonly currency: Currency
}

/** GET /api/state: what the screen shows before anybody has signed in. */
export interface TillState {
  readonly terminal: string | null
  readonly retailerName: string | null
  /** `none`: not enrolled; `waiting`: the centre's approval is asked; `enrolled`: can order and sell. */
  readonly enrolment: 'none' | 'waiting' | 'enrolled'
  /** To be read to the approver, while waiting. */
  readonly fingerprint: string | null
  readonly vendors: readonly { readonly id: string }[]
  readonly signedIn: 'nobody' | 'owner' | 'vendor'
  readonly locale: 'fr' | 'en'
}

/** POST /api/enrolment, asked by the owner on a new device. */
export interface EnrolmentForm {
  readonly enrolmentCode: string
  readonly ownerPassword: string
}

/** POST /api/vendors, by the owner: `ownerPassword` in the owner's session is not asked again. */
export interface VendorForm {
  readonly vendor: string
  readonly password: string
  /** The vendor card given to this person, by its number. */
  readonly card: string
}

/** POST /api/sign-in: the vendor with card and PIN; `vendor: 'owner'` without. */
export interface SignInForm {
  readonly vendor: string
  readonly password: string
  readonly pin?: string
}

export type LineStatus = 'online' | 'offline' | 'calling'
export type PrinterStatus = 'ready' | 'printing' | 'no-paper' | 'cover-open' | 'not-connected'
export type CardStatus = 'in' | 'out' | 'blocked'

/** Why nothing can be sold now, in order of precedence. */
export type TillLock =
  | 'card-out'
  | 'card-blocked'
  | 'lease-over'
  | 'certificate-over'
  | 'too-many-unreported'
  | 'printer'

export interface Tile {
  /** Key 1 … 9 of the numeric keypad. */
  readonly key: number
  readonly product: ProductId
  readonly faceValue: Amount
  readonly price: Amount
  /** Codes on board that can be sold. */
  readonly stock: number
  /** Codes ordered and not yet here. */
  readonly onTheWay: number
  /** Below this many codes the tile warns. */
  readonly minimum: number
  /** The most that stood here since the last delivery: the full width of the meter. */
  readonly full: number
  /** At the usual pace of sale; null while there is no usual pace yet. */
  readonly coverHours: number | null
  readonly level: 'normal' | 'low' | 'none'
}

export interface OperatorTiles {
  readonly operator: string
  readonly name: string
  /** `#rrggbb`, as key, square or band only. */
  readonly colour: string
  readonly stock: number
  readonly tiles: readonly Tile[]
}

/** One line of a ticket as the screen may show it: where the code stands, a closed band; where its QR stands, a closed square. */
export type TicketLine =
  | { readonly kind: 'title'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pair'; readonly label: string; readonly value: string }
  | { readonly kind: 'code'; readonly groups: readonly number[] }
  | { readonly kind: 'qr' }

export type SaleState = 'printing' | 'printed' | 'in_doubt' | 'damaged' | 'not-sold'

export interface SaleView {
  /** Made by the asker; the same id answers the same sale. */
  readonly saleId: string
  /** The ticket's number on this terminal, from 1. */
  readonly number: number
  readonly product: ProductId
  readonly price: Amount
  readonly serial: string
  readonly vendor: string
  readonly atMs: number
  readonly state: SaleState
  readonly ticket: readonly TicketLine[]
}

/** POST /api/sales */
export interface SaleForm {
  readonly saleId: string
  readonly product: ProductId
}

/** Why a sale was refused, in order of precedence; nothing was sold. */
export type SaleRefusal =
  | 'signed-out'
  | TillLock
  | 'sale-in-doubt'
  | 'unknown-product'
  | 'no-stock'
  | 'letter-missing'
  | 'too-fast'

/** POST /api/sales/:number/doubt: the person looked at the paper. */
export interface DoubtForm {
  readonly answer: 'came-out' | 'did-not-come-out'
}

/** POST /api/supply-orders */
export interface SupplyOrderForm {
  readonly lines: readonly { readonly product: ProductId; readonly quantity: number }[]
}

export interface SupplyOrderView {
  readonly sequence: number
  readonly atMs: number
  readonly lines: readonly {
    readonly product: ProductId
    readonly quantity: number
    readonly delivered: number
  }[]
  readonly state: 'sending' | 'delivered' | 'receipted' | 'refused'
  readonly refusal: string | null
}

/** GET /api/journal: the latest sales, newest first, at most 50. */
export interface JournalView {
  readonly sales: readonly SaleView[]
}

/** GET /api/supply-orders: the latest, newest first, at most 20. */
export interface SupplyOrdersView {
  readonly supplyOrders: readonly SupplyOrderView[]
}

/** GET /api/home: everything the home screen shows. */
export interface HomeView {
  readonly nowMs: number
  readonly terminal: string
  readonly retailerName: string
  readonly vendor: { readonly id: string; readonly sinceMs: number }
  readonly line: LineStatus
  readonly printer: PrinterStatus
  readonly card: CardStatus
  readonly leaseUntilMs: number
  /** Sales and receipts the centre has not confirmed yet. */
  readonly unsent: number
  readonly locked: TillLock | null
  readonly operators: readonly OperatorTiles[]
  readonly lastSale: SaleView | null
  /** Sales whose paper must be looked at, oldest first. */
  readonly doubts: readonly SaleView[]
  readonly balance: Amount | null
  readonly day: {
    readonly sales: number
    readonly amount: Amount
    /** Sales by hour of the day, 24 figures. */
    readonly byHour: readonly number[]
  }
}

/** GET /api/events (server-sent): each event's data is one of these as JSON. */
export type TillEvent =
  /** Line `line` of `lines` has gone to the printer. */
  | { readonly kind: 'printing'; readonly sale: SaleView; readonly line: number; readonly lines: number }
  | { readonly kind: 'sale'; readonly sale: SaleView }
  /** Something on the home screen changed: ask for it again. */
  | { readonly kind: 'home' }
  | { readonly kind: 'signed-out' }

/** Body of every answer that is not 2xx. The screen chooses the words; `reference` finds the log line. */
export interface TillProblem {
  readonly error: string
  readonly reference: string
  readonly triesLeft?: number
}
