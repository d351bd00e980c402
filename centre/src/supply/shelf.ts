// The stock that a group of orders is served from: packs that are locked, soonest expiry first, whose free codes are taken
// from the front as orders are accepted.

import type { ProductId } from '@scratchless/voucher/product'
import type { PackRow, PackRun, TakenRun } from './supply.sql.ts'

/** The wire's bound on runs of one lot in one delivery. */
const MAX_RUNS_PER_LOT = 100
/** The wire's bound: the end of one lot, the start of the next. */
const MAX_LOTS_PER_PRODUCT = 2

export interface Shelf {
  /** Up to `quantity` codes, fewer where there are no more or they lie too scattered. Takes nothing yet. */
  find(product: ProductId, quantity: number, unitPriceMinor: bigint): TakenRun[]
  /** Takes what `find` found just before. */
  take(runs: readonly TakenRun[]): void
  /** All that was taken. */
  taken(): readonly PackRun[]
}

export function createShelf(packs: readonly PackRow[]): Shelf {
  const shelves = Map.groupBy(
    packs.map((pack) => ({ ...pack })),
    ({ product_id }) => product_id,
  )
  const taken: PackRun[] = []
  return {
    find(product, quantity, unitPriceMinor) {
      const runs: TakenRun[] = []
      const runsOfLot = new Map<string, number>()
      let missing = quantity
      for (const pack of shelves.get(product) ?? [])
        for (const { offset, count: free } of freeRuns(pack)) {
          if (missing === 0) return runs
          const lotRuns = runsOfLot.get(pack.lot_id) ?? 0
          if (lotRuns === MAX_RUNS_PER_LOT) break
          if (lotRuns === 0 && runsOfLot.size === MAX_LOTS_PER_PRODUCT) return runs
          runsOfLot.set(pack.lot_id, lotRuns + 1)
          const count = Math.min(free, missing)
          missing -= count
          runs.push({
            operator: pack.operator,
            product,
            lot: pack.lot_id,
            expiresOn: pack.expires_on,
            packFirstSerial: pack.first_serial,
            firstSerial: pack.first_serial + BigInt(offset),
            count,
            unitPriceMinor,
          })
        }
      return runs
    },
    take(runs) {
      for (const { operator, product, packFirstSerial, firstSerial, count } of runs) {
        const pack = shelves
          .get(product)
          ?.find((one) => one.operator === operator && one.first_serial === packFirstSerial)
        const offset = Number(firstSerial - packFirstSerial)
        if (pack === undefined || pack.gone.slice(offset, offset + count) !== '0'.repeat(count))
          throw new Error('a run was taken that was not found just before')
        pack.gone = pack.gone.slice(0, offset) + '1'.repeat(count) + pack.gone.slice(offset + count)
        taken.push({ operator, packFirstSerial, firstSerial, count })
      }
    },
    taken: () => taken,
  }
}

/** From the front: which codes of a pack are free. */
function* freeRuns({
  gone,
  count,
}: Pick<PackRow, 'gone' | 'count'>): Generator<{ offset: number; count: number }> {
  for (let at = gone.indexOf('0'); at !== -1 && at < count; ) {
    const end = gone.indexOf('1', at)
    const upto = end === -1 ? count : Math.min(end, count)
    yield { offset: at, count: upto - at }
    at = gone.indexOf('0', upto)
  }
}
