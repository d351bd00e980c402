// centre → terminal: everything that the centre sets for a shop beside its catalogue. Complete each time: it replaces
// the one before.

import { cardId, collectorId, operatorId, vendorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import {
  amount,
  bytes,
  type ContentOf,
  checked,
  integer,
  list,
  named,
  oneOf,
  orNull,
  record,
  seconds,
  serial,
  text,
} from '../compact/shape.ts'
import { MAX_PRODUCTS } from './catalogue.ts'
import { supplyMessage } from './envelope.ts'
import { countedNumber } from './line-fields.ts'
import { standing } from './standing.ts'

const MINUTES_A_DAY = 1_440
/** One bit for each day of the week, Monday the lowest. */
const EVERY_DAY = 127
const MAX_VENDORS = 64
const MAX_COLLECTORS = 64
/** Several for each day of the week. */
const MAX_ORDER_WINDOWS = 28
const MAX_TICKET_TEXTS = 16
const MAX_BARRED = 64
const MAX_BARRED_CODES = 1_000_000
const MAX_ON_BOARD = 65_535

const level = record({
  product: named(productId),
  /** The owner is warned at so many, or fewer, on board … */
  warnAt: integer(0, MAX_ON_BOARD),
  /** … and an order that the terminal makes by itself fills up to so many. */
  orderUpTo: integer(0, MAX_ON_BOARD),
})

const orderWindow = checked(
  record({
    weekdays: integer(1, EVERY_DAY),
    fromMinute: integer(0, MINUTES_A_DAY - 1),
    toMinute: integer(1, MINUTES_A_DAY),
  }),
  'a window that ends after it begins',
  ({ fromMinute, toMinute }) => fromMinute < toMinute,
)

const ticketText = record({
  /** Whose tickets; null: everybody's. */
  operator: orNull(named(operatorId)),
  lines: list(text(0, 48), 0, 4),
})

const vendor = record({
  vendor: named(vendorId),
  name: text(1, 40),
  state: oneOf(['active', 'suspended', 'must-change']),
  cards: list(named(cardId), 0, 4),
})

const collector = record({
  collector: named(collectorId),
  name: text(1, 40),
  /** Verifies what the collector signs. */
  key: bytes(0, 100),
  /** The most that the collector may take here without the centre. */
  limitMinor: amount,
  offlineReceipts: integer(0, 255),
})

const barred = record({
  operator: named(operatorId),
  firstSerial: serial,
  count: integer(1, MAX_BARRED_CODES),
  why: oneOf(['held', 'recalled', 'stolen']),
})

export const shopSettings = record({
  standing,
  version: countedNumber,
  language: oneOf(['fr', 'en', 'ar']),
  /** Of the time zone database: `Africa/Tunis`. */
  timeZone: text(1, 40),
  /** The most that may be on board, in value; 0: no cap. */
  capMinor: amount,
  /** The most that one order made by the terminal itself may cost; 0: it makes none. */
  autoOrderLimitMinor: amount,
  levels: list(level, 0, MAX_PRODUCTS),
  /** When orders are taken, by the shop's clock; none: always. */
  orderWindows: list(orderWindow, 0, MAX_ORDER_WINDOWS),
  ticketTexts: list(ticketText, 0, MAX_TICKET_TEXTS),
  vendors: list(vendor, 0, MAX_VENDORS),
  collectors: list(collector, 0, MAX_COLLECTORS),
  /** The software that the terminal should run, and from when on; an empty version: as it is. */
  software: record({ version: text(0, 20), afterS: seconds, text: text(0, 100) }),
  /** Codes that may not be sold. */
  barred: list(barred, 0, MAX_BARRED),
  /** Report after so many sales or seconds; both 0: by the terminal's own rule for its line. */
  reporting: record({ sales: integer(0, 500), seconds: integer(0, 86_400) }),
  /** Shown to the owner; empty: none. */
  message: text(0, 200),
  /** What to write on a payment so that it is found. */
  paymentReference: text(0, 24),
})

export type ShopSettings = ContentOf<typeof shopSettings>

export const shopSettingsMessage = supplyMessage('shop-settings', shopSettings)
