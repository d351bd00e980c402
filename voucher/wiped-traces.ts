// What a piece of an open code leaves behind where no program can reach it: in the processor's vector registers, which
// OpenSSL and the C library do not clear, and which the engine lays down on the stack whenever it likes.

import { createCipheriv, createSecretKey } from 'node:crypto'
import { wipeableBytes } from './wipeable-bytes.ts'

const KEY = createSecretKey(wipeableBytes(32))
const NONCE = wipeableBytes(12)
const NOTHING = wipeableBytes(256)
const COPY = wipeableBytes(256)
/** Lengths at which a copy takes another way through the registers; the first is a packed code's. */
const LENGTHS = [6, 7, 14, 16, 32, 64, 128, 256] as const
/** 64 KiB: more than the deepest of our calls into OpenSSL uses. */
const ZEROS: readonly number[] = Array.from({ length: 8_192 }, () => 0)

/**
 * Called when open codes were wiped: goes the same ways through the processor with nothing in hand, and overwrites
 * the stack below its caller, where arguments stand. Some ten microseconds.
 */
export function wipeTraces(): void {
  const cipher = createCipheriv('aes-256-gcm', KEY, NONCE)
  cipher.update(NOTHING.subarray(0, LENGTHS[0]))
  cipher.update(NOTHING)
  cipher.final()
  for (const length of LENGTHS) NOTHING.copy(COPY, 0, 0, length)
  Reflect.apply(takesThem, undefined, ZEROS)
}

function takesThem(): void {}
