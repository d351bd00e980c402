// What the vault is told of products, by which it checks the codes of a file and makes codes. The api tells before each
// admission; what the vault has heard of a product once, it holds against whatever is said later.

import { insertProducts, readStockProducts } from './sealed-stock.sql.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { ProductFacts } from './verbs.ts'

/** `product-differs`: the vault was told otherwise of one of them before; nothing is noted then. */
export async function knowProducts(
  { pool }: Pick<VaultNeeds, 'pool'>,
  products: readonly ProductFacts[],
): Promise<'known' | { refusal: 'product-differs' }> {
  const known = await readStockProducts(pool)
  for (const { id, codeDigits, checkDigit } of products) {
    const before = known.get(id)
    if (before !== undefined && (before.codeDigits !== codeDigits || before.checkDigit !== checkDigit))
      return { refusal: 'product-differs' }
  }
  const fresh = products.filter(({ id }) => !known.has(id))
  if (fresh.length > 0) await insertProducts(pool, fresh)
  return 'known'
}
