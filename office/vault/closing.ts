// Closing codes at an office. One content key per sealing attempt, AES-256-GCM, and associated data that binds holder,
// operator, product, lot and serials: a code moved elsewhere does not open. A pack's codes are closed as one box, whose
// nonce is the row index of the first; a box of one code, and each code of a pack of the first release, is a box of its
// own under its own row index. Why: docs/decisions/0015-a-pack-is-one-box.md.
//
// A sealing attempt lives in memory only. After a crash or a rolled-back import nothing resumes it: the next

// attempt has another key, because one key meeting one nonce twice would give codes away.

import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import type { LotId, OperatorId, PartyId } from '@scratchless/voucher/ids'
import { packedSize } from '@scratchless/voucher/packed-code'
import type { ProductId } from '@scratchless/voucher/product'
import { type Random, randomBytes } from '@scratchless/voucher/random'
import { type Holder, SEAL_TAG_BYTES, sealedSize } from '@scratchless/voucher/sealed-code'
import { type SerialNumber, serialFromNumber, serialToNumber } from '@scratchless/voucher/serial'
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

declare const closedFor: unique symbol

/** A pack's sealed bytes, as they are stored. */
export type SealedPackBytes<H extends OfficeHolder> = Uint8Array & { readonly [closedFor]: H }

/** A pack as it is stored. */
export interface SealedPack<H extends OfficeHolder> {
  readonly firstSerial: SerialNumber
  /** The row index of its first code; each of its codes has one, and none is ever used again. */
  readonly firstIndex: number
  readonly count: number
  readonly sealed: SealedPackBytes<H>
}

/** A sealed code that does not open: altered, moved, or closed under another key. */
export class BrokenSeal extends Error {
  override name = 'BrokenSeal'
  constructor(serial: SerialNumber) {
    super(`the code of serial ${serial} does not open`)
  }
}

const CONTENT_KEY_BYTES = 32
const NONCE_BYTES = 12
const INDEX_OFFSET = NONCE_BYTES - 4
const MAX_INDEX = 0xffff_ffff
const SERIAL_BYTES = 8
const COUNT_BYTES = 4

export function beginSealing<H extends OfficeHolder>(binding: LotBinding<H>, random: Random): Sealing<H> {
  const bytes = randomBytes(random, CONTENT_KEY_BYTES)
  const contentKey = createSecretKey(bytes)
  bytes.fill(0)
  return { binding, contentKey, nextIndex: 0 }
}

/** Names, which hold no zero, each with a zero after it. */
function namesOf(version: 1 | 2, binding: LotBinding<OfficeHolder>): Buffer {
  const { holderKind, holder, operator, product, lot } = binding
  return Buffer.from(
    `scratchless closing ${version}\0${holderKind}\0${holder}\0${operator}\0${product}\0${lot}\0`,
  )
}

/** Associated data of one code: the names, then its serial as 64 bits big-endian. */
function codeData(binding: LotBinding<OfficeHolder>, serial: number): Buffer {
  const bytes = Buffer.alloc(SERIAL_BYTES)
  bytes.writeBigUInt64BE(BigInt(serial))
  return Buffer.concat([namesOf(1, binding), bytes])
}

/** Of a box: the names, then its first serial as 64 bits and the number of its codes as 32, big-endian. */
function boxData(binding: LotBinding<OfficeHolder>, serial: number, count: number): Buffer {
  const bytes = Buffer.alloc(SERIAL_BYTES + COUNT_BYTES)
  bytes.writeBigUInt64BE(BigInt(serial))
  bytes.writeUInt32BE(count, SERIAL_BYTES)
  return Buffer.concat([namesOf(2, binding), bytes])
}

function nonceOf(index: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce.writeUInt32BE(index, INDEX_OFFSET)
  return nonce
}

/** Bytes of a pack that is one box; the same for one code, which is closed alike in both ways. */
export function boxSize(count: number, codeDigits: number): number {
  return count * packedSize(codeDigits) + SEAL_TAG_BYTES
}

/** Says for whom a pack's bytes are closed. Throws a RangeError where they are no pack's of so many codes. */
export function sealedPack<H extends OfficeHolder>(
  pack: Omit<SealedPack<H>, 'sealed'> & { readonly sealed: Uint8Array },
  codeDigits: number,
): SealedPack<H> {
  const { sealed, count } = pack
  if (sealed.length !== boxSize(count, codeDigits) && sealed.length !== count * sealedSize(codeDigits))
    throw new RangeError('a pack is one box, or one for each of its codes')
  return { ...pack, sealed: sealed as SealedPackBytes<H> }
}

