// A code closed for one holder at a time. The holder is part of the type: a code closed for the centre
// cannot stand where one closed for a retailer is asked for.

import { packedSize } from './packed-code.ts'

export type Holder = 'operator' | 'centre' | 'retailer'

declare const holder: unique symbol

/** One code: ciphertext of its packed digits, then the 16-byte tag of AES-256-GCM. */
export type SealedCode<H extends Holder> = Uint8Array & { readonly [holder]: H }

/** The codes of consecutive serials, one `SealedCode` after the other, all of one product's length. */
export type SealedRun<H extends Holder> = Uint8Array & { readonly [holder]: H; readonly run: true }

export const SEAL_TAG_BYTES = 16

/** Bytes of one sealed code: 22 for 14 digits, 23 for 16. */
export function sealedSize(codeDigits: number): number {
  return packedSize(codeDigits) + SEAL_TAG_BYTES
}

/**
 * Says for whom bytes are closed. Called where codes are sealed, and where a verified message
 * or the holder's own store hands them out; nowhere else.
 */
export function sealedRun<H extends Holder>(
  bytes: Uint8Array,
  count: number,
  codeDigits: number,
): SealedRun<H> {
  if (bytes.length !== count * sealedSize(codeDigits))
    throw new RangeError('a run has whole sealed codes only')
  return bytes as SealedRun<H>
}
