// Which codes are promised: whole packs where they fit, those that expire first first, and parts that end where a
// pack ends, so that two parts of one order never share a pack.

import type { LotId } from '@scratchless/voucher/ids'
import { type SerialNumber, serialFromNumber } from '@scratchless/voucher/serial'
import { MAX_PART_CODES } from '@scratchless/wire/restock/restock-fields'

/** A pack with codes that nobody was promised. `firstSerial` as a whole number. */
export interface FreePack {
  readonly id: bigint
  readonly lot: LotId
  readonly activatedAt: Date | null
  readonly firstSerial: number
  readonly count: number
  readonly free: number
  /** A digit a code, `1` where it is given or aside. */
  readonly gone: string
}

export interface PlannedPart {
  readonly lot: LotId
  readonly activatedAt: Date | null
  readonly codes: number
  readonly runs: readonly {
    readonly pack: bigint
    readonly firstSerial: SerialNumber
    readonly count: number
  }[]
}

interface PartUnderWay extends PlannedPart {
  codes: number
  readonly runs: PlannedPart['runs'][number][]
}

export function freeCodes(packs: readonly FreePack[]): number {
  return packs.reduce((sum, { free }) => sum + free, 0)
}

/**
 * Plans `quantity` codes (not more than are free) from packs in the order given: parts of one lot each and at most
 * 10,000 codes. The packs of one lot must come together, by rising serial.
 */
export function planParts(packs: readonly FreePack[], quantity: number): PlannedPart[] {
  if (quantity > freeCodes(packs)) throw new RangeError('more is planned than is free')
  const parts: PartUnderWay[] = []
  let left = quantity
  for (const pack of packs) {
    if (left === 0) break
    const take = Math.min(pack.free, left)
    let part = parts.at(-1)
    if (part === undefined || part.lot !== pack.lot || part.codes + take > MAX_PART_CODES) {
      part = { lot: pack.lot, activatedAt: pack.activatedAt, codes: 0, runs: [] }
      parts.push(part)
    }
    part.runs.push(...firstFree(pack, take))
    part.codes += take
    left -= take
  }
  return parts
}

/** The first `quantity` free codes of a pack. */
function firstFree(
  { id, firstSerial, count, gone }: FreePack,
  quantity: number,
): PlannedPart['runs'][number][] {
  const runs: PlannedPart['runs'][number][] = []
  let left = quantity
  for (let at = gone.indexOf('0'); left > 0 && at !== -1 && at < count; ) {
    const end = gone.indexOf('1', at)
    const run = Math.min((end === -1 ? count : Math.min(end, count)) - at, left)
    runs.push({ pack: id, firstSerial: serialFromNumber(firstSerial + at), count: run })
    left -= run
    at = gone.indexOf('0', at + run)
  }
  return runs
}
