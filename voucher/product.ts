// What is sold: operator x face value x currency x validity.

import type { OperatorId } from './ids.ts'
import type { Money } from './money.ts'

declare const brand: unique symbol
/** As all parties call it: `ATLAS-5`. */
export type ProductId = string & { readonly [brand]: 'ProductId' }

export const PRODUCT_ID = /^[A-Z][A-Z0-9]{1,9}-[0-9]{1,7}$/

/** Throws a TypeError on text of another shape. */
export function productId(text: string): ProductId {
  if (!PRODUCT_ID.test(text)) throw new TypeError(`not a product: ${JSON.stringify(text.slice(0, 60))}`)
  return text as ProductId
}

/** Code lengths that our packed form and tickets are made for. */
export const CODE_DIGITS = { min: 10, max: 18 } as const

export interface Product {
  readonly id: ProductId
  readonly operator: OperatorId
  readonly faceValue: Money
  readonly publicPrice: Money
  /** Stamp duty and the like, contained in the public price. */
  readonly tax: Money
  /** What the phone is credited with. */
  readonly netCredit: Money
  /** Length of a code; the wire leaves it out because the product gives it. */
  readonly codeDigits: number
  /** `luhn`: the last digit of each code is its check digit (ISO/IEC 7812-1, annex B). */
  readonly checkDigit: 'none' | 'luhn'
  readonly validityDays: number
  /** What the customer dials, with `{code}` in it: `*123*{code}#`. */
  readonly refillTemplate: string
}

/** What a person may type as a refill template: the keys of a phone around one `{code}`. */
export const REFILL_TEMPLATE = /^[*#0-9]{1,12}\{code\}[*#0-9]{0,12}$/
