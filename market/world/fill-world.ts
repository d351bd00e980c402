// A large world in a centre's databases, for benchmarks and for looking at. Its rows are as consistent as those of a
// centre that worked for half a year; its codes are none: what lies in the vault's packs opens nothing.

import { createOwnAccounts } from '@scratchless/centre/retailers/accounts'
import { createPool, inTransaction } from '@scratchless/office/database/database'
import type { OfficeDatabases } from '@scratchless/office/database/roles'
import { depotId } from '@scratchless/voucher/ids'
import {
  fillMessages,
  fillMoney,
  fillOrders,
  fillProducts,
  fillSales,
  fillShops,
  fillStock,
  insertClosed,
  insertSealed,
  readClosed,
  readSealed,
  stageWorld,
  type WorldPlace,
} from './world-rows.sql.ts'
import type { WorldSize } from './world-size.ts'

/** Orders that go to the vault's journal by one statement. */
const JOURNALLED_AT_ONCE = 20_000

/** Fills both databases as their owner. Each is filled whole, or not at all. */
export async function fillWorld(
  { books, vault }: Pick<OfficeDatabases, 'books' | 'vault'>,
  size: WorldSize,
  place: WorldPlace,
  say: (progress: string) => void,
): Promise<void> {
  const own = createPool({ url: books.owner, name: 'world', max: 1 })
  const sealed = createPool({ url: vault.owner, name: 'world', max: 1 })
  try {
    await inTransaction(own, async (sql) => {
      await sql.query(`SET LOCAL work_mem = '128MB'`)
      await stageWorld(sql, size, place)
      await createOwnAccounts(sql, depotId('main'), 'TND', new Date())
      await fillProducts(sql)
      say(`${size.retailers} retailers`)
      await fillShops(sql, size)
      say(`${size.codes} codes in stock`)
      await fillStock(sql, place)
      say('money and orders')
      await fillMoney(sql, place)
      await fillOrders(sql)
      await fillMessages(sql, place)
      say(`${size.sales} sales`)
      await fillSales(sql, place)
      say('the vault')
      await inTransaction(sealed, async (vaultSql) => {
        await insertSealed(vaultSql, await readSealed(sql))
        for (let after: bigint | undefined = -1n; after !== undefined; ) {
          const closed = await readClosed(sql, after, JOURNALLED_AT_ONCE)
          if (closed.length > 0) await insertClosed(vaultSql, closed)
          after = closed.at(-1)?.o
        }
      })
    })
    // So that nobody is answered by a plan for empty tables, or pays for what was just written.
    await Promise.all([own.query('VACUUM ANALYZE'), sealed.query('VACUUM ANALYZE')])
  } finally {
    await Promise.all([own.end(), sealed.end()])
  }
}
