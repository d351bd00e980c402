// What closing and opening a restock message needs, and what may come of opening one.

import type { KeyObject } from 'node:crypto'
import type { PartyId } from '@scratchless/voucher/ids'
import type { Random } from '@scratchless/voucher/random'
import type { SigningKey, UnwrappingKey } from '../xml/rsa-keys.ts'
import type { Suite } from '../xml/suites.ts'
import type { EnvelopeRefusal } from '../xml/verify.ts'

/** The other side, as the ceremony entered it. */
interface RestockPartner {
  readonly id: PartyId
  readonly suite: Suite
  /** The agreed level: the highest in which either side writes to the other. */
  readonly level: number
  /** Its RSA public key for signatures. */
  readonly verifyKey: KeyObject
}

/** For whom and by whom a message is closed. */
export interface RestockSigning {
  readonly suite: Suite
  /** In which the message is written: the agreed one, and for an answer not above its question's. */
  readonly level: number
  readonly signingKey: SigningKey
  /** The receiver's RSA public key for encryption: another one than it signs with. */
  readonly receiverKey: KeyObject
  readonly random: Random
}

/** From whom a message must be, and who opens it. */
export interface RestockVerifying {
  readonly partner: RestockPartner
  readonly self: PartyId
  readonly unwrappingKey: UnwrappingKey
}

/**
 * Why a message is not taken, in order of precedence: the envelope's refusals, then those below.
 * They are for our own log and alarm; the other side gets the same bytes for every one of them.
 */
export type RestockRefusal =
  | EnvelopeRefusal
  /** The verified header names another sender, receiver or suite than partner and self. */
  | 'header-differs'
  /** Signed by the partner, of a level above the agreed one, or of a name that no level of ours has. */
  | 'not-understood'
  /** The verified payload breaks the message's XSD or its rules. */
  | 'content-invalid'
  /** The content key or the content does not open: closed for another, or damaged before it was signed. */
  | 'not-decrypted'
  /** What was decrypted breaks its XSD, its layout or its rules. */
  | 'inner-content-invalid'
  /** What was decrypted names another message, sender, receiver, lot or run: its ciphertext was copied. */
  | 'inner-header-differs'

export type VerifiedRestock<Content> =
  | {
      readonly content: Content
      /** SHA-256 of the verified canonical payload, without its signature: the sameness of a message. */
      readonly payloadHash: Buffer
    }
  | { readonly refusal: RestockRefusal }

/** A delivery also gives its codes: packed, in the order of its runs. The caller zeroes them. */
export type VerifiedRestockDelivery<Content> =
  | { readonly content: Content; readonly payloadHash: Buffer; readonly packedCodes: Buffer }
  | { readonly refusal: RestockRefusal }
