// Two exchanges at once that meet at the shop's account: the second wants it while the first has it. One of them goes
// on at a time, from one named place to the next, so that a seed tells one story however busy the machine is.

import type pg from 'pg'

export interface Meeting {
  /** Has a statement of the centre's api run; its flow stands still where it is the other one's turn. */
  statement(on: object, text: string, run: () => Promise<pg.QueryResult>): Promise<pg.QueryResult>
  /** Begins both exchanges and resolves when both have ended; rejects with what the first one threw, or the second. */
  of<Outcome>(
    askFirst: () => Promise<Outcome>,
    askSecond: () => Promise<Outcome>,
  ): Promise<readonly [Outcome, Outcome]>
}

const ACCOUNTS_LOOK = /FROM account.*FOR NO KEY UPDATE/s

/** A place where a flow stands still until it is let go. */
function newStop() {
  const reached = Promise.withResolvers<void>()
  const open = Promise.withResolvers<void>()
  return {
    reached: reached.promise,
    open: () => open.resolve(),
    here() {
      reached.resolve()
      return open.promise
    },
  }
}

/** Good for two exchanges. */
export function newMeeting(): Meeting {
  const firstHolds = newStop()
  const firstDecided = newStop()
  const secondDecided = newStop()
  const secondAsks = Promise.withResolvers<void>()
  /** The connections of the two transactions that look at the account. */
  let first: object | null = null
  let second: object | null = null
  let over = false

  async function statement(on: object, text: string, run: () => Promise<pg.QueryResult>) {
    const looks = !over && ACCOUNTS_LOOK.test(text)
    if (looks && first !== null && second === null && on !== first) {
      second = on
      secondAsks.resolve()
    }
    const result = await run()
    if (looks && first === null) {
      first = on
      await firstHolds.here()
    }
    // After a commit nobody holds a lock that the other one could wait for.
    if (text === 'COMMIT' && on === first) await firstDecided.here()
    if (text === 'COMMIT' && on === second) await secondDecided.here()
    return result
  }

  async function of<Outcome>(askFirst: () => Promise<Outcome>, askSecond: () => Promise<Outcome>) {
    const one = askFirst()
    const oneEnded = endOf(one)
    await Promise.race([firstHolds.reached, oneEnded])
    // It met a fault on its way, or asked for something else: there is nobody to meet.
    over = first === null
    const two = askSecond()
    const twoEnded = endOf(two)
    await Promise.race([secondAsks.promise, twoEnded])
    firstHolds.open()
    await Promise.race([firstDecided.reached, oneEnded])
    await Promise.race([secondDecided.reached, twoEnded])
    firstDecided.open()
    await oneEnded
    secondDecided.open()
    await twoEnded
    return Promise.all([one, two])
  }

  return { statement, of }
}

/** Resolves when it has ended, however. */
const endOf = (flow: Promise<unknown>) =>
  flow.then(
    () => undefined,
    () => undefined,
  )
