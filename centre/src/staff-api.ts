// What members of staff may ask of the centre over HTTP, as JSON, once they are signed in. Every route but
// sign-in needs a session and an act that office/roles gives to one of the member's roles; a "no" is `{error: {code, reference, details?}}`. Amounts are decimals of the centre's
// currency as text (`600.000`), moments are ISO 8601 in UTC, keys are PEM, signatures base64.
//
//   POST /api/products                      ProductBody       201 ProductView; 409 product-differs
//   GET  /api/products                                        {products: ProductView[]}, at today's prices
//   POST /api/prices                        PriceBody         201 PriceView; 409 in-the-past, same-moment
//   GET  /api/products/:id/prices                             {prices: PriceView[]}: in force, then to come
//   POST /api/tiers                         TierBody          201 TierBody; 409 tier-exists
//   GET  /api/tiers                                           {tiers: TierBody[]}
//   POST /api/retailers/:id/tier            TierMoveBody      201 {tier, validFrom}; 409 in-the-past, same-moment
//   POST /api/depots                        DepotBody         201 DepotBody; 409 depot-exists
//   GET  /api/depots                                          {depots: DepotView[]}
//   POST /api/retailers                     RetailerBody      201 RetailerView; 409 unknown-depot, depot-needed
//   GET  /api/retailers/:id/settings                          ShopSettingsView
//   POST /api/retailers/:id/settings        ShopSettingsChange 201 ShopSettingsView; 409 changed-meanwhile
//   GET  /api/retailers/:id/vendors                           {vendors: VendorView[]}
//   POST /api/retailers/:id/vendors         VendorBody        201 VendorView: its number is the centre's; 409 no-number-left
//   POST /api/retailers/:id/vendors/:vendor/suspension  SuspensionBody  200 VendorView
//   GET  /api/retailers, /api/retailers/:id                   {retailers: RetailerView[]}, RetailerView
//   POST /api/retailers/:id/deposits        DepositBody       201 DepositView; 409 document-used
//   POST /api/retailers/:id/deposit-reversals DepositReversalBody  201 RetailerView; 409 unknown-document, reversed-already
//   POST /api/retailers/:id/credit-line     CreditLineBody    200 RetailerView; 409 line-in-use
//   POST /api/retailers/:id/closing         ReasonBody        200 RetailerView: it orders no more; 409 closed-already
//   POST /api/rates                         RateBody          201 RateView; 409 in-the-past
//   POST /api/terminals                     TerminalBody      201 TerminalView
//   GET  /api/terminals, /api/terminals/:id                   {terminals: TerminalView[]}, TerminalView
//   POST /api/terminals/:id/enrolments                        201 EnrolmentView: the code, this once
//   POST /api/terminals/:id/approvals       ApprovalBody      200 TerminalView; 409 or 403 with the vault's refusal
//   POST /api/terminals/:id/unlock          ReasonBody        200 TerminalView; 409 not-locked
//   POST /api/terminals/:id/lock            LockBody          200 TerminalView; 409 locked-already
//   GET  /api/terminals/:id/state                             TerminalStateView; 404 where it never told
//   POST /api/terminals/:id/revocation      RevocationBody        200 TerminalView
//   POST /api/cards                         CardBody          201 CardView; 409 card-known, unknown-vendor
//   GET  /api/cards/:id                                       CardView
//   POST /api/cards/:id/approvals           ApprovalBody      200 CardView
//   POST /api/cards/:id/revocation          ReasonBody        200 CardView
//   POST /api/restock/orders                RestockOrderBody  201 {id}; 409 unknown-depot, depot-needed, unknown-operator, unknown-product
//   POST /api/restock/activations           LotActivationBody 201 {id}
//   GET  /api/depots/:depot/papers/:series/:year              office/papers/paper-routes.ts
//   GET  /api/restock/orders                                  {orders: RestockOrderView[]}
//   GET  /api/stock                                           {stock: StockByStateView[]}
//   GET  /api/supply/orders?depot=ID&before=PLACE             {orders: SupplyOrderView[], next}: the newest first, 200 a page
//   GET  /api/sales/days?from=DAY&to=DAY&depot=ID             {days: DaySalesView[]}, at most 366 days; 409 depot-needed, unknown-depot
//   GET  /api/sales/hours?from=DAY&to=DAY                     {hours: HourSalesView[]}: the hours of these days
//   GET  /api/sales/shops?from=DAY&to=DAY&after=RETAILER      {shops: ShopSalesView[], next}, at most 31 days, 100 a page
//   GET  /api/retailers/:id/sales?from=DAY&to=DAY             {days: DaySalesView[]} of one shop
//   GET  /api/codes/:operator/:serial                        CodeHistoryView; 404 unknown-serial
//   GET, POST /api/cases …                                   as office/cases/case-routes.ts has them
// The shapes of codes: stock/case-shapes.ts; of stock: stock/stock-shapes.ts; of sales: sales/sales-shapes.ts.
//
// An approval is signed with office/staff/approval's signApproval over
//   'certify-terminal', [terminal, retailer, fingerprint]                 fingerprint: as the view has it
//   'register-card',    [card, retailer, vendor, class, keyFingerprint]   keyFingerprint: as the view has it

