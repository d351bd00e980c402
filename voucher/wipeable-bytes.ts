// Bytes that can be wiped. Buffer.alloc puts up to 64 bytes on the engine's own heap, where the first view of them
// (subarray, or a call into OpenSSL) moves them out and leaves the old copy behind, which nothing can wipe.

/** Zeroed bytes outside the engine's heap: `fill(0)` reaches the only copy. For open codes of any number. */
export function wipeableBytes(size: number): Buffer {
  return Buffer.from(new ArrayBuffer(size))
}
