// What the vault leaves in the database for itself: rows that it MACs, so that a database administrator cannot
// plant one.

import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
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