import {
  type CardId,
  cardId,
  depotId,
  idPattern,
  operatorId,
  type RetailerId,
  retailerId,
  type TerminalId,
  vendorId,
} from '@scratchless/voucher/ids'
import { CODE_DIGITS, PRODUCT_ID, productId, REFILL_TEMPLATE } from '@scratchless/voucher/product'
import { serialRuns } from '@scratchless/wire/restock/code-run'
import { instantField, lotIdField } from '@scratchless/wire/restock/restock-fields'
import { z } from 'zod'
import { ShopSettingsBody } from './retailers/shop-settings.ts'

export const operatorField = z.string().regex(idPattern('OperatorId')).transform(operatorId)
export const productField = z.string().regex(PRODUCT_ID).transform(productId)
export const depotField = z.string().regex(idPattern('DepotId')).transform(depotId)
export const retailerField = z.string().regex(idPattern('RetailerId')).transform(retailerId)
export const cardField = z.string().regex(idPattern('CardId')).transform(cardId)
/** `5.000`; read exactly by the currency's own parser afterwards. */
const amountField = z.string().regex(/^\d{1,12}(\.\d{1,3})?$/)
const tierField = z.string().regex(/^[a-z][a-z0-9-]{0,19}$/)
/** 0 to 100 %, in hundredths of a per cent. */
const basisPointsField = z.int().min(0).max(10_000)
/** What fits a catalogue's name: 64 bytes of UTF-8. */
const nameField = z
  .string()
  .trim()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= 64 && !/\p{Cc}/u.test(text))
/** A person's reason, as the audit chain keeps it. */
export const reasonField = z.string().trim().min(1).max(200)

/** All amounts in the centre's currency. */
export const ProductBody = z.strictObject({
  id: productField,
  operator: operatorField,
  faceValue: amountField,
  publicPrice: amountField,
  tax: amountField,
  netCredit: amountField,
  codeDigits: z.int().min(CODE_DIGITS.min).max(CODE_DIGITS.max),
  checkDigit: z.enum(['none', 'luhn']),
  validityDays: z.int().min(0).max(3_650),
  refillTemplate: z.string().regex(REFILL_TEMPLATE),
})

export const DepotBody = z.strictObject({ id: depotField, name: nameField })

export interface DepotView {
  readonly id: string
  readonly name: string
  readonly openedAt: string
}

/** `depot`: may be left out where the centre has one. */
export const RetailerBody = z.strictObject({
  name: nameField,
  place: nameField,
  depot: depotField.optional(),
})

