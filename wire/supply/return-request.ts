// terminal → centre: these codes, still closed, shall be taken back. Answered by an acknowledgement.

import { productId } from '@scratchless/voucher/product'
import { serialToNumber } from '@scratchless/voucher/serial'
import { checked, integer, list, named, oneOf, record, serial } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'

const MAX_RUNS = 40

const run = checked(
  record({ product: named(productId), firstSerial: serial, count: integer(1, 1_000) }),
  'serials of twelve digits',
  ({ firstSerial, count }) => serialToNumber(firstSerial) + count <= 1_000_000_000_000,
)

export const returnRequest = record({
  runs: list(run, 1, MAX_RUNS),
  why: oneOf(['slow', 'recalled', 'closing', 'other']),
})

export const returnRequestMessage = supplyMessage('return-request', returnRequest)
