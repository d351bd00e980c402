// Names of parties and things. Each is a branded string, made only by its parser here,
// so that a retailer's id cannot stand where a terminal's is asked for.

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** A mobile operator, as all parties call it: `atlas`. */
export type OperatorId = Branded<'OperatorId'>
/** A distribution company: `centre`. */
export type CentreId = Branded<'CentreId'>
/** Either side of the restock hop. */
export type PartyId = OperatorId | CentreId
/** A shop, holder of an account: `R01288`; seven digits at most. */
export type RetailerId = Branded<'RetailerId'>
/** A device at a counter: `T00417`; seven digits at most. */
export type TerminalId = Branded<'TerminalId'>
/** A person who sells, numbered within the terminal's retailer: `02`. */
export type VendorId = Branded<'VendorId'>
/** A vendor card, by the number printed on it: `C0000417`. */
export type CardId = Branded<'CardId'>
/** Somebody who collects money from shops for the centre: `E0417`. */
export type CollectorId = Branded<'CollectorId'>
/** Codes produced or received together, unique for one operator: `L000001`. */
export type LotId = Branded<'LotId'>
/** A regional stock at the centre; one machine has `main`. */
export type DepotId = Branded<'DepotId'>
/** A restock message, made and saved by its asker before it is sent: a lower-case UUID (RFC 9562). */
export type MessageId = Branded<'MessageId'>

const party = /^[a-z][a-z0-9-]{1,19}$/
const patterns = {
  OperatorId: party,
  CentreId: party,
  // Five digits, then six and seven without a leading zero: a number has one name.
  RetailerId: /^R(\d{5}|[1-9]\d{5,6})$/,
  TerminalId: /^T(\d{5}|[1-9]\d{5,6})$/,
  VendorId: /^\d{2}$/,
  CardId: /^C\d{7}$/,
  CollectorId: /^E\d{4,6}$/,
  LotId: /^L\d{6,9}$/,
  DepotId: party,
  MessageId: /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
} as const

export type IdName = keyof typeof patterns

/** The id's shape as a regular expression, for schemas that must say it. */
export function idPattern(name: IdName): RegExp {
  return patterns[name]
}

function parser<Name extends IdName>(name: Name) {
  return (text: string): Branded<Name> => {
    if (!patterns[name].test(text)) throw new TypeError(`not a ${name}: ${JSON.stringify(text.slice(0, 60))}`)
    return text as Branded<Name>
  }
}

// Each throws a TypeError on text of another shape: ids reach it from a schema that has checked them.
export const operatorId = parser('OperatorId')
export const centreId = parser('CentreId')
export const retailerId = parser('RetailerId')
export const terminalId = parser('TerminalId')
export const vendorId = parser('VendorId')
export const cardId = parser('CardId')
export const collectorId = parser('CollectorId')
export const lotId = parser('LotId')
export const depotId = parser('DepotId')
export const messageId = parser('MessageId')
