// The nouns that several of the till's rooms tell its screen about: JSON over loopback. Amounts are decimal strings of
// minor units (JSON has no bigint); times are milliseconds since 1970.

import { type Currency, isCurrency } from '@scratchless/voucher/money'
import { PRODUCT_ID, productId } from '@scratchless/voucher/product'
import { z } from 'zod'

export const productField = z.string().regex(PRODUCT_ID).transform(productId)

export const amountShape = z.strictObject({
  amountMinor: z.string(),
  currency: z
    .string()
    .refine(isCurrency)
    .transform((text) => text as Currency),
})
export type Amount = z.output<typeof amountShape>

/** Made by the asker before it asks; the same id answers the same sale. */
export const saleIdField = z.string().regex(/^[\w-]{8,64}$/)

/** One line of a ticket as the screen may show it: where the code stands, a closed band; where its QR stands, a closed square. */
const ticketLineShape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('title'), text: z.string() }),
  z.strictObject({ kind: z.literal('text'), text: z.string() }),
  z.strictObject({ kind: z.literal('pair'), label: z.string(), value: z.string() }),
  z.strictObject({ kind: z.literal('code'), groups: z.array(z.int()).readonly() }),
  z.strictObject({ kind: z.literal('qr') }),
])
export type TicketLine = z.output<typeof ticketLineShape>

const SALE_STATES = ['printing', 'printed', 'in_doubt', 'damaged', 'not-sold'] as const
export type SaleState = (typeof SALE_STATES)[number]

export const saleShape = z.strictObject({
  saleId: z.string(),
  /** The ticket's number on this terminal, from 1. */
  number: z.int(),
  product: productField,
  price: amountShape,
  serial: z.string(),
  vendor: z.string(),
  atMs: z.int(),
  state: z.enum(SALE_STATES),
  ticket: z.array(ticketLineShape).readonly(),
})
export type SaleView = Readonly<z.output<typeof saleShape>>

export const LINE_STATUSES = ['online', 'offline', 'calling'] as const
export type LineStatus = (typeof LINE_STATUSES)[number]

export const PRINTER_STATUSES = ['ready', 'printing', 'no-paper', 'cover-open', 'not-connected'] as const
export type PrinterStatus = (typeof PRINTER_STATUSES)[number]

export const CARD_STATUSES = ['in', 'out', 'blocked'] as const
export type CardStatus = (typeof CARD_STATUSES)[number]

/** Why nothing can be sold now, in order of precedence. */
export const TILL_LOCKS = [
  'terminal-revoked',
  'terminal-locked',
  'card-out',
  'card-blocked',
  'clock-ahead',
  'certificate-over',
  'lease-over',
  'update-needed',
  'too-many-unreported',
  'printer',
] as const
export type TillLock = (typeof TILL_LOCKS)[number]

/** GET /api/events (server-sent): each event's data is one of these as JSON. */
export type TillEvent =
  /** Line `line` of `lines` has gone to the printer. */
  | { readonly kind: 'printing'; readonly sale: SaleView; readonly line: number; readonly lines: number }
  | { readonly kind: 'sale'; readonly sale: SaleView }
  /** Something on the home screen changed: ask for it again. */
  | { readonly kind: 'home' }
  | { readonly kind: 'signed-out' }
