// The two private operations that messages need, as interfaces: a key file or a token stands behind them.

import {
  constants,
  createSecretKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  sign,
  verify,
} from 'node:crypto'
import { SUITES, type Suite } from './suites.ts'

export interface SigningKey {
  /** Signs the canonical bytes of a SignedInfo, with the suite's signature algorithm. */
  sign(suite: Suite, signedInfo: Buffer): Buffer | Promise<Buffer>
}

export interface UnwrappingKey {
  /** Opens a wrapped content key; null where it was not closed for this key. */
  unwrap(suite: Suite, wrapped: Buffer): KeyObject | null | Promise<KeyObject | null>
}

/** Below 2,048 bits RSA is no protection; above 4,096 one message would hold a worker for tens of ms. */
const RSA_BITS = { min: 2048, max: 4096 } as const
/** AES-256. */
export const CONTENT_KEY_BYTES = 32
/** The hash's length, as xmldsig-more#sha256-rsa-MGF1 asks (RFC 6931, section 2.3.10). */
const PSS_SALT_BYTES = 32

/** A signing key over an RSA private key of node:crypto. Throws a TypeError for any other key. */
export function signingKeyOf(privateKey: KeyObject): SigningKey {
  assertRsa(privateKey, 'private')
  return { sign: (suite, signedInfo) => sign('sha256', signedInfo, { key: privateKey, ...padding(suite) }) }
}

/** An unwrapping key over an RSA private key, which must be another one than the party signs with. */
export function unwrappingKeyOf(privateKey: KeyObject): UnwrappingKey {
  assertRsa(privateKey, 'private')
  return {
    unwrap(suite, wrapped) {
      let raw: Buffer
      try {
        raw = privateDecrypt(
          { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: SUITES[suite].oaepHash },
          wrapped,
        )
      } catch {
        return null // node:crypto throws alike for a wrong length and a wrong padding
      }
      try {
        return raw.length === CONTENT_KEY_BYTES ? createSecretKey(raw) : null
      } finally {
        raw.fill(0)
      }
    },
  }
}

/** A signing key in a token. It signs by PKCS #1 v1.5 with SHA-256: not in suite `modern`. */
export function tokenSigningKey(key: { sign(bytes: Uint8Array): Buffer }): SigningKey {
  return {
    sign(suite, signedInfo) {
      assertNotModern(suite)
      return key.sign(signedInfo)
    },
  }
}

/** An unwrapping key in a token. It opens OAEP with SHA-1: not in suite `modern`. */
export function tokenUnwrappingKey(key: { open(wrapped: Uint8Array): KeyObject | null }): UnwrappingKey {
  return {
    unwrap(suite, wrapped) {
      assertNotModern(suite)
      const contentKey = key.open(wrapped)
      return contentKey?.symmetricKeySize === CONTENT_KEY_BYTES ? contentKey : null
    },
  }
}

function assertNotModern(suite: Suite): void {
  if (suite === 'modern') throw new TypeError('a key in a token does not speak suite modern')
}

/** Whether a signature over these bytes is the holder's of `publicKey`, by the suite's algorithm. */
export function signatureHolds(
  suite: Suite,
  publicKey: KeyObject,
  signedInfo: Buffer,
  signature: Buffer,
): boolean {
  assertRsa(publicKey, 'public')
  return verify('sha256', signedInfo, { key: publicKey, ...padding(suite) }, signature)
}

/** Closes a content key for the holder of `publicKey`. */
export function wrapContentKey(suite: Suite, publicKey: KeyObject, contentKey: Buffer): Buffer {
  assertRsa(publicKey, 'public')
  return publicEncrypt(
    { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: SUITES[suite].oaepHash },
    contentKey,
  )
}

function padding(suite: Suite): { padding: number; saltLength?: number } {
  return suite === 'modern'
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT_BYTES }
    : { padding: constants.RSA_PKCS1_PADDING }
}

function assertRsa(key: KeyObject, type: 'private' | 'public'): void {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (key.type !== type || key.asymmetricKeyType !== 'rsa' || bits < RSA_BITS.min || bits > RSA_BITS.max)
    throw new TypeError(`an RSA ${type} key of ${RSA_BITS.min} to ${RSA_BITS.max} bits is needed`)
}
