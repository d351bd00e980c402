// The terminal's clock: never earlier than the latest time it has worked with, so that setting the machine's
// clock back gains nothing. Only a fresh answer of the centre may lower it: a dead battery does not stop a shop.

import type { Clock } from '@scratchless/voucher/clock'
import type { Store } from '../store/connect-store.ts'
import { clockMarks, saveClockMarks, saveHighWater } from './device.sql.ts'

export interface TerminalClock extends Clock {
  /** The machine's clock was set back: until it has caught up, or the centre is heard, this one does not move. */
  standsStill(): boolean
  /** It stands so far ahead that it is no small correction: it waits for the centre's time, which alone lowers it. */
  waitsForCentre(): boolean
  /** Takes the centre's signed time. `fresh`: the answer to a request sent once, within the last ten minutes. */
  hear(centreMs: number, fresh: boolean): void
  /** Makes the latest time durable; inside the caller's transaction. */
  saveMark(): void
}

/** Between two machines with good clocks and a slow line; below it the clock is left alone. */
const TOLERATED_MS = 120_000

export function terminalClock(system: Clock, store: Store): TerminalClock {
  let { highWaterMs, offsetMs } = clockMarks(store)
  return {
    nowMs() {
      highWaterMs = Math.max(highWaterMs, system.nowMs() + offsetMs)
      return highWaterMs
    },
    standsStill: () => system.nowMs() + offsetMs < highWaterMs,
    waitsForCentre: () => highWaterMs - (system.nowMs() + offsetMs) > TOLERATED_MS,
    hear(centreMs, fresh) {
      const aheadMs = this.nowMs() - centreMs
      if (Math.abs(aheadMs) <= TOLERATED_MS) return
      if (!fresh && aheadMs > 0) return
      // An old answer was right when it was made, so the true time is no earlier: it may raise the clock.
      offsetMs = centreMs - system.nowMs()
      highWaterMs = centreMs
      saveClockMarks(store, { highWaterMs, offsetMs })
    },
    saveMark() {
      saveHighWater(store, highWaterMs)
    },
  }
}
