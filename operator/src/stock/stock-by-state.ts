// Where a product's codes are, in numbers, with those apart that people must look at: each code in one column.

import type { Sql } from '@scratchless/office/database/database'
import { type AsideRow, readCodesAside } from './codes-aside.sql.ts'
import { readStock } from './stock.sql.ts'

interface StockByState {
  readonly product: string
  readonly inStock: number
  /** Of those in stock, the ones that the network does not accept yet. */
  readonly notActivated: number
  readonly onHold: number
  readonly inDoubt: number
  readonly damaged: number
  readonly stolen: number
  readonly returned: number
  readonly expired: number
  readonly void: number
  readonly despatched: number
  readonly delivered: number
}

const NONE: Omit<AsideRow, 'product'> = {
  ...{ void: 0, stolen: 0, returned: 0, expired: 0, damaged: 0, in_doubt: 0, here: 0, away: 0, held_away: 0 },
  ...{ void_lots: 0, expired_lots: 0 },
}

export async function readStockByState(sql: Sql): Promise<StockByState[]> {
  const [stock, aside] = await Promise.all([readStock(sql), readCodesAside(sql)])
  const apart = new Map(aside.map((row) => [row.product, row]))
  return stock.map((row) => {
    const found = apart.get(row.product) ?? NONE
    const elsewhere = found.here + found.void_lots + found.expired_lots
    return {
      ...{ product: row.product, inStock: Number(row.inStock), notActivated: Number(row.notActivated) },
      // The two were read a moment apart: what is left over is never less than none.
      onHold: Math.max(Number(row.onHold) - elsewhere, 0) + found.held_away,
      ...{ inDoubt: found.in_doubt, damaged: found.damaged, stolen: found.stolen, returned: found.returned },
      ...{ expired: found.expired + found.expired_lots, void: found.void + found.void_lots },
      ...{ despatched: Number(row.despatched), delivered: Math.max(Number(row.delivered) - found.away, 0) },
    }
  })
}
