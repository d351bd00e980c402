// What the vault leaves in the database for itself: rows that it MACs, so that a database administrator cannot
// plant one, and secrets that it closes for its own RSA key.

import {
  constants,
  createHmac,
  createSecretKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  timingSafeEqual,
} from 'node:crypto'
import { encode } from 'cborg'

/** The row's purpose, then its fields; no two purposes share a text. */
export type OwnFields = readonly [purpose: string, ...fields: (string | number | Uint8Array)[]]

/** A row that this vault did not make, or that was altered since. */
export class ForeignRecord extends Error {
  override name = 'ForeignRecord'
  constructor([purpose, subject]: OwnFields) {
    super(`a ${purpose} row is not this vault's: ${typeof subject === 'string' ? subject : ''}`)
  }
}

const OAEP = { oaepHash: 'sha256', padding: constants.RSA_PKCS1_OAEP_PADDING } as const

/** HMAC-SHA-256 over deterministic CBOR. */
export function macRecord(macKey: KeyObject, fields: OwnFields): Buffer {
  const plain = fields.map((field) => (typeof field === 'object' ? Uint8Array.from(field) : field))
  return createHmac('sha256', macKey)
    .update(encode(['scratchless own record 1', ...plain]))
    .digest()
}

/** Throws a ForeignRecord where the MAC does not hold. */
export function assertOwnRecord(macKey: KeyObject, fields: OwnFields, mac: Uint8Array): void {
  const expected = macRecord(macKey, fields)
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) throw new ForeignRecord(fields)
}

/** Closes secret bytes (at most 190) for the vault itself; they stay the caller's, to zero. */
export function closeForSelf(publicKey: KeyObject, bytes: Uint8Array): Buffer {
  return publicEncrypt({ key: publicKey, ...OAEP }, bytes)
}

/** Opens what `closeForSelf` closed; the caller zeroes it. Throws where it was closed for another. */
export function openForSelf(privateKey: KeyObject, wrapped: Uint8Array): Buffer {
  return privateDecrypt({ key: privateKey, ...OAEP }, wrapped)
}

/** The same, as a secret key. */
export function openKeyForSelf(privateKey: KeyObject, wrapped: Uint8Array): KeyObject {
  const bytes = openForSelf(privateKey, wrapped)
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}
