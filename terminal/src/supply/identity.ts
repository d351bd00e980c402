// Who this terminal is, once enrolled: whom it signs as, and whose answers it believes.

import type { KeyObject } from 'node:crypto'
import type { RetailerId, TerminalId } from '@scratchless/voucher/ids'
import { p256Signer, type Signer, type Verifier } from '@scratchless/wire/compact/cose'
import { verifierOf } from '@scratchless/wire/compact/cwt'
import { certificatesOf } from '@scratchless/wire/supply/enrolment-answer'
import type { Store } from '../store/connect-store.ts'
import { getEnrolled } from './centre-word.sql.ts'
import { type DeviceKeys, heldKey, publicBytes } from './device-keys.ts'
import { earlierIdentity } from './earlier-identity.sql.ts'

export interface Identity {
  readonly terminal: TerminalId
  readonly retailer: RetailerId
  readonly retailerName: string
  readonly signer: Signer
  /** The private key of `signer`. */
  readonly key: KeyObject
  readonly centre: Verifier
  /** The terminal sells and signs until its certificate's end. */
  readonly certificateUntilMs: number
}

/** Null while the terminal is not enrolled, or has lost the key that its certificate names. */
export function identityOf(store: Store, keys: DeviceKeys): Identity | null {
  const enrolled = getEnrolled(store)
  const certificates = enrolled && certificatesOf(enrolled)
  if (!certificates || certificates === 'unacceptable') return null
  const key = heldKey(keys, publicBytes(certificates.terminal.publicKey))
  if (key === undefined) return null
  return {
    terminal: enrolled.terminal,
    retailer: enrolled.retailer,
    retailerName: enrolled.retailerName,
    signer: p256Signer(certificates.terminal.kid, key),
    key,
    centre: verifierOf(certificates.centre),
    certificateUntilMs: certificates.terminal.expiresAtS * 1000,
  }
}

/** Whose answer to a request is believed: the centre's that came with the certificate which signed the request. */
export function centreFor(store: Store, identity: Identity, signedBy: Uint8Array): Verifier {
  if (identity.signer.kid.every((byte, at) => byte === signedBy[at])) return identity.centre
  const earlier = earlierIdentity(store, signedBy)
  const certificates = earlier && certificatesOf(earlier)
  return certificates && certificates !== 'unacceptable' ? verifierOf(certificates.centre) : identity.centre
}
