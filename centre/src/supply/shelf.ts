// The stock that a group of orders is served from: packs that are locked, soonest expiry first, with cursors that
// move as orders are accepted.

import type { ProductId } from '@scratchless/voucher/product'
import type { PackRow, TakenRun } from './supply.sql.ts'

/** The wire's bound on runs of one lot in one delivery. */
const MAX_RUNS_PER_LOT = 100
/** The wire's bound: the end of one lot, the start of the next. */
const MAX_LOTS_PER_PRODUCT = 2

export interface Shelf {
  /** Up to `quantity` codes, fewer where there are no more or they lie too scattered. Takes nothing yet. */
  find(product: ProductId, quantity: number, unitPriceMinor: bigint): TakenRun[]
  /** Moves the cursors over what `find` found just before. */
  take(runs: readonly TakenRun[]): void
  /** Packs whose cursor moved. */
  moved(): Pick<PackRow, 'operator' | 'first_serial' | 'taken'>[]
}

export function createShelf(packs: readonly PackRow[]): Shelf {
  const shelves = Map.groupBy(
    packs.map((pack) => ({ ...pack, moved: false })),
    ({ product_id }) => product_id,
  )
  return {
    find(product, quantity, unitPriceMinor) {
      const runs: TakenRun[] = []
      const runsOfLot = new Map<string, number>()
      let missing = quantity
      for (const pack of shelves.get(product) ?? []) {
        const free = pack.count - pack.taken
        if (missing === 0) break
        if (free === 0) continue
        const lotRuns = runsOfLot.get(pack.lot_id) ?? 0
        if (lotRuns === MAX_RUNS_PER_LOT) continue
        if (lotRuns === 0 && runsOfLot.size === MAX_LOTS_PER_PRODUCT) break
        runsOfLot.set(pack.lot_id, lotRuns + 1)
        const count = Math.min(free, missing)
        missing -= count
        runs.push({
          operator: pack.operator,
          product,
          lot: pack.lot_id,
          expiresOn: pack.expires_on,
          packFirstSerial: pack.first_serial,
          firstSerial: pack.first_serial + BigInt(pack.taken),
          count,
          unitPriceMinor,
        })
      }
      return runs
    },
    take(runs) {
      for (const run of runs) {
        const pack = shelves
          .get(run.product)
          ?.find((one) => one.operator === run.operator && one.first_serial === run.packFirstSerial)
        if (pack === undefined || pack.first_serial + BigInt(pack.taken) !== run.firstSerial)
          throw new Error('a run was taken that was not found just before')
        pack.taken += run.count
        pack.moved = true
      }
    },
    moved: () => [...shelves.values()].flat().filter(({ moved }) => moved),
  }
}
