import type { HomeView, OperatorTiles, Tile } from '@scratchless/terminal/till/till-contract'
import { faceValueText, type Locale, unitOf } from '@scratchless/ui/format'

/** `Sahel 5 DT`: operator, value, unit, in the reader's language. */
export function productName(operator: OperatorTiles, tile: Tile, locale: Locale): string {
  const { amountMinor, currency } = tile.faceValue
  return `${operator.name} ${faceValueText(BigInt(amountMinor), currency, locale)}\u00A0${unitOf(currency, locale)}`
}

/** The same for a product's id; the id itself where the catalogue no longer has it. */
export function nameOfProduct(home: HomeView, product: string, locale: Locale): string {
  for (const operator of home.operators) {
    const tile = operator.tiles.find((candidate) => candidate.product === product)
    if (tile) return productName(operator, tile, locale)
  }
  return product
}
