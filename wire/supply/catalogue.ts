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
  mapped,
  named,
  oneOf,
  record,
  seconds,
  text,
} from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { countedNumber, u32 } from './line-fields.ts'
import { standing } from './standing.ts'

/** A country has a handful of networks. */
const MAX_OPERATORS = 16

/** Some dozen products of each; 200 of them are 20 kB, 85 s on the slowest line. */
export const MAX_PRODUCTS = 200

/** Of one product: the one in force and the next ones set. */
const MAX_PRICES = 4

/** In one catalogue: most products have one. */
const MAX_PRICES_IN_ALL = 500

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

const cataloguePrice = record({
  /** What a sale under it is reported with. */
  priceId: u32,
  validFromS: seconds,
  publicPriceMinor: amount,
  taxMinor: amount,
  netCreditMinor: amount,
  /** What the retailer pays the centre for one code. */
  unitPriceMinor: amount,
})

const catalogueProduct = record({
  id: named(productId),
  operator: named(operatorId),
  faceValueMinor: amount,
  codeDigits: integer(CODE_DIGITS.min, CODE_DIGITS.max),
  checkDigit: oneOf(['none', 'luhn']),
  validityDays: integer(0, 3_650),
  refillTemplate: checked(text(7, 32), 'a refill template', (value) => REFILL_TEMPLATE.test(value)),
  /** Whether its ticket bears the refill text as a QR code too. */
  qr: mapped(
    oneOf(['no', 'yes']),
    (content: boolean) => (content ? 'yes' : 'no'),
    (word) => word === 'yes',
  ),
  /** `not-ordered`: what is on board is sold, no more is supplied. `not-sold`: not even that. */
  mark: oneOf(['sold', 'not-ordered', 'not-sold']),
  /** By when they come into force. */
  prices: checked(list(cataloguePrice, 1, MAX_PRICES), 'each price later than the one before', (prices) =>
    prices.every(({ validFromS }, index) => index === 0 || validFromS > prices[index - 1]!.validFromS),
  ),
})

export type CatalogueProduct = ContentOf<typeof catalogueProduct>
export type CataloguePrice = ContentOf<typeof cataloguePrice>

export const catalogue = checked(
  record({
    standing,
    version: countedNumber,
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
  `each product once, of an operator that is listed once; at most ${MAX_PRICES_IN_ALL} prices`,
  ({ operators, products }) => {
    const ids = new Set(operators.map(({ id }) => id))
    return (
      ids.size === operators.length &&
      new Set(products.map(({ id }) => id)).size === products.length &&
      products.every(({ operator }) => ids.has(operator)) &&
      products.reduce((sum, { prices }) => sum + prices.length, 0) <= MAX_PRICES_IN_ALL
    )
  },
)

export type Catalogue = ContentOf<typeof catalogue>

/** The price in force at a second: the last that has begun; before the first has, the first. */
export function priceAt({ prices }: Pick<CatalogueProduct, 'prices'>, nowS: number): CataloguePrice {
  return prices.findLast(({ validFromS }) => validFromS <= nowS) ?? prices[0]!
}

/** A catalogue's product as all programs know one, at one of its prices. */
export function productOf(line: CatalogueProduct, price: CataloguePrice, currency: Currency): Product {
  return {
    id: line.id,
    operator: line.operator,
    faceValue: money(line.faceValueMinor, currency),
    publicPrice: money(price.publicPriceMinor, currency),
    tax: money(price.taxMinor, currency),
    netCredit: money(price.netCreditMinor, currency),
    codeDigits: line.codeDigits,
    checkDigit: line.checkDigit,
    validityDays: line.validityDays,
    refillTemplate: line.refillTemplate,
  }
}

export const catalogueMessage = supplyMessage('catalogue', catalogue)
