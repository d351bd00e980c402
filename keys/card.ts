// The vendor card: without it nothing is sold. It holds the private key for which its terminal's safe keys
// are closed, and the key never leaves it.

import type { KeyObject } from 'node:crypto'
import type { CardId } from '@scratchless/voucher/ids'

/** In order of precedence. */
type PinRefusal = 'blocked' | 'wrong-pin'

/** Why a card gives no safe key: no PIN given since it was inserted, or these bytes were not closed for it. */
export type UnwrapRefusal = 'locked' | 'not-for-this-card'

/** OAEP's hash. SHA-1 for tokens that know no other; OAEP does not rest on its collision resistance (RFC 8017, B.1). */
export type OaepHash = 'sha256' | 'sha1'

/** A safe key that is open in the card, or inside the token. It is not handed out. */
export interface UnwrappedSafeKey {
  /** The HMAC-SHA-256 of `context` under the safe key: the key of one code. */
  deriveKey(context: Uint8Array): KeyObject
  /** To be called when the one code's key was derived, or is not wanted any more. */
  forget(): void
}

export interface VendorCard {
  readonly id: CardId
  readonly class: 'file' | 'pkcs11'
  readonly publicKey: KeyObject
  /** Takes the PIN's bytes and zeroes them. Three wrong ones block the card, across restarts and power cuts. */
  verifyPin(pin: Buffer): Promise<'right' | PinRefusal>
  /** Wrong PINs that it still takes, as it counts them itself; 0: it is blocked. */
  triesLeft(): number
  /** Opens one safe key (32 bytes, closed by RSA-OAEP for this card) for one code: the slow half of a sale's work. */
  unwrapSafeKey(wrapped: Uint8Array, hash: OaepHash): UnwrappedSafeKey | UnwrapRefusal
  /** As when it is pulled out: the next unwrapping needs the PIN. */
  lock(): void
}
