// "This code is already here", asked without keeping the code: the first 32 bits of AES-256 over one block that holds
// the code, under a key that never leaves the vault, one key per operator. Never unique and never longer: two codes
// may share one, which the vault settles by opening both; and a leaked key then still gives no code away.
// Why AES and not HMAC: docs/decisions/0005-fingerprints-by-aes.md.

import { createCipheriv, type KeyObject } from 'node:crypto'
import { packedSize } from '@scratchless/voucher/packed-code'
import { wipeableBytes } from '@scratchless/voucher/wipeable-bytes'

const BLOCK_BYTES = 16

/** One signed 32-bit number (PostgreSQL's int4) per code, in the pack's order. The key has 32 bytes. */
export function fingerprintsOf(key: KeyObject, packedCodes: Uint8Array, codeDigits: number): Int32Array {
  const packed = packedSize(codeDigits)
  const fingerprints = new Int32Array(packedCodes.length / packed)
  // digits (1 byte) | packed code | zeros: the number of digits comes first, since 0012 and 12 are different codes.
  const blocks = wipeableBytes(fingerprints.length * BLOCK_BYTES)
  for (let i = 0; i < fingerprints.length; i++) {
    blocks[i * BLOCK_BYTES] = codeDigits
    blocks.set(packedCodes.subarray(i * packed, (i + 1) * packed), i * BLOCK_BYTES + 1)
  }
  // ECB is no mode here but the bare block function, once per code.
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
  const enciphered = cipher.update(blocks)
  cipher.final()
  for (let i = 0; i < fingerprints.length; i++) fingerprints[i] = enciphered.readInt32BE(i * BLOCK_BYTES)
  blocks.fill(0)
  // The other 96 bits would make a guess certain.
  enciphered.fill(0)
  return fingerprints
}
