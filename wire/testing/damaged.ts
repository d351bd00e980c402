/** For tests: every single bit of a message flipped, every shorter length, a byte more at either end. */
export function* damaged(good: Uint8Array): Generator<Buffer> {
  for (let bit = 0; bit < good.length * 8; bit++) {
    const flipped = Buffer.from(good)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    yield flipped
  }
  for (let length = 0; length < good.length; length++) yield Buffer.from(good.subarray(0, length))
  yield Buffer.concat([good, Buffer.alloc(1)])
  yield Buffer.concat([Buffer.alloc(1), good])
}
