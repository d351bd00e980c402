// Closing codes at an office. One content key per sealing attempt, AES-256-GCM, nonce = row index, and associated
// data that binds holder, operator, product, lot and serial: a code moved elsewhere does not open.
//
// A sealing attempt lives in memory only. After a crash or a rolled-back import nothing resumes it: the next

// attempt has another key, because one key meeting one nonce twice would give codes away.

import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import type { LotId, OperatorId, PartyId } from '@scratchless/voucher/ids'
import { packedSize } from '@scratchless/voucher/packed-code'
import type { ProductId } from '@scratchless/voucher/product'
import { type Random, randomBytes } from '@scratchless/voucher/random'
import {
  type Holder,
  SEAL_TAG_BYTES,
  type SealedRun,
  sealedRun,
  sealedSize,
} from '@scratchless/voucher/sealed-code'
import { SERIAL_DIGITS, type SerialNumber, serialToNumber } from '@scratchless/voucher/serial'
import { wipeableBytes } from '@scratchless/voucher/wipeable-bytes'
import { wipeTraces } from '@scratchless/voucher/wiped-traces'

export type OfficeHolder = Exclude<Holder, 'retailer'>

/** What every code of a lot record is bound to, beside its serial. */
export interface LotBinding<H extends OfficeHolder> {
  readonly holderKind: H
  /** The party, not a key: rewrapping the content key for a new key re-encrypts nothing. */
  readonly holder: PartyId
  readonly operator: OperatorId
  readonly product: ProductId
  readonly lot: LotId
}

/** A sealing attempt under way. Its row indexes only go up. */
export interface Sealing<H extends OfficeHolder> {
  readonly binding: LotBinding<H>
  readonly contentKey: KeyObject
  nextIndex: number
}

/** A sealed code that does not open: altered, moved, or closed under another key. */
export class BrokenSeal extends Error {
  override name = 'BrokenSeal'
  constructor(serialNumber: number) {
    super(`the code of serial ${String(serialNumber).padStart(SERIAL_DIGITS, '0')} does not open`)
  }
}

const CONTENT_KEY_BYTES = 32
const NONCE_BYTES = 12
const INDEX_OFFSET = NONCE_BYTES - 4
const MAX_INDEX = 0xffff_ffff
const SERIAL_BYTES = 8

export function beginSealing<H extends OfficeHolder>(binding: LotBinding<H>, random: Random): Sealing<H> {
  const bytes = randomBytes(random, CONTENT_KEY_BYTES)
  const contentKey = createSecretKey(bytes)
  bytes.fill(0)
  return { binding, contentKey, nextIndex: 0 }
}

/** Associated data of one code: zero-separated names, which hold no zero, then the serial as 64 bits big-endian. */
function associatedData(binding: LotBinding<OfficeHolder>): { bytes: Buffer; serialAt: number } {
  const { holderKind, holder, operator, product, lot } = binding
  const names = Buffer.from(
    `scratchless closing 1\0${holderKind}\0${holder}\0${operator}\0${product}\0${lot}\0`,
  )
  return { bytes: Buffer.concat([names, Buffer.alloc(SERIAL_BYTES)]), serialAt: names.length }
}

/**
 * Closes the packed codes of consecutive serials and returns them with the row index of the first.
 * `packedCodes` (count x packedSize) stays its owner's to zero.
 */
export function closePack<H extends OfficeHolder>(
  sealing: Sealing<H>,
  firstSerial: SerialNumber,
  packedCodes: Uint8Array,
  codeDigits: number,
): { firstIndex: number; sealed: SealedRun<H> } {
  const packed = packedSize(codeDigits)
  const count = packedCodes.length / packed
  if (!Number.isInteger(count)) throw new RangeError('a pack has whole codes only')
  const firstIndex = sealing.nextIndex
  if (firstIndex + count - 1 > MAX_INDEX) throw new RangeError('a sealing attempt has at most 2^32 rows')
  sealing.nextIndex = firstIndex + count

  const aad = associatedData(sealing.binding)
  const nonce = Buffer.alloc(NONCE_BYTES)
  const out = Buffer.alloc(count * sealedSize(codeDigits))
  const first = serialToNumber(firstSerial)
  let at = 0
  for (let i = 0; i < count; i++) {
    nonce.writeUInt32BE(firstIndex + i, INDEX_OFFSET)
    aad.bytes.writeBigUInt64BE(BigInt(first + i), aad.serialAt)
    const cipher = createCipheriv('aes-256-gcm', sealing.contentKey, nonce, { authTagLength: SEAL_TAG_BYTES })
    cipher.setAAD(aad.bytes)
    out.set(cipher.update(packedCodes.subarray(i * packed, (i + 1) * packed)), at)
    cipher.final()
    out.set(cipher.getAuthTag(), at + packed)
    at += packed + SEAL_TAG_BYTES
  }
  wipeTraces()
  return { firstIndex, sealed: sealedRun<H>(out, count, codeDigits) }
}

/**
 * Opens consecutive codes into packed form, for the caller to zero. `firstSerial` and `firstIndex` are those of
 * the run's first code, wherever in its pack that is. Throws BrokenSeal, with what was opened zeroed.
 */
export function openPack<H extends OfficeHolder>(
  contentKey: KeyObject,
  binding: LotBinding<H>,
  firstSerial: SerialNumber,
  firstIndex: number,
  sealed: SealedRun<H>,
  codeDigits: number,
): Buffer {
  const packed = packedSize(codeDigits)
  const size = sealedSize(codeDigits)
  const count = sealed.length / size
  const aad = associatedData(binding)
  const nonce = Buffer.alloc(NONCE_BYTES)
  const out = wipeableBytes(count * packed)
  const first = serialToNumber(firstSerial)
  for (let i = 0; i < count; i++) {
    nonce.writeUInt32BE(firstIndex + i, INDEX_OFFSET)
    aad.bytes.writeBigUInt64BE(BigInt(first + i), aad.serialAt)
    const decipher = createDecipheriv('aes-256-gcm', contentKey, nonce, { authTagLength: SEAL_TAG_BYTES })
    decipher.setAAD(aad.bytes)
    decipher.setAuthTag(sealed.subarray(i * size + packed, (i + 1) * size))
    const clear = decipher.update(sealed.subarray(i * size, i * size + packed))
    out.set(clear, i * packed)
    clear.fill(0)
    try {
      decipher.final()
    } catch {
      out.fill(0)
      throw new BrokenSeal(first + i)
    }
  }
  wipeTraces()
  return out
}
