// centre → terminal: everything that a sale and a ticket need to know beside the code. Complete each time: it
// replaces the one before.

import { operatorId } from '@scratchless/voucher/ids'
import { type Currency, isCurrency, money } from '@scratchless/voucher/money'
import { CODE_DIGITS, type Product, productId, REFILL_TEMPLATE } from '@scratchless/voucher/product'
import {
  amount,
  type ContentOf,
  checked,
  integer,
  list,
  named,
  oneOf,
  record,
  text,
} from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { standing } from './standing.ts'

/** A country has a handful of networks. */
const MAX_OPERATORS = 16

/** Some dozen products of each; 200 of them are 20 kB, 85 s on the slowest line. */
const MAX_PRODUCTS = 200

const phone = text(0, 20)
/** What fits a line of a 58 mm ticket, twice over, in UTF-8. */
const nameText = text(1, 64)

const catalogueOperator = record({
  id: named(operatorId),
  name: nameText,
  /** `#RRGGBB`, its colour on screens. */
  colour: checked(text(7, 7), 'a colour as #RRGGBB', (value) => /^#[0-9A-F]{6}$/.test(value)),
  /** Customer care, as printed on the ticket. */
  careNumber: phone,
})

const catalogueProduct = record({
  id: named(productId),
  operator: named(operatorId),
  faceValueMinor: amount,
  publicPriceMinor: amount,
  taxMinor: amount,
  netCreditMinor: amount,
  codeDigits: integer(CODE_DIGITS.min, CODE_DIGITS.max),
  checkDigit: oneOf(['none', 'luhn']),
  validityDays: integer(0, 3_650),
  refillTemplate: checked(text(7, 32), 'a refill template', (value) => REFILL_TEMPLATE.test(value)),
  /** What the retailer pays the centre for one code. */
  unitPriceMinor: amount,
})

type CatalogueProduct = ContentOf<typeof catalogueProduct>

export const catalogue = checked(
  record({
    standing,
    version: integer(1, 0xffff_ffff),
    /** Of every amount in this catalogue and of the retailer's account: ISO 4217. */
    currency: named<Currency>((value) => {
      if (!isCurrency(value)) throw new TypeError(`no currency of ours: ${value.slice(0, 10)}`)
      return value
    }),
    retailerName: nameText,
    distributorName: nameText,
    distributorPhone: phone,
    operators: list(catalogueOperator, 0, MAX_OPERATORS),
    products: list(catalogueProduct, 0, MAX_PRODUCTS),
  }),
  'each product once, of an operator that is listed once',
  ({ operators, products }) => {
    const ids = new Set(operators.map(({ id }) => id))
    return (
      ids.size === operators.length &&
      new Set(products.map(({ id }) => id)).size === products.length &&
      products.every(({ operator }) => ids.has(operator))
    )
  },
)

export type Catalogue = ContentOf<typeof catalogue>

/** A catalogue's product as all programs know one. */
export function productOf(line: CatalogueProduct, currency: Currency): Product {
  return {
    id: line.id,
    operator: line.operator,
    faceValue: money(line.faceValueMinor, currency),
    publicPrice: money(line.publicPriceMinor, currency),
    tax: money(line.taxMinor, currency),
    netCredit: money(line.netCreditMinor, currency),
    codeDigits: line.codeDigits,
    checkDigit: line.checkDigit,
    validityDays: line.validityDays,
    refillTemplate: line.refillTemplate,
  }
}

export const catalogueMessage = supplyMessage('catalogue', catalogue)
