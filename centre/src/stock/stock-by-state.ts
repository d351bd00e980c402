// Where the codes are, in numbers, with those apart that people must look at: each code in one column.

import type { Sql } from '@scratchless/office/database/database'
import { type AsideRow, readCodesAside } from './codes-aside.sql.ts'
import { readStock } from './stock.sql.ts'
import type { StockByStateView, StockView } from './stock-shapes.ts'

const NONE: Omit<AsideRow, 'depot' | 'operator' | 'product'> = {
  ...{ void: 0, stolen: 0, returned: 0, expired: 0, damaged: 0, in_doubt: 0, withheld: 0, asleep: 0 },
  ...{ void_lots: 0, expired_lots: 0, doubted: 0, illegible: 0, here: 0, away: 0, held_away: 0 },
}

export async function readStockByState(sql: Sql): Promise<StockByStateView[]> {
  const [stock, aside] = await Promise.all([readStock(sql), readCodesAside(sql)])
  const keyOf = ({ depot, operator, product }: Pick<StockView, 'depot' | 'operator' | 'product'>) =>
    `${depot} ${operator} ${product}`
  const apart = new Map(aside.map((row) => [keyOf(row), row]))
  return stock.map((row) => byState(row, apart.get(keyOf(row)) ?? NONE))
}

/** The two were read a moment apart: what is left over is never less than none. */
function byState(row: StockView, apart: typeof NONE): StockByStateView {
  const elsewhere = apart.here + apart.withheld + apart.asleep + apart.void_lots + apart.expired_lots
  return {
    ...{ depot: row.depot, operator: row.operator, product: row.product },
    inStock: row.inStock + apart.asleep,
    notActivated: apart.asleep,
    onHold: Math.max(row.onHold - elsewhere, 0) + apart.held_away,
    withheld: apart.withheld,
    inDoubt: apart.in_doubt + apart.doubted,
    damaged: apart.damaged + apart.illegible,
    stolen: apart.stolen,
    returned: apart.returned,
    expired: apart.expired + apart.expired_lots,
    void: apart.void + apart.void_lots,
    despatched: row.despatched,
    delivered: Math.max(row.delivered - apart.away - apart.doubted - apart.illegible, 0),
    sold: row.sold,
  }
}
