// Step 1 of the way of a code, for an operator without files: codes from the system's random numbers, each digit
// drawn alone, closed for the operator before anything else happens to them.

import { inTransaction, type SqlClient } from '@scratchless/office/database/database'
import { fingerprintsOf } from '@scratchless/office/vault/fingerprint'
import { luhnDigit } from '@scratchless/voucher/check-digit'
import { packDigits, packedSize } from '@scratchless/voucher/packed-code'
import type { Random } from '@scratchless/voucher/random'
import { wipeableBytes } from '@scratchless/voucher/wipeable-bytes'
import {
  findKnownFingerprints,
  findSerialAfterOverlap,
  moveSerialCounter,
  readSerialCounter,
  readStockProducts,
} from './sealed-stock.sql.ts'
import type { StockProduct } from './stock-file.ts'
import { beginStockSealing, MAX_PACK_CODES } from './stock-sealing.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { GenerationRefusal, SealedLot, StockGeneration } from './verbs.ts'

/** Rounds of new codes in place of known ones, before the product's numbers are said to be used up. */
const MAX_ROUNDS = 20

/** Makes one lot of `count` codes. Serials come from the operator's counter and from nowhere else. */
export async function generateStock(
  needs: VaultNeeds,
  generation: StockGeneration,
): Promise<SealedLot | { refusal: GenerationRefusal }> {
  try {
    return await inTransaction(needs.pool, (sql) => generate(needs, sql, generation))
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.refusal }
    throw error
  }
}

class Refused extends Error {
  readonly refusal: GenerationRefusal
  constructor(refusal: GenerationRefusal) {
    super(refusal)
    this.refusal = refusal
  }
}

async function generate(
  needs: VaultNeeds,
  sql: SqlClient,
  { product, count, expiresOn, activated, actor }: StockGeneration,
): Promise<SealedLot> {
  const known = (await readStockProducts(sql)).get(product)
  if (known === undefined) throw new Refused('unknown-product')
  const sealing = await beginStockSealing(needs, sql, {
    ...{ source: 'generator', activated, broughtBy: actor, fileName: null },
  })
  const { codeDigits } = known
  let firstSerial = await freeSerials(sql, count)
  for (let left = count; left > 0; ) {
    const size = Math.min(left, MAX_PACK_CODES)
    const pack = await newCodes(needs, sql, known, size)
    await sealing.seal([{ product, codeDigits, expiresOn, firstSerial, ...pack }])
    firstSerial += size
    left -= size
  }
  await moveSerialCounter(sql, firstSerial)
  const [lot] = await sealing.finish()
  return lot!
}

/** The counter's next serials, past any that came with a file. */
async function freeSerials(sql: SqlClient, count: number): Promise<number> {
  let first = await readSerialCounter(sql)
  for (;;) {
    const after = await findSerialAfterOverlap(sql, first, count)
    if (after === null) return first
    first = after
  }
}

/**
 * A pack of codes that no code in stock equals. A code whose fingerprint is known is drawn anew, equal or not:
 * with a hundred million codes of its length in stock that is one in ten thousand.
 */
async function newCodes(
  { keys, party, random }: VaultNeeds,
  sql: SqlClient,
  product: StockProduct,
  count: number,
): Promise<{ packed: Buffer; fingerprints: Float64Array }> {
  const size = packedSize(product.codeDigits)
  const packed = wipeableBytes(count * size)
  const digits = digitSource(random)
  const ascii = wipeableBytes(product.codeDigits)
  let wanted = Array.from({ length: count }, (_, place) => place)
  try {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      for (const place of wanted) {
        drawCode(digits, product, ascii)
        packDigits(ascii, packed, place * size)
      }
      const fingerprints = fingerprintsOf(keys.fingerprint, party, packed, product.codeDigits)
      const taken = new Set(await findKnownFingerprints(sql, [fingerprints]))
      wanted = []
      for (const [place, fingerprint] of fingerprints.entries()) {
        if (taken.has(fingerprint)) wanted.push(place)
        taken.add(fingerprint)
      }
      if (wanted.length === 0) return { packed, fingerprints }
    }
    packed.fill(0)
    throw new Refused('codes-exhausted')
  } finally {
    ascii.fill(0)
    digits.wipe()
  }
}

function drawCode(digits: DigitSource, product: StockProduct, ascii: Buffer): void {
  const free = product.checkDigit === 'luhn' ? ascii.length - 1 : ascii.length
  for (let at = 0; at < free; at++) ascii[at] = 0x30 + digits.next()
  if (free < ascii.length) ascii[free] = 0x30 + luhnDigit(ascii.subarray(0, free))
}

interface DigitSource {
  next(): number
  wipe(): void
}

/** Bytes drawn at a time. */
const POOL_BYTES = 4_096
/** 250 bytes are ten digits twenty-five times over; a byte above would favour the low digits, and is thrown away. */
const FAIR_BELOW = 250

export function digitSource(random: Random): DigitSource {
  const pool = Buffer.alloc(POOL_BYTES)
  let at = POOL_BYTES
  return {
    next() {
      for (;;) {
        if (at === POOL_BYTES) {
          random.fill(pool)
          at = 0
        }
        const byte = pool[at]!
        pool[at++] = 0
        if (byte < FAIR_BELOW) return byte % 10
      }
    },
    wipe: () => {
      pool.fill(0)
      at = POOL_BYTES
    },
  }
}
