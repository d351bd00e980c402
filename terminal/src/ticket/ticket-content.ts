// What stands on a ticket, line by line, in both languages: the one description from which the printer's bytes and
// the screen's picture (code and QR closed) are both made.

import { exponentOf, type Money } from '@scratchless/voucher/money'
import type { Product } from '@scratchless/voucher/product'
import type { TicketLine } from '../till/till-shapes.ts'

export type Locale = 'fr' | 'en'

/** Everything on a ticket but what changes from sale to sale. */
export interface TicketFacts {
  readonly locale: Locale
  readonly product: Product
  readonly operatorName: string
  readonly careNumber: string
  readonly distributorPhone: string
  readonly retailerName: string
  readonly terminal: string
  readonly vendor: string
}

/** What changes: each of fixed length, so that it can be laid into a ticket made before. ASCII only. */
export interface TicketFields {
  /** The twelve digits. */
  readonly serial: string
  /** `31/12/2027` */
  readonly expires: string
  /** Seven digits. */
  readonly number: string
  /** `22/11/26 19:42` */
  readonly time: string
}

type TicketPart =
  | { readonly kind: 'title'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pair'; readonly label: string; readonly value: string }
  /** Two strings side by side, left and right. */
  | { readonly kind: 'sides'; readonly left: string; readonly right: string }
  | { readonly kind: 'code' }
  | { readonly kind: 'qr' }

const words = {
  fr: {
    price: 'Prix',
    credit: 'Crédit net',
    dial: (template: string) => `Composez ${template} puis appel`,
    codeWord: 'code',
    serial: 'N/S',
    vendor: 'Vendeur',
    claims: 'Réclamation: 72 h avec ce ticket',
    care: (operator: string, number: string) => `Client ${operator} ${number}`,
    distributor: 'Dist',
  },
  en: {
    price: 'Price',
    credit: 'Net credit',
    dial: (template: string) => `Dial ${template} then press call`,
    codeWord: 'code',
    serial: 'S/N',
    vendor: 'Vendor',
    claims: 'Claims: 72 h, with this ticket',
    care: (operator: string, number: string) => `${operator} care ${number}`,
    distributor: 'Dist.',
  },
} as const

export function ticketParts(facts: TicketFacts, fields: TicketFields): TicketPart[] {
  const { locale, product } = facts
  const say = words[locale]
  return [
    { kind: 'title', text: `${facts.operatorName} ${faceText(product.faceValue, locale)}` },
    { kind: 'pair', label: say.price, value: moneyText(product.publicPrice, locale) },
    { kind: 'pair', label: say.credit, value: moneyText(product.netCredit, locale) },
    { kind: 'code' },
    { kind: 'text', text: say.dial(product.refillTemplate.replace('{code}', say.codeWord)) },
    { kind: 'qr' },
    { kind: 'sides', left: `${say.serial} ${fields.serial}`, right: `Exp ${fields.expires}` },
    { kind: 'sides', left: facts.retailerName, right: `${say.vendor} ${facts.vendor}` },
    { kind: 'sides', left: `${facts.terminal} No${fields.number}`, right: fields.time },
    { kind: 'text', text: say.claims },
    {
      kind: 'sides',
      left: say.care(facts.operatorName, facts.careNumber),
      right: `${say.distributor} ${facts.distributorPhone}`,
    },
  ]
}

/** Digits of a code in groups of four, two groups a line: `[[4, 4], [4, 2]]` for fourteen. */
export function codeRows(digits: number): number[][] {
  const groups = Array.from({ length: Math.ceil(digits / 4) }, (_, i) => Math.min(4, digits - 4 * i))
  return Array.from({ length: Math.ceil(groups.length / 2) }, (_, i) => groups.slice(2 * i, 2 * i + 2))
}

/** For the screen: the code a closed band, the QR a closed square. */
export function maskedLines(facts: TicketFacts, fields: TicketFields): TicketLine[] {
  return ticketParts(facts, fields).map((part): TicketLine => {
    if (part.kind === 'code') return { kind: 'code', groups: codeRows(facts.product.codeDigits).flat() }
    if (part.kind === 'sides') return { kind: 'pair', label: part.left, value: part.right }
    return part
  })
}

const SYMBOL = { fr: { TND: 'DT' }, en: {} } as const satisfies Record<Locale, Record<string, string>>

function symbolOf({ currency }: Money, locale: Locale): string {
  return locale === 'fr' && currency === 'TND' ? SYMBOL.fr.TND : currency
}

/** `5,000 DT`, `TND 5.000` */
function moneyText(value: Money, locale: Locale): string {
  const exponent = exponentOf(value.currency)
  const digits = value.amountMinor.toString().padStart(exponent + 1, '0')
  const whole = exponent === 0 ? digits : digits.slice(0, -exponent)
  const amount = exponent === 0 ? whole : `${whole}${locale === 'fr' ? ',' : '.'}${digits.slice(-exponent)}`
  return locale === 'fr' ? `${amount} ${symbolOf(value, locale)}` : `${symbolOf(value, locale)} ${amount}`
}

/** Face values drop empty decimals: `5 DT`, `TND 5`. */
function faceText(value: Money, locale: Locale): string {
  return moneyText(value, locale).replace(/[.,]0+(?= |$)/, '')
}

/** Of a sale's own figures. `expiresOn` is `2027-12-31`; the time is the terminal's local time. */
export function ticketFields(sale: {
  serial: string
  expiresOn: string
  number: number
  atMs: number
}): TicketFields {
  const [year, month, day] = sale.expiresOn.split('-')
  const at = new Date(sale.atMs)
  const two = (value: number) => String(value).padStart(2, '0')
  return {
    serial: sale.serial,
    expires: `${day}/${month}/${year}`,
    // Ten million tickets are a century of the busiest till; then the count goes round.
    number: String(sale.number % 10_000_000).padStart(7, '0'),
    time: `${two(at.getDate())}/${two(at.getMonth() + 1)}/${two(at.getFullYear() % 100)} ${two(at.getHours())}:${two(at.getMinutes())}`,
  }
}
