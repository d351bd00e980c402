// centre → terminal: the codes, closed for this terminal, and what they cost. Answers a supply order; its name is
// the order's sequence. A run can be stored without opening it.

import { lotId } from '@scratchless/voucher/ids'
import { CODE_DIGITS, productId } from '@scratchless/voucher/product'
import { type SealedRun, sealedRun, sealedSize } from '@scratchless/voucher/sealed-code'
import { type SerialNumber, serialFromNumber, serialToNumber } from '@scratchless/voucher/serial'
import {
  amount,
  bytes,
  type ContentOf,
  checked,
  day,
  integer,
  list,
  mapped,
  named,
  record,
  serial,
} from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { epochNumber, standing } from './standing.ts'
import { MAX_CODES_PER_ORDER, MAX_LINES } from './supply-order.ts'

/** One order may be served from several lots: the end of one, the start of the next, at most. */
const MAX_LOTS = 2 * MAX_LINES

/** Runs of one lot in one delivery: scattered lots are still taken, up to this. */
const MAX_RUNS = 100

const SMALLEST_BOX = sealedSize(CODE_DIGITS.min)
const LARGEST_BOX = sealedSize(CODE_DIGITS.max)

const runOnLine = checked(
  record({
    firstSerial: serial,
    count: integer(1, MAX_CODES_PER_ORDER),
    codes: bytes(SMALLEST_BOX, MAX_CODES_PER_ORDER * LARGEST_BOX),
  }),
  'whole code boxes of one length, and serials of twelve digits',
  ({ firstSerial, count, codes }) =>
    digitsOf(codes.length / count) !== undefined && serialToNumber(firstSerial) + count <= 1_000_000_000_000,
)

/** Consecutive codes of one lot. */
export interface DeliveredRun {
  readonly firstSerial: SerialNumber
  readonly count: number
  readonly codes: SealedRun<'retailer'>
}

const run = mapped<DeliveredRun, ContentOf<typeof runOnLine>>(
  runOnLine,
  (content) => content,
  ({ firstSerial, count, codes }) => ({
    firstSerial: serialFromNumber(serialToNumber(firstSerial)),
    count,
    codes: sealedRun<'retailer'>(codes, count, digitsOf(codes.length / count)!),
  }),
)

/** A code length whose box has this size. Lengths that share a size are told apart by the product. */
function digitsOf(boxSize: number): number | undefined {
  for (let digits: number = CODE_DIGITS.min; digits <= CODE_DIGITS.max; digits++)
    if (sealedSize(digits) === boxSize) return digits
  return undefined
}

const deliveredLot = record({
  product: named(productId),
  lot: named(lotId),
  /** Last day on which the network takes these codes. */
  expiresOn: day,
  /** What each of these codes was debited with. */
  unitPriceMinor: amount,
  runs: list(run, 1, MAX_RUNS),
})

export const supplyDelivery = record({
  standing,
  /** The epoch of the safe key that closes these codes. */
  epoch: epochNumber,
  /** Debited for this delivery: the sum over all codes. */
  debitedMinor: amount,
  /** What the retailer may still order for, credit included. */
  availableMinor: amount,
  /** An order may be served in part; it is not owed the rest. */
  lots: list(deliveredLot, 1, MAX_LOTS),
})

export type SupplyDelivery = ContentOf<typeof supplyDelivery>

export const supplyDeliveryMessage = supplyMessage('supply-delivery', supplyDelivery)