/**
 * Closes the packed codes of consecutive serials. `packedCodes` (count x packedSize) stays its owner's to zero.
 */
export function closePack<H extends OfficeHolder>(
  sealing: Sealing<H>,
  firstSerial: SerialNumber,
  packedCodes: Uint8Array,
  codeDigits: number,
): SealedPack<H> {
  const count = packedCodes.length / packedSize(codeDigits)
  if (!Number.isInteger(count) || count === 0) throw new RangeError('a pack has whole codes only')
  const firstIndex = sealing.nextIndex
  if (firstIndex + count - 1 > MAX_INDEX) throw new RangeError('a sealing attempt has at most 2^32 rows')
  sealing.nextIndex = firstIndex + count

  const first = serialToNumber(firstSerial)
  const { binding, contentKey } = sealing
  const cipher = createCipheriv('aes-256-gcm', contentKey, nonceOf(firstIndex), {
    authTagLength: SEAL_TAG_BYTES,
  })
  cipher.setAAD(count === 1 ? codeData(binding, first) : boxData(binding, first, count))
  const closed = cipher.update(packedCodes)
  cipher.final()
  const sealed = Buffer.concat([closed, cipher.getAuthTag()])
  wipeTraces()
  return sealedPack<H>({ firstSerial, firstIndex, count, sealed }, codeDigits)
}

/**
 * Opens `count` codes of a pack, from `place` on, into packed form, for the caller to zero. A box is opened whole, and what
 * of it was not asked for is zeroed at once. Throws BrokenSeal, with what was opened zeroed.
 */
export function openPack<H extends OfficeHolder>(
  contentKey: KeyObject,
  binding: LotBinding<H>,
  pack: SealedPack<H>,
  { place, count }: { readonly place: number; readonly count: number },
  codeDigits: number,
): Buffer {
  if (
    !Number.isInteger(place) ||
    !Number.isInteger(count) ||
    place < 0 ||
    count < 1 ||
    place + count > pack.count
  )
    throw new RangeError('a pack has no such codes')
  const packed = packedSize(codeDigits)
  const out = wipeableBytes(count * packed)
  try {
    const isBox = pack.count > 1 && pack.sealed.length === boxSize(pack.count, codeDigits)
    if (isBox) openBox(contentKey, binding, pack, place * packed, out)
    else openCodes(contentKey, binding, pack, place, packed, out)
  } catch (error) {
    out.fill(0)
    throw error
  } finally {
    wipeTraces()
  }
  return out
}

/** Opens a box, and copies of its codes as many bytes as `out` has, from `from` on. */
function openBox(
  contentKey: KeyObject,
  binding: LotBinding<OfficeHolder>,
  { firstSerial, firstIndex, count, sealed }: SealedPack<OfficeHolder>,
  from: number,
  out: Buffer,
): void {
  const data = boxData(binding, serialToNumber(firstSerial), count)
  openOne(contentKey, firstIndex, data, sealed, firstSerial, (clear) => {
    out.set(clear.subarray(from, from + out.length))
  })
}

/** Codes that are each closed for themselves. */
function openCodes(
  contentKey: KeyObject,
  binding: LotBinding<OfficeHolder>,
  { firstSerial, firstIndex, sealed }: SealedPack<OfficeHolder>,
  place: number,
  packed: number,
  out: Buffer,
): void {
  const size = packed + SEAL_TAG_BYTES
  for (let at = 0; at < out.length; at += packed, place++) {
    const serial = serialToNumber(firstSerial) + place
    const code = sealed.subarray(place * size, (place + 1) * size)
    openOne(
      contentKey,
      firstIndex + place,
      codeData(binding, serial),
      code,
      serialFromNumber(serial),
      (clear) => {
        out.set(clear, at)
      },
    )
  }
}

/** Opens what ends with its tag; `take` gets what is not verified yet, and may keep a copy that a throw then zeroes. */
function openOne(
  contentKey: KeyObject,
  index: number,
  data: Buffer,
  sealed: Uint8Array,
  serial: SerialNumber,
  take: (clear: Buffer) => void,
): void {
  const tagAt = sealed.length - SEAL_TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', contentKey, nonceOf(index), {
    authTagLength: SEAL_TAG_BYTES,
  })
  decipher.setAAD(data)
  decipher.setAuthTag(sealed.subarray(tagAt))
  const clear = decipher.update(sealed.subarray(0, tagAt))
  take(clear)
  clear.fill(0)
  try {
    decipher.final()
  } catch {
    throw new BrokenSeal(serial)
  }
}
