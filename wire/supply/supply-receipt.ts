// terminal → centre: this delivery is stored. Answered by an acknowledgement; the debit becomes final.

import type { Signer, Verifier } from '../compact/cose.ts'
import type { Frame } from '../compact/frame.ts'
import { bytes, type ContentOf, integer, record } from '../compact/shape.ts'
import {
  type Binding,
  type Closed,
  closeMessage,
  type Opened,
  openMessage,
  type Unacceptable,
} from './envelope.ts'

/** 64 bits tell a delivery from any other that one centre ever made under one sequence; a signature covers them. */
export const DELIVERY_HASH_BYTES = 8

export const supplyReceipt = record({
  /** The delivery's name: its order's sequence. */
  delivery: integer(1, 0xffff_ffff),
  /** The first 8 bytes of the stored delivery's `payloadHash`. */
  deliveryHash: bytes(DELIVERY_HASH_BYTES),
})

export type SupplyReceipt = ContentOf<typeof supplyReceipt>

const message = { kind: 'supply-receipt', shape: supplyReceipt } as const

export function closeSupplyReceipt(content: SupplyReceipt, signer: Signer, binding: Binding): Closed {
  return closeMessage(message, content, signer, binding)
}

export function openSupplyReceipt(
  frame: Frame,
  verifier: Verifier,
  binding: Binding,
): Opened<'supply-receipt', SupplyReceipt> | Unacceptable {
  return openMessage(message, frame, verifier, binding)
}
