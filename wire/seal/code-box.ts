// The code box: how one code is closed for one terminal.
//
//   safe key   32 random bytes, one per terminal and epoch, made by the centre's vault; the terminal gets it
//              closed for its vendor cards (card letter)
//   code key   HMAC-SHA-256(safe key, CBOR[ "scratchless code 1", terminal, epoch, operator, product, lot,
//              delivery, serial, digits ])         one key, one code
//   box        AES-256-GCM(code key, nonce of 12 zero bytes, no associated data, packed digits)
//              = ciphertext (6 bytes for 14 digits, 7 for 16), then the tag of 16 bytes
//
// The zero nonce is safe because a key closes one code once: a delivery's number is never used again for a serial.
// All that binds a code (terminal, operator, product, lot, delivery, serial, length) stands in what the key is
// derived from. GCM's associated data would bind the same to the tag alone, under a key that other codes share;
// here a code moved elsewhere meets a key that has nothing to do with its own, and the card process, which
// derives the key, sees in full what it is asked to open.

import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { ClearCode } from '@scratchless/voucher/clear-code'
import type { LotId, OperatorId, TerminalId } from '@scratchless/voucher/ids'
import { packedSize } from '@scratchless/voucher/packed-code'
import { CODE_DIGITS, type ProductId } from '@scratchless/voucher/product'
import {
  SEAL_TAG_BYTES,
  type SealedCode,
  type SealedRun,
  sealedRun,
  sealedSize,
} from '@scratchless/voucher/sealed-code'
import { SERIAL_DIGITS, type SerialNumber, serialAt } from '@scratchless/voucher/serial'
import { wipeTraces } from '@scratchless/voucher/wiped-traces'
import { type CborValue, encodeCbor } from '../compact/cbor.ts'

const LABEL = 'scratchless code 1'
const ALGORITHM = 'aes-256-gcm'
const ZERO_NONCE = Buffer.alloc(12)

export const SAFE_KEY_BYTES = 32

/** What binds each code of a delivered run. */
export interface RunContext {
  readonly terminal: TerminalId
  /** Number of the safe key, from its card letter. */
  readonly epoch: number
  readonly operator: OperatorId
  readonly product: ProductId
  readonly lot: LotId
  /** The sequence of the supply order that the delivery answered. */
  readonly delivery: number
  /** The product's code length. */
  readonly digits: number
}

export interface CodeContext extends RunContext {
  readonly serial: SerialNumber
}

/** The bytes that the code key is the HMAC of: for a token that derives by HMAC itself. */
export function encodeContext(context: RunContext, serial: SerialNumber): Buffer {
  const { terminal, epoch, operator, product, lot, delivery, digits } = context
  if (digits < CODE_DIGITS.min || digits > CODE_DIGITS.max) throw new RangeError('no product has such codes')
  const fields: CborValue[] = [LABEL, terminal, epoch, operator, product, lot, delivery, serial, digits]
  return encodeCbor(fields)
}

function derive(safeKey: KeyObject, context: Uint8Array): KeyObject {
  if (safeKey.symmetricKeySize !== SAFE_KEY_BYTES) throw new TypeError('a safe key has 32 bytes')
  const raw = createHmac('sha256', safeKey).update(context).digest()
  const key = createSecretKey(raw)
  raw.fill(0)
  return key
}

/**
 * Closes consecutive codes of one lot for a terminal. `packedCodes` holds `count` packed codes, one after the
 * other; its owner zeroes it afterwards. 20 codes take some 150 µs.
 */
export function sealForTerminal(
  safeKey: KeyObject,
  context: RunContext,
  firstSerial: SerialNumber,
  packedCodes: Uint8Array,
): SealedRun<'retailer'> {
  const { digits } = context
  const packed = packedSize(digits)
  const count = packedCodes.length / packed
  if (!Number.isInteger(count)) throw new RangeError('a run has whole packed codes only')
  const sealed = Buffer.alloc(count * sealedSize(digits))
  // The serial is text of fixed length, the last field but one, and the length after it one byte:
  // so the context is encoded once and only the serial's digits change from code to code.
  const encoded = encodeContext(context, firstSerial)
  const serialOffset = encoded.length - 1 - SERIAL_DIGITS
  for (let i = 0; i < count; i++) {
    encoded.write(serialAt(firstSerial, i), serialOffset, 'latin1')
    const cipher = createCipheriv(ALGORITHM, derive(safeKey, encoded), ZERO_NONCE, {
      authTagLength: SEAL_TAG_BYTES,
    })
    const at = i * sealedSize(digits)
    sealed.set(cipher.update(packedCodes.subarray(i * packed, (i + 1) * packed)), at)
    cipher.final()
    sealed.set(cipher.getAuthTag(), at + packed)
  }
  wipeTraces()
  return sealedRun<'retailer'>(sealed, count, digits)
}

/**
 * Opens one code with its key. `does-not-open`: altered, closed under another key, or no code of this length.
 * The caller wipes the code.
 */
export function openCode(
  key: KeyObject,
  sealed: SealedCode<'retailer'>,
  digits: number,
): ClearCode | 'does-not-open' {
  const packed = packedSize(digits)
  if (sealed.length !== packed + SEAL_TAG_BYTES) return 'does-not-open'
  const decipher = createDecipheriv(ALGORITHM, key, ZERO_NONCE, { authTagLength: SEAL_TAG_BYTES })
  decipher.setAuthTag(sealed.subarray(packed))
  const clear = decipher.update(sealed.subarray(0, packed))
  try {
    decipher.final()
    return ClearCode.fromPacked(clear, digits)
  } catch {
    return 'does-not-open' // the tag does not hold, or the number has more digits
  } finally {
    clear.fill(0)
    wipeTraces()
  }
}
