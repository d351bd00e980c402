// The vault seals in its own transaction, and the api enters what it sealed in another: whenever somebody asks for
// stock, and so also after a crash between the two.

import type { Sql } from '@scratchless/office/database/database'
import { insertSealedLots, insertSealedPacks } from './stock.sql.ts'

export async function adoptSealedStock(sql: Sql): Promise<void> {
  const lots = await insertSealedLots(sql)
  if (lots.length > 0) await insertSealedPacks(sql, lots)
}
