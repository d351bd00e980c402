// The fields that restock messages share. Each schema takes the value as our own code holds it, and is strict
// about its text too: one value has one spelling, so that equal content means equal bytes.

import {
  type CentreId,
  centreId,
  depotId,
  type IdName,
  idPattern,
  lotId,
  messageId,
  type OperatorId,
  operatorId,
  type PartyId,
} from '@scratchless/voucher/ids'
import { type Currency, isCurrency, MAX_AMOUNT_MINOR } from '@scratchless/voucher/money'
import { CODE_DIGITS, PRODUCT_ID, productId } from '@scratchless/voucher/product'
import { isSerial, serialNumber } from '@scratchless/voucher/serial'
import { z } from 'zod'

/** Lines of one restock order: more products than an operator sells. */
export const MAX_LINES = 50
/** Codes that one line may ask for: the largest lot of the trade, twice. */
export const MAX_LINE_QUANTITY = 1_000_000
/** Codes of one delivery part: a message of about 100 kB, opened in milliseconds. */
export const MAX_PART_CODES = 10_000
/** Parts of one line: the largest line in the smallest sensible parts (of 100). */
export const MAX_PARTS = 10_000

function named<Made>(name: IdName, make: (text: string) => Made) {
  return z.string().regex(idPattern(name)).transform(make)
}

export const messageIdField = named('MessageId', messageId)
export const centreIdField = named<CentreId>('CentreId', centreId)
export const depotIdField = named('DepotId', depotId)
export const operatorIdField = named<OperatorId>('OperatorId', operatorId)
/** Either side, in messages that both may send. */
export const partyIdField = named<PartyId>('CentreId', centreId)
export const lotIdField = named('LotId', lotId)
export const productField = z.string().regex(PRODUCT_ID).transform(productId)
export const serialField = z.string().refine(isSerial).transform(serialNumber)
export const lineNoField = z.int().min(1).max(MAX_LINES)
export const codeDigitsField = z.int().min(CODE_DIGITS.min).max(CODE_DIGITS.max)

/** A moment in UTC with milliseconds, as `nowIso` writes it: `2026-11-22T18:42:07.120Z`. */
export const instantField = z.string().refine((text) => isInstant(text), 'not a moment in UTC')
/** A day of the calendar: `2027-12-31`. */
export const dateField = z.string().refine((text) => isInstant(`${text}T00:00:00.000Z`), 'not a day')

export const moneyField = z.strictObject({
  amountMinor: z.bigint().min(0n).max(MAX_AMOUNT_MINOR),
  currency: z.custom<Currency>((value) => typeof value === 'string' && isCurrency(value)),
})

function isInstant(text: string): boolean {
  if (!/^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)) return false
  const ms = Date.parse(text)
  // A 30th of February parses and rolls over: only a real day comes back as it was.
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text
}

/** Whether line numbers rise strictly, so that none comes twice. */
export function linesRise(lines: readonly { readonly lineNo: number }[]): boolean {
  return lines.every((line, index) => index === 0 || line.lineNo > lines[index - 1]!.lineNo)
}
