// A code that is open. It exists between opening and printing, or between two closings inside a vault,
// and leaves no trace: it prints as [code], never becomes a string, and is zeroed after use.

import { inspect } from 'node:util'
import { packDigits, packedSize, unpackDigits } from './packed-code.ts'
import { wipeableBytes } from './wipeable-bytes.ts'
import { wipeTraces } from './wiped-traces.ts'

export class ClearCode {
  readonly #ascii: Buffer

  private constructor(ascii: Buffer) {
    this.#ascii = ascii
  }

  /** Takes over ASCII digits; throws a TypeError (and zeroes them) where a byte is no digit. */
  static fromAscii(ascii: Buffer): ClearCode {
    for (const byte of ascii) {
      if (byte < 0x30 || byte > 0x39) {
        ascii.fill(0)
        throw new TypeError('a code has digits only')
      }
    }
    return new ClearCode(ascii)
  }

  /** Opens the packed form of a code of `digits` digits; `packed` is left zeroed. Throws where it does not fit. */
  static fromPacked(packed: Uint8Array, digits: number): ClearCode {
    const ascii = wipeableBytes(digits)
    if (!unpackDigits(packed, digits, ascii)) throw new TypeError('the packed code has too many digits')
    return new ClearCode(ascii)
  }

  get digits(): number {
    return this.#ascii.length
  }

  /** Copies the ASCII digits `from` … `to` into a target that its owner will zero. */
  copyDigits(target: Uint8Array, offset = 0, from = 0, to = this.#ascii.length): void {
    target.set(this.#ascii.subarray(from, to), offset)
  }

  /** Writes the packed form into a target that its owner will zero. */
  pack(target: Uint8Array, offset = 0): number {
    packDigits(this.#ascii, target, offset)
    return packedSize(this.#ascii.length)
  }

  wipe(): void {
    this.#ascii.fill(0)
    wipeTraces()
  }

  [Symbol.dispose](): void {
    this.wipe()
  }

  toString(): string {
    return '[code]'
  }

  toJSON(): string {
    return '[code]'
  }

  [inspect.custom](): string {
    return '[code]'
  }
}
