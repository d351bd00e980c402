// "This code is already here", asked without keeping the code: the first 32 bits of HMAC-SHA-256 under a key that
// never leaves the vault, one key per operator. Never unique and never longer: two codes may share one, which the
// vault settles by opening both; and a leaked key then still gives no code away.

import { createHmac, type KeyObject } from 'node:crypto'
import { packedSize } from '@scratchless/voucher/packed-code'

/** One signed 32-bit number (PostgreSQL's int4) per code, in the pack's order. */
export function fingerprintsOf(key: KeyObject, packedCodes: Uint8Array, codeDigits: number): Int32Array {
  const packed = packedSize(codeDigits)
  const fingerprints = new Int32Array(packedCodes.length / packed)
  // The number of digits comes first: 0012 and 12 are different codes.
  const content = Buffer.alloc(1 + packed)
  content[0] = codeDigits
  for (let i = 0; i < fingerprints.length; i++) {
    content.set(packedCodes.subarray(i * packed, (i + 1) * packed), 1)
    fingerprints[i] = createHmac('sha256', key).update(content).digest().readInt32BE(0)
  }
  content.fill(0)
  return fingerprints
}
