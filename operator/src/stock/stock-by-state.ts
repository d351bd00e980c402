// Where a product's codes are, in numbers, with those apart that people must look at: each code in one column.

import type { Sql } from '@scratchless/office/database/database'
import { readCodesAside } from './codes-aside.sql.ts'
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

export async function readStockByState(sql: Sql): Promise<StockByState[]> {
  const [stock, aside] = await Promise.all([readStock(sql), readCodesAside(sql)])
  const apart = new Map(aside.map((row) => [row.product, row]))
  return stock.map((row) => {
    const none = { ...{ void: 0, stolen: 0, returned: 0, expired: 0, damaged: 0, in_doubt: 0 } }
    const {
      void: voids,
      in_doubt: inDoubt,
      void_lots,
      expired_lots,
      ...rest
    } = apart.get(row.product) ?? {
      ...none,
      ...{ void_lots: 0, expired_lots: 0 },
    }
    const { stolen, returned, damaged } = rest
    const [gone, expired] = [voids + void_lots, rest.expired + expired_lots]
    const elsewhere = gone + expired + stolen + returned + damaged + inDoubt
    return {
      ...{ product: row.product, inStock: Number(row.inStock), notActivated: Number(row.notActivated) },
      // The two were read a moment apart: what is left over is never less than none.
      ...{ onHold: Math.max(Number(row.onHold) - elsewhere, 0), inDoubt, damaged, stolen, returned },
      ...{ expired, void: gone, despatched: Number(row.despatched), delivered: Number(row.delivered) },
    }
  })
}
