// The low-stock rule: when a product's tile warns.

export type StockLevel = 'normal' | 'low' | 'none'

/** `stock`: codes on board that can be sold. Low is below the minimum, not at it. */
export function stockLevel(stock: number, minimum: number): StockLevel {
  if (stock === 0) return 'none'
  return stock < minimum ? 'low' : 'normal'
}