/** `document`: the bank's or the cashier's number, used once. */
export const DepositBody = z.strictObject({
  amount: amountField,
  document: z.string().trim().min(1).max(60),
})

/** `document`: of the deposit that is taken back. */
export const DepositReversalBody = z.strictObject({
  document: z.string().trim().min(1).max(60),
  reason: reasonField,
})

export const CreditLineBody = z.strictObject({ amount: amountField })

/** A moment (`2026-11-26T07:00:00Z`), or the start of a day by the office's clock (`2026-11-26`). Absent: from now. */
const validFromField = z.union([z.iso.datetime(), z.iso.date()]).optional()

/** A discount from the public price. Without retailer and tier: for everyone; without product: for every product. */
export const RateBody = z
  .strictObject({
    retailer: retailerField.optional(),
    tier: tierField.optional(),
    product: productField.optional(),
    discountBasisPoints: basisPointsField,
    validFrom: validFromField,
  })
  .refine(({ retailer, tier }) => retailer === undefined || tier === undefined, {
    message: 'of a retailer or of a tier, not of both',
    path: ['tier'],
  })

export const PriceBody = z.strictObject({
  product: productField,
  publicPrice: amountField,
  tax: amountField,
  netCredit: amountField,
  validFrom: validFromField,
})

export const TierBody = z.strictObject({ id: tierField, name: nameField })

export const TierMoveBody = z.strictObject({ tier: tierField, validFrom: validFromField })

export const TerminalBody = z.strictObject({ retailer: retailerField })

export const ApprovalBody = z.strictObject({
  approver: z.string().min(1).max(40),
  /** 64 bytes, r || s, base64. */
  signature: z.base64().length(88),
})

export const ReasonBody = z.strictObject({ reason: reasonField })

export const LockBody = z.strictObject({
  why: z.enum(['by-staff', 'stolen', 'retailer-suspended']),
  reason: reasonField,
})

export const RevocationBody = z.strictObject({
  why: z.enum(['by-staff', 'retired', 'replaced', 'stolen']).default('by-staff'),
  reason: reasonField,
})

/** What fits a terminal's list: 40 bytes of UTF-8. */
export const VendorBody = z.strictObject({
  name: nameField.refine((text) => Buffer.byteLength(text) <= 40),
})

export const SuspensionBody = z.strictObject({ suspended: z.boolean(), reason: reasonField })

/** `seen`: the number of what was looked at before the change. */
export const ShopSettingsChange = z.strictObject({ seen: z.int().min(0), settings: ShopSettingsBody })

export const CardBody = z.strictObject({
  card: cardField,
  retailer: retailerField,
  vendor: z.string().regex(idPattern('VendorId')).transform(vendorId),
  class: z.enum(['file', 'pkcs11']),
  /** RSA, SubjectPublicKeyInfo. */
  publicKey: z.string().max(2_000),
})

/** `depot`: may be left out where the centre has one. */
export const RestockOrderBody = z.strictObject({
  operator: operatorField,
  depot: depotField.optional(),
  lines: z
    .array(z.strictObject({ product: productField, quantity: z.int().min(1).max(1_000_000) }))
    .min(1)
    .max(50)
    .refine(
      (lines) => new Set(lines.map(({ product }) => product)).size === lines.length,
      'each product once',
    ),
})

/** What the operator said by other means than its message; `runs` empty: the whole lot. */
export const LotActivationBody = z.strictObject({
  operator: operatorField,
  lot: lotIdField,
  activatedOn: instantField,
  runs: serialRuns,
})

export interface ProductView {
  readonly id: string
  readonly operator: string
  readonly faceValue: string
  readonly publicPrice: string
  readonly tax: string
  readonly netCredit: string
  readonly codeDigits: number
  readonly checkDigit: 'none' | 'luhn'
  readonly validityDays: number
  readonly refillTemplate: string
}

export interface PriceView {
  readonly id: number
  readonly product: string
  readonly publicPrice: string
  readonly tax: string
  readonly netCredit: string
  readonly validFrom: string
}

