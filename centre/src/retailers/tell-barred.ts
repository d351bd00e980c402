// After a case or a lot has changed: the settings of each shop that has such codes say so, each shop in a transaction of
// its own, so that nobody waits for all of them.

import { inTransaction } from '@scratchless/office/database/database'
import type { RetailerId } from '@scratchless/voucher/ids'
import type { CentreNeeds } from '../needs.ts'
import { markTold, readBarred, readShopsToTell } from './barred-range.sql.ts'
import { MAX_BARRED, raiseShopSettings } from './raise-shop-settings.ts'

const SHOPS_AT_ONCE = 100
/** Shops that are named; how many more there are is said. */
const SHOPS_NAMED = 10

export interface ToldShops {
  /** Shops whose terminals get other settings. */
  readonly shops: number
  /** Where more ranges may not be sold than the settings hold, in words. Absent: all of them were told. */
  readonly notTold?: { readonly en: string; readonly fr: string }
}

export async function tellBarred({
  pool,
  clock,
  settings,
}: Pick<CentreNeeds, 'pool' | 'clock' | 'settings'>): Promise<ToldShops> {
  const overfull: RetailerId[] = []
  let shops = 0
  for (;;) {
    const some = await readShopsToTell(pool, SHOPS_AT_ONCE)
    if (some.length === 0) return { shops, ...(overfull.length > 0 && { notTold: wordsFor(overfull) }) }
    for (const retailer of some) {
      await inTransaction(pool, async (sql) => {
        // What is added after this is read by the next look.
        await markTold(sql, retailer, new Date(clock.nowMs()))
        await raiseShopSettings({ pool, settings }, sql, retailer)
      })
      if ((await readBarred(pool, retailer)).length > MAX_BARRED) overfull.push(retailer)
      shops++
    }
  }
}

function wordsFor(shops: readonly RetailerId[]): { en: string; fr: string } {
  const named = shops.slice(0, SHOPS_NAMED).join(', ')
  const more = shops.length - SHOPS_NAMED
  return {
    en: `More than ${MAX_BARRED} ranges may not be sold at ${named}${more > 0 ? ` and ${more} more shops` : ''}: the oldest of them could not be told, and their tills go on selling them.`,
    fr: `Plus de ${MAX_BARRED} tranches sont bloquées chez ${named}${more > 0 ? ` et ${more} autres revendeurs` : ''} : les plus anciennes n’ont pu être annoncées, et leurs caisses continuent de les vendre.`,
  }
}
