// Time is asked from a clock that arrives as an argument, so that a test or the simulator can hold it.

export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  nowMs(): number
}

/** The machine's own clock: made in a program's main file and handed down. */
export const systemClock: Clock = { nowMs: () => Date.now() }

export function nowIso(clock: Clock): string {
  return new Date(clock.nowMs()).toISOString()
}

/** Whole seconds, as compact messages carry time. */
export function nowSeconds(clock: Clock): number {
  return Math.floor(clock.nowMs() / 1000)
}
