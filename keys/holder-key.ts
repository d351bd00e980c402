// Closing small secrets for the holder of an RSA pair, and opening them as that holder. Where the private half lies
// is the holder's affair: a key file opens by OAEP with SHA-256, a token (SoftHSM2 2.6 among them) knows it with SHA-1
// only. OAEP does not rest on its hash's collision resistance (RFC 8017, B.1). The hash is fixed with the key and
// written nowhere: what was closed by the one does not open by the other.

import { constants, createSecretKey, type KeyObject, privateDecrypt, publicEncrypt } from 'node:crypto'
import type { OaepHash } from './card.ts'
import type { KeyPair } from './party-keys.ts'

/** All that closing takes; it may go to another thread. */
export interface HolderPublicKey {
  readonly publicKey: KeyObject
  readonly oaepHash: OaepHash
}

export interface HolderKey extends HolderPublicKey {
  /** What `wrapForHolder` closed; null where it was not closed for this key. Throws a KeyProblem where the key is gone. */
  open(closed: Uint8Array): KeyObject | null
}

/** The holder whose key lies in a key file. */
export function fileHolderKey({ privateKey, publicKey }: KeyPair): HolderKey {
  const oaepHash = 'sha256'
  return {
    publicKey,
    oaepHash,
    open(closed) {
      let bytes: Buffer
      try {
        bytes = privateDecrypt(
          { key: privateKey, oaepHash, padding: constants.RSA_PKCS1_OAEP_PADDING },
          closed,
        )
      } catch {
        return null // OAEP says only that it did not hold
      }
      try {
        return createSecretKey(bytes)
      } finally {
        bytes.fill(0)
      }
    },
  }
}

/** Closes secret bytes (at most 190) for the holder; they stay the caller's, to zero. */
export function wrapForHolder({ publicKey, oaepHash }: HolderPublicKey, bytes: Uint8Array): Buffer {
  return publicEncrypt({ key: publicKey, oaepHash, padding: constants.RSA_PKCS1_OAEP_PADDING }, bytes)
}
