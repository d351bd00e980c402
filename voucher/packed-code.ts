// Digits as a big-endian number: 14 digits in 6 bytes, 16 in 7. The length is the product's, so leading zeros live.
// Worked digit by digit on small integers: a code never becomes a string, nor a bigint that nothing can wipe.

/** Bytes that `digits` decimal digits need: ceil(digits x log2(10) / 8). */
export function packedSize(digits: number): number {
  return Math.ceil((digits * Math.log2(10)) / 8)
}

/**
 * Packs ASCII digits into `target` at `offset`. Returns false, with the target's bytes zeroed,
 * where a byte is no digit.
 */
export function packDigits(ascii: Uint8Array, target: Uint8Array, offset = 0): boolean {
  const size = packedSize(ascii.length)
  const end = offset + size
  target.fill(0, offset, end)
  for (let i = 0; i < ascii.length; i++) {
    let carry = ascii[i]! - 0x30
    if (carry < 0 || carry > 9) {
      target.fill(0, offset, end)
      return false
    }
    for (let at = end - 1; at >= offset; at--) {
      carry += target[at]! * 10
      target[at] = carry & 0xff
      carry >>= 8
    }
  }
  return true
}

/**
 * Unpacks into `digits` ASCII digits at the start of `target`. Returns false, with the target zeroed,
 * where the number has more digits than that. `packed` is used as scratch space and left zeroed.
 */
export function unpackDigits(packed: Uint8Array, digits: number, target: Uint8Array): boolean {
  for (let i = digits - 1; i >= 0; i--) {
    let remainder = 0
    for (let at = 0; at < packed.length; at++) {
      const value = (remainder << 8) | packed[at]!
      packed[at] = (value / 10) | 0
      remainder = value % 10
    }
    target[i] = 0x30 + remainder
  }
  let left = 0
  for (const byte of packed) left |= byte
  if (left === 0) return true
  packed.fill(0)
  target.fill(0, 0, digits)
  return false
}
