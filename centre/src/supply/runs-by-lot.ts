// What the vault is asked to close for an order: its runs, by lot.

import { serialFromNumber } from '@scratchless/voucher/serial'
import type { DecidedSupply } from '../vault/verbs.ts'
import type { TakenRun } from './supply.sql.ts'

/** Runs as the vault's journal wants them: in one order, whoever built them, so that a repeat is the same. */
export function runsByLot(runs: readonly TakenRun[]): DecidedSupply['lots'] {
  const sorted = [...runs].sort(
    (a, b) =>
      compare(a.product, b.product) ||
      compare(a.expiresOn, b.expiresOn) ||
      compare(a.lot, b.lot) ||
      Number(a.firstSerial - b.firstSerial),
  )
  const lots = Map.groupBy(sorted, ({ product, lot }) => `${product} ${lot}`)
  return [...lots.values()].map((ofLot) => {
    const { operator, product, lot, expiresOn, unitPriceMinor } = ofLot[0]!
    return {
      operator,
      product,
      lot,
      expiresOn,
      unitPriceMinor,
      runs: ofLot.map((run) => ({
        packFirstSerial: serialFromNumber(Number(run.packFirstSerial)),
        firstSerial: serialFromNumber(Number(run.firstSerial)),
        count: run.count,
      })),
    }
  })
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
