// The pace at which a card of tests opens codes: a shop's own, with a vendor who takes his time.

/** What a terminal's settings say where they say nothing. */
export const DEFAULT_PACE = 2

/** The card's clock: between two openings passes as long as that pace asks for. */
export function vendorAtHisPace(): () => number {
  let steadyMs = 0
  return () => {
    steadyMs += 1_000 / DEFAULT_PACE
    return steadyMs
  }
}
