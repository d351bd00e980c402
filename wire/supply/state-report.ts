// terminal → centre: how the terminal is: software, line, printer, cards, stock, alarms, and the marks of its vendors'
// shifts. Answered by an acknowledgement.

import { cardId, vendorId } from '@scratchless/voucher/ids'
import {
  amount,
  type ContentOf,
  integer,
  list,
  named,
  oneOf,
  record,
  seconds,
  text,
} from '../compact/shape.ts'
import { MAX_PRODUCTS } from './catalogue.ts'
import { supplyMessage } from './envelope.ts'
import { keyCount, MAX_CARDS, u32 } from './line-fields.ts'

const MAX_U16 = 65_535
const MAX_ALARMS = 32
const MAX_SHIFT_MARKS = 16

const line = record({
  carrier: oneOf(['https', 'frames', 'modem']),
  /** Bits a second; 0: unknown. */
  rate: u32,
  /** Since the last report. */
  failures: u32,
})

const printer = record({
  state: oneOf(['ready', 'paper-near-end', 'paper-end', 'cover-open', 'off', 'fault', 'unknown']),
  model: text(0, 32),
})

const card = record({
  card: named(cardId),
  state: oneOf(['in', 'out', 'blocked']),
  pinTriesLeft: integer(0, 15),
  /** How often its PIN was set anew by the PUK. */
  pukCount: integer(0, MAX_U16),
  keysGiven: keyCount,
})

const stock = record({
  /** The catalogue whose products, in its order, the counts are of. */
  catalogueVersion: u32,
  /** Codes that can be sold, of each product. */
  onBoard: list(u32, 0, MAX_PRODUCTS),
  /** Products, by their place in the catalogue, of which tickets are in doubt or damaged. */
  aside: list(record({ place: integer(0, MAX_PRODUCTS - 1), inDoubt: u32, damaged: u32 }), 0, MAX_PRODUCTS),
})

const alarm = record({
  kind: oneOf([
    'low-stock',
    'sold-out',
    'printer',
    'paper-end',
    'card-blocked',
    'clock',
    'lease-ending',
    'unreported-limit',
    'in-doubt-waiting',
    'sign-in-lockout',
    'store-behind-card',
  ]),
  /** The product or card that it is about. */
  subject: text(0, 16),
  sinceS: seconds,
})

const shiftMark = record({
  what: oneOf(['opened', 'vendor-changed', 'x', 'z']),
  number: u32,
  vendor: named(vendorId),
  atS: seconds,
  /** The tickets in between; both 0 where none was sold. */
  firstTicket: u32,
  lastTicket: u32,
  /** What the drawer should hold, and what the vendor counted. */
  expectedMinor: amount,
  countedMinor: amount,
})

export const stateReport = record({
  softwareVersion: text(1, 20),
  startedAtS: seconds,
  line,
  printer,
  cards: list(card, 0, MAX_CARDS),
  stock,
  alarms: list(alarm, 0, MAX_ALARMS),
  shiftMarks: list(shiftMark, 0, MAX_SHIFT_MARKS),
})

export type StateReport = ContentOf<typeof stateReport>

export const stateReportMessage = supplyMessage('state-report', stateReport)
