// "This code is already here", asked without keeping the code: the first 40 bits of AES-256 over one block that holds
// the code, under a key that never leaves the vault, one key per operator. Never unique and never longer: two codes
// may share one, which the vault settles by opening both; and a leaked key then still leaves a hundred codes for each.
// Before them stand twelve bits of what they are of, so that codes are held against those of their own operator and
// length only. Why AES and not HMAC: docs/decisions/0005-fingerprints-by-aes.md; why 40 bits: 0014-fingerprints-of-40-bits.md.

import { createCipheriv, createHash, type KeyObject } from 'node:crypto'
import type { OperatorId } from '@scratchless/voucher/ids'
import { packedSize } from '@scratchless/voucher/packed-code'
import { wipeableBytes } from '@scratchless/voucher/wipeable-bytes'

const BLOCK_BYTES = 16
const FINGERPRINT_BYTES = 5
/** Together with the bits before them, 52: exact as a number. */
const TWO_POW_40 = 2 ** 40
const SPACES = 2 ** 12

/** One whole number below 2^52 per code, in the pack's order. The key has 32 bytes. */
export function fingerprintsOf(
  key: KeyObject,
  operator: OperatorId,
  packedCodes: Uint8Array,
  codeDigits: number,
): Float64Array {
  const packed = packedSize(codeDigits)
  const fingerprints = new Float64Array(packedCodes.length / packed)
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
  const before = fingerprintSpace(operator, codeDigits) * TWO_POW_40
  for (let i = 0; i < fingerprints.length; i++)
    fingerprints[i] = before + enciphered.readUIntBE(i * BLOCK_BYTES, FINGERPRINT_BYTES)
  blocks.fill(0)
  // The other 88 bits would make a guess certain.
  enciphered.fill(0)
  return fingerprints
}

/** What stands before the fingerprints of one operator's codes of one length. Two may share it: it is no key. */
export function fingerprintSpace(operator: OperatorId, codeDigits: number): number {
  return createHash('sha256').update(`${operator} ${codeDigits}`).digest().readUInt16BE() % SPACES
}

/** The fingerprint as the first release kept it: its first 32 bits, signed. */
export function shortFingerprint(fingerprint: number): number {
  return Math.floor((fingerprint % TWO_POW_40) / 2 ** 8) | 0
}
