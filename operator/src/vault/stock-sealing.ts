// Adding codes to stock: packs of open codes come in, are closed for ourselves under a content key made for this
// attempt, fingerprinted and written, all in the caller's transaction. An attempt that is rolled back takes its
// keys with it, so no key ever meets one nonce twice.

import type { SqlClient } from '@scratchless/office/database/database'
import { beginSealing, closePack, type Sealing } from '@scratchless/office/vault/closing'
import { fingerprintsOf } from '@scratchless/office/vault/fingerprint'
import { writeLotRecord } from '@scratchless/office/vault/lot-record'
import { type LotId, lotId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { bindingOf } from './lot-key.ts'
import {
  findKnownFingerprints,
  forgetEnded,
  insertFingerprints,
  insertSealedLot,
  insertSealedPacks,
  lockStock,
  type NewPack,
  readNextPack,
  takeLotNumber,
} from './sealed-stock.sql.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { SealedLot } from './verbs.ts'

/** DESIGN's word: up to 1,000 codes of one lot with consecutive serials. */
export const MAX_PACK_CODES = 1_000
const LOT_DIGITS = 6
/** How long after its last day a lot's codes are still known here: the network's clock may be behind. */
const KNOWN_DAYS = 30
const DAY_MS = 24 * 3_600_000
/** What one attempt forgets of codes that have ended: the number of fingerprints follows the codes that live. */
const MOST_FORGOTTEN = 100_000

export interface OpenPack {
  readonly product: ProductId
  readonly codeDigits: number
  readonly expiresOn: string
  readonly firstSerial: number
  /** Packed codes; zeroed here once they are closed. */
  readonly packed: Buffer
  /** Where they are made already, and found to be nobody else's. */
  readonly fingerprints?: Float64Array
}

export interface StockSealing {
  /** The number of the attempt's first pack: those below were in stock before. */
  readonly firstPack: number
  /**
   * Closes and writes packs, numbered upwards in the order given. Returns the fingerprints that came before, here
   * or in stock: to be settled by opening both codes.
   */
  seal(packs: readonly OpenPack[]): Promise<number[]>
  /** Writes the lot records: one lot per product and expiry date. */
  finish(): Promise<SealedLot[]>
}

interface LotUnderWay {
  readonly id: LotId
  readonly product: ProductId
  readonly codeDigits: number
  readonly expiresOn: string
  readonly sealing: Sealing<'operator'>
  codes: number
}

/** Begins an attempt in the caller's transaction, as the only one: takes the stock lock. */
export async function beginStockSealing(
  needs: Pick<VaultNeeds, 'party' | 'keys' | 'random' | 'clock'>,
  sql: SqlClient,
  options: {
    source: 'file' | 'generator'
    activated: boolean
    broughtBy: string
    fileName: string | null
  },
): Promise<StockSealing> {
  await lockStock(sql)
  const at = new Date(needs.clock.nowMs())
  const before = new Date(at.getTime() - KNOWN_DAYS * DAY_MS).toISOString().slice(0, 10)
  await forgetEnded(sql, { before, at, most: MOST_FORGOTTEN })
  const firstPack = await readNextPack(sql)
  const lots = new Map<string, LotUnderWay>()
  let nextPack = firstPack

  async function lotOf(pack: OpenPack): Promise<LotUnderWay> {
    const name = `${pack.product} ${pack.expiresOn}`
    const known = lots.get(name)
    if (known) return known
    const id = lotId(`L${String(await takeLotNumber(sql)).padStart(LOT_DIGITS, '0')}`)
    const { product, codeDigits, expiresOn } = pack
    const sealing = beginSealing(bindingOf(needs.party, { id, product }), needs.random)
    const lot = { id, product, codeDigits, expiresOn, sealing, codes: 0 }
    lots.set(name, lot)
    return lot
  }

  async function closeAll(packs: readonly OpenPack[]) {
    const seen = new Set<number>()
    const repeated: number[] = []
    const unchecked: Float64Array[] = []
    const rows: (NewPack & { fingerprints: Float64Array })[] = []
    for (const pack of packs) {
      const { codeDigits, firstSerial, packed } = pack
      const lot = await lotOf(pack)
      const fingerprints =
        pack.fingerprints ?? fingerprintsOf(needs.keys.fingerprint, needs.party, packed, codeDigits)
      if (pack.fingerprints === undefined) {
        unchecked.push(fingerprints)
        for (const fingerprint of fingerprints) {
          if (seen.has(fingerprint)) repeated.push(fingerprint)
          seen.add(fingerprint)
        }
      }
      const closed = closePack(lot.sealing, serialFromNumber(firstSerial), packed, codeDigits)
      lot.codes += closed.count
      rows.push({ ...closed, id: nextPack++, lot: lot.id, firstSerial, fingerprints })
    }
    return { rows, repeated, unchecked }
  }

  return {
    firstPack,

    async seal(packs) {
      if (packs.length === 0) return []
      try {
        const { rows, repeated, unchecked } = await closeAll(packs)
        if (unchecked.length > 0) repeated.push(...(await findKnownFingerprints(sql, unchecked)))
        await insertSealedPacks(sql, rows)
        await insertFingerprints(sql, rows)
        return repeated
      } finally {
        for (const { packed } of packs) packed.fill(0)
      }
    },

    async finish() {
      const sealedAt = new Date(needs.clock.nowMs())
      for (const lot of lots.values()) {
        const record = writeLotRecord(lot.id, lot.sealing, lot.codeDigits, {
          holder: needs.keys.stock,
          macKey: needs.keys.lotMac,
        })
        await insertSealedLot(sql, {
          id: lot.id,
          product: lot.product,
          code_digits: lot.codeDigits,
          expires_on: lot.expiresOn,
          codes: lot.codes,
          source: options.source,
          activated_at: options.activated ? sealedAt : null,
          sealed_at: sealedAt,
          wrapped_key: record.wrappedKey,
          mac: record.mac,
          brought_by: options.broughtBy,
          file_name: options.fileName,
        })
      }
      return [...lots.values()].map(({ id, product, codes, expiresOn }) => ({
        lot: id,
        product,
        codes,
        expiresOn,
      }))
    },
  }
}