export interface VendorView {
  readonly id: string
  readonly name: string
  readonly suspended: boolean
}

export interface ShopSettingsView {
  /** Of this content; 0: nobody has entered any. */
  readonly number: number
  /** As `ShopSettingsChange` takes it, amounts as text. */
  readonly settings: Readonly<Record<string, unknown>>
}

/** What a terminal said of itself last. */
export interface TerminalStateView {
  readonly reportedAt: string
  readonly softwareVersion: string
  /** As the protocol page has a state report. */
  readonly report: Readonly<Record<string, unknown>>
  readonly alarms: readonly { readonly kind: string; readonly subject: string; readonly since: string }[]
}

export interface RetailerView {
  readonly id: RetailerId
  readonly depot: string
  readonly name: string
  readonly place: string
  readonly currency: string
  /** What was paid in less what was bought, posted only. */
  readonly balance: string
  /** Bought, and not yet confirmed by a receipt. */
  readonly pending: string
  readonly creditLine: string
  readonly available: string
  /** Owed because a payment that was spent turned out to be none. */
  readonly unpaid: string
  /** Since when, in ISO 8601, and why it may order no more; its sales go on. */
  readonly ordersBlocked: { readonly since: string; readonly why: 'unpaid' | 'overdue' | 'suspended' } | null
  /** ISO 8601; from then on it orders no more. Null while it is open. */
  readonly closedAt: string | null
}

export interface RateView {
  readonly id: string
  readonly retailer: string | null
  readonly tier: string | null
  readonly product: string | null
  readonly discountBasisPoints: number
  readonly validFrom: string
}

export interface TerminalView {
  readonly id: TerminalId
  readonly retailer: RetailerId
  /** `asked`: the device's key is here; compare fingerprints, then two members of staff approve. */
  readonly state: 'new' | 'enrolling' | 'asked' | 'active' | 'locked' | 'revoked'
  readonly enrolmentNumber: number | null
  /** Of the device's key, as its screen shows it. */
  readonly fingerprint: string | null
  readonly approvers: readonly string[]
  readonly lastSequence: number
}

/** Consecutive codes that a terminal was given and has not reported sold or damaged. */
export interface CodesAtTerminalView {
  readonly operator: string
  readonly product: string
  readonly lot: string
  readonly expiresOn: string
  readonly firstSerial: string
  readonly count: number
  /** `despatched`: its receipt is not here, it may never have arrived. */
  readonly state: 'despatched' | 'delivered'
}

export interface EnrolmentView {
  readonly terminal: TerminalId
  readonly enrolmentNumber: number
  /** Shown this once; the vault keeps only what is derived from it. */
  readonly enrolmentCode: string
  /** Number and code together, as they are typed at the device: `1042-ABCD-EFGH-JKMN-PQRS`. */
  readonly typed: string
  readonly expiresAt: string
}

export interface CardView {
  readonly id: CardId
  readonly retailer: RetailerId
  readonly vendor: string
  readonly class: 'file' | 'pkcs11'
  readonly state: 'waiting' | 'registered' | 'revoked'
  readonly keyFingerprint: string
  readonly approvers: readonly string[]
}

/** `receipt`: the number of the receipt of money that was issued for it, once. */
export interface DepositView extends RetailerView {
  readonly receipt: string
}

export interface RestockOrderView {
  readonly id: string
  readonly operator: string
  readonly depot: string
  readonly orderedAt: string
  /** `refused` has a reason; `accepted` and `partly` end as `received` once every accepted code is here. */
  readonly state: 'waiting' | 'accepted' | 'partly' | 'refused' | 'received'
  readonly reason: string | null
  readonly lines: readonly {
    readonly product: string
    readonly quantity: number
    readonly accepted: number
    readonly received: number
    readonly unitPrice: string | null
    readonly reason: string | null
  }[]
}
