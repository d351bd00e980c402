// terminal → centre: this delivery is stored. Answered by an acknowledgement; the debit becomes final.

import { bytes, type ContentOf, integer, record } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'

/** 64 bits tell a delivery from any other that one centre ever made under one sequence; a signature covers them. */
export const DELIVERY_HASH_BYTES = 8

export const supplyReceipt = record({
  /** The delivery's name: its order's sequence. */
  delivery: integer(1, 0xffff_ffff),
  /** The first 8 bytes of the stored delivery's `payloadHash`. */
  deliveryHash: bytes(DELIVERY_HASH_BYTES),
})

export type SupplyReceipt = ContentOf<typeof supplyReceipt>

export const supplyReceiptMessage = supplyMessage('supply-receipt', supplyReceipt)
