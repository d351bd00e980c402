// Money on the wire: `<UnitPrice currencyID="TND">0.940</UnitPrice>`, UBL's attribute and all of the currency's digits.

import { isCurrency, type Money, parseDecimal, toDecimal } from '@scratchless/voucher/money'
import { type CanonicalReader, UnexpectedContent } from '../xml/canonical-reader.ts'

export function writeAmount(name: string, money: Money): string {
  return `<${name} currencyID="${money.currency}">${toDecimal(money)}</${name}>`
}

/** Undefined where the next element has another name; refuses an amount that we would have spelled otherwise. */
export function readAmount(reader: CanonicalReader, name: string): Money | undefined {
  const read = reader.fieldWith(name, 'currencyID')
  if (read === undefined) return undefined
  const money = isCurrency(read.attribute) ? parseDecimal(read.text, read.attribute) : null
  if (money === null || toDecimal(money) !== read.text) throw new UnexpectedContent(`no amount in ${name}`)
  return money
}
