// What was sold, added up: the rows that whoever looks at days and hours, shops and products reads instead of the sales.

import type { ProductId } from '@scratchless/voucher/product'

/** A sale as it is counted: on the day and in the hour of the office's clock. */
interface CountedSale {
  readonly product: ProductId
  readonly day: string
  readonly hour: number
  /** Null where its terminal named no price. */
  readonly amountMinor: bigint | null
}

export interface SalesSum {
  readonly day: string
  readonly product: ProductId
  readonly sales: number
  readonly amountMinor: bigint
}

/** By day, hour and product. In one order, whoever adds them up: two that write the same rows meet at the first. */
export function sumsOfHours(sales: readonly CountedSale[]): (SalesSum & { readonly hour: number })[] {
  return sums(sales, ({ day, hour, product }) => `${day} ${String(hour).padStart(2, '0')} ${product}`)
}

/** By day and product. */
export function sumsOfDays(sales: readonly CountedSale[]): SalesSum[] {
  return sums(sales, ({ day, product }) => `${day} ${product}`)
}

function sums(
  sales: readonly CountedSale[],
  keyOf: (sale: CountedSale) => string,
): (SalesSum & { readonly hour: number })[] {
  const groups = [...Map.groupBy(sales, keyOf)].sort(([one], [other]) => (one < other ? -1 : 1))
  return groups.map(([, group]) => ({
    day: group[0]!.day,
    hour: group[0]!.hour,
    product: group[0]!.product,
    sales: group.length,
    amountMinor: group.reduce((sum, { amountMinor }) => sum + (amountMinor ?? 0n), 0n),
  }))
}
