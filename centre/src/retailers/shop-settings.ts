// What the centre sets for a shop, as staff enter it, and the one message that its terminals get of it.

import { createHash } from 'node:crypto'
import { isTimeZone } from '@scratchless/office/calendar/office-day'
import { PRODUCT_ID, productId } from '@scratchless/voucher/product'
import type { ShopSettings } from '@scratchless/wire/supply/shop-settings'
import { z } from 'zod'

const lineText = (bytes: number) =>
  z
    .string()
    .refine((text) => Buffer.byteLength(text) <= bytes && !/\p{Cc}/u.test(text), `${bytes} bytes at most`)
const minorField = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/)
  .transform(BigInt)

/** As stored and as staff enter it; amounts in minor units. A change replaces the whole. */
export const ShopSettingsBody = z.strictObject({
  language: z.enum(['fr', 'en', 'ar']),
  /** Absent: the office's. */
  timeZone: z.string().refine(isTimeZone, 'a time zone as IANA names it').optional(),
  /** The most that may be on board, in value; 0: no cap. */
  capMinor: minorField,
  /** The most that one order made by the terminal itself may cost; 0: it makes none. */
  autoOrderLimitMinor: minorField,
  levels: z
    .array(
      z.strictObject({
        product: z.string().regex(PRODUCT_ID).transform(productId),
        warnAt: z.int().min(0).max(65_535),
        orderUpTo: z.int().min(0).max(65_535),
      }),
    )
    .max(200),
  orderWindows: z
    .array(
      z
        .strictObject({
          weekdays: z.int().min(1).max(127),
          fromMinute: z.int().min(0).max(1_439),
          toMinute: z.int().min(1).max(1_440),
        })
        .refine(({ fromMinute, toMinute }) => fromMinute < toMinute, 'a window ends after it begins'),
    )
    .max(28),
  /** Report after so many sales or seconds; both 0: by the terminal's own rule for its line. */
  reporting: z.strictObject({ sales: z.int().min(0).max(500), seconds: z.int().min(0).max(86_400) }),
  /** Shown to the owner; empty: none. */
  message: lineText(200),
})

export type ShopSettingsEntered = z.output<typeof ShopSettingsBody>

/** Of a shop for which nobody entered any. */
export const NO_SETTINGS: ShopSettingsEntered = {
  language: 'fr',
  capMinor: 0n,
  autoOrderLimitMinor: 0n,
  levels: [],
  orderWindows: [],
  reporting: { sales: 0, seconds: 0 },
  message: '',
}

export interface ShopFacts {
  readonly vendors: ShopSettings['vendors']
  readonly barred: ShopSettings['barred']
  /** The office's, where the shop has none of its own. */
  readonly timeZone: string
  /** What the shop writes on a payment so that it is found. */
  readonly paymentReference: string
}

export type ShopSettingsContent = Omit<ShopSettings, 'standing' | 'version'>

export function shopSettingsContent(entered: ShopSettingsEntered, facts: ShopFacts): ShopSettingsContent {
  return {
    ...entered,
    timeZone: entered.timeZone ?? facts.timeZone,
    ticketTexts: [],
    vendors: facts.vendors,
    collectors: [],
    software: { version: '', afterS: 0, text: '' },
    barred: facts.barred,
    paymentReference: facts.paymentReference,
  }
}

/** SHA-256, 32 bytes: the same for the same content, whatever its number. */
export function hashOfSettings(content: ShopSettingsContent): Buffer {
  return createHash('sha256').update(settingsText(content)).digest()
}

/** As it is stored: amounts as text. */
export function settingsText(content: object): string {
  return JSON.stringify(content, (_, value) => (typeof value === 'bigint' ? String(value) : value))
}
