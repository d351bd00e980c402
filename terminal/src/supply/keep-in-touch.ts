// The terminal's side of the supply line, in one loop: turn after turn, with a pause where there is nothing to ask or
// nobody answers.

import { LineFault } from '@scratchless/keys/pinned-client'
import { randomBytes } from '@scratchless/voucher/random'
import type { LineStatus } from '../till/till-shapes.ts'
import { enrolmentIn } from './enrolment.sql.ts'
import { createTurns, ENROLMENT_POLL_MS, type Turn, type TurnNeeds } from './take-turn.ts'

interface TouchNeeds extends TurnNeeds {
  /** Something on the screen is old. */
  readonly changed: () => void
}

export interface SupplyLine {
  /** There may be something to ask: look now, and do not wait out a pause. */
  wake(): void
  status(): LineStatus
  stop(): Promise<void>
}

const FIRST_RETRY_MS = 2_000
const LONGEST_RETRY_MS = 300_000
/** How often the loop looks for what time alone brings: a report, a standing grown old. */
const IDLE_MS = 1_000

export function keepInTouch(needs: TouchNeeds): SupplyLine {
  const { log, random } = needs
  const turn = createTurns(needs)
  let stopped = false
  let status: LineStatus = 'offline'
  let retryMs = FIRST_RETRY_MS
  let wakeUp: () => void = () => undefined
  let woken = false

  /** Until `ms` have passed or somebody wakes the loop. */
  function rest(ms: number): Promise<void> {
    if (woken || stopped) {
      woken = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      function done() {
        clearTimeout(timer)
        wakeUp = () => undefined
        woken = false
        resolve()
      }
      wakeUp = done
    })
  }

  function setStatus(next: LineStatus): void {
    if (next === status) return
    status = next
    needs.changed()
  }

  /** Doubling to five minutes, varied by a quarter, so that a thousand terminals do not come back in one second. */
  function pauseMs(): number {
    const quarter = randomBytes(random, 1)[0]! / 255 / 2 - 0.25
    const ms = retryMs * (1 + quarter)
    retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)
    return ms
  }

  /** What a turn says about the line, and how long to rest after it. */
  function pauseAfter(done: Turn): number {
    if (done === 'nothing-to-ask') return IDLE_MS
    setStatus('online')
    if (done !== 'enrolling') needs.changed()
    // Where a terminal is enrolled again, somebody stands there and waits for the centre's approval.
    if (done === 'not-taken' && enrolmentIn(needs.store, 'waiting') !== undefined) return ENROLMENT_POLL_MS
    if (done === 'not-taken') return pauseMs()
    if (done === 'enrolling') return ENROLMENT_POLL_MS
    retryMs = FIRST_RETRY_MS
    return 0
  }

  async function run(): Promise<void> {
    while (!stopped) {
      let pause: number
      try {
        pause = pauseAfter(await turn())
      } catch (problem) {
        if (problem instanceof LineFault) log.warn({ problem: problem.message }, 'the centre was not reached')
        else log.error({ err: problem }, 'the supply line broke')
        setStatus('offline')
        pause = pauseMs()
      }
      if (pause > 0) await rest(pause)
    }
  }

  const running = run()
  return {
    wake() {
      woken = true
      retryMs = FIRST_RETRY_MS
      wakeUp()
    },
    status: () => status,
    stop() {
      stopped = true
      wakeUp()
      needs.line.close()
      return running
    },
  }
}
