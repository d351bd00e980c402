// What the vault is told of products, by which it checks the codes of a delivery. The api tells before it orders; what
// the vault has heard of a product once, it holds against whatever is said later.

import { insertProducts, readProducts } from './restock.sql.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { ProductFacts, VaultVerbs } from './verbs.ts'

/** Nothing is noted where the vault was told otherwise of one of them before. */
export async function knowProducts(
  { pool }: Pick<VaultNeeds, 'pool'>,
  products: readonly ProductFacts[],
): ReturnType<VaultVerbs['knowProducts']> {
  const known = new Map((await readProducts(pool)).map((one) => [one.id, one]))
  const differs = products.some(({ id, operator, codeDigits, checkDigit }) => {
    const before = known.get(id)
    return (
      before !== undefined &&
      (before.operator !== operator || before.code_digits !== codeDigits || before.check_digit !== checkDigit)
    )
  })
  if (differs) return { refusal: 'product-differs' }
  const fresh = products.filter(({ id }) => !known.has(id))
  if (fresh.length > 0) await insertProducts(pool, fresh)
  return 'known'
}
