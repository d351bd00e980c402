// How large a world is, and what follows from it.

/** What somebody asks for. */
export interface WorldSize {
  /** Free at the centre; those that were sold, and some that terminals still have, come besides. */
  readonly codes: number
  /** Shops, each with a terminal. */
  readonly retailers: number
  readonly sales: number
}

/** Codes of an order, and orders of a pack. */
export const ORDER_CODES = 10
const PACK_CODES = 1_000
const PACK_ORDERS = PACK_CODES / ORDER_CODES

/** Beyond what was sold terminals have a twentieth on board. */
const ABOARD_OF_SOLD = 0.05
/** The days over which shops ordered and sold, up to yesterday. */
export const WORLD_DAYS = 180

const MOST: WorldSize = { codes: 10_000_000, retailers: 1_000_000, sales: 20_000_000 }

/** What is asked for, or one sentence that says what is wrong with it. */
export function worldSizeOf({
  codes,
  retailers,
  sales,
}: WorldSize): WorldSize | { readonly problem: string } {
  const asked = { codes, retailers, sales }
  for (const [name, most] of Object.entries(MOST) as [keyof WorldSize, number][]) {
    const least = name === 'retailers' ? 1 : 0
    const value = asked[name]
    if (!Number.isInteger(value) || value < least || value > most)
      return { problem: `--${name} takes a whole number from ${least} to ${most}.` }
  }
  return asked
}

/** Orders that were delivered, full packs of them. */
export function ordersOf({ sales }: WorldSize): number {
  const orders = Math.ceil((sales * (1 + ABOARD_OF_SOLD)) / ORDER_CODES)
  return Math.ceil(orders / PACK_ORDERS) * PACK_ORDERS
}
