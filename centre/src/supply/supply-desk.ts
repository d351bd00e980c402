// Orders and receipts are taken in turns, one after the other: whatever came while a turn was under way makes the next
// one. What a turn decides the next one has closed by the vault, while it takes what has come since. Each depot has turns
// of its own, so that every statement is about one. Other processes do the same on the same database: whose codes come
// to a vault first does not matter, because a pack's marks say which of them are gone.

import { setTimeout as sleep } from 'node:timers/promises'
import type { DepotId } from '@scratchless/voucher/ids'
import type { CentreNeeds } from '../needs.ts'
import type { Answered } from './answer-in-sequence.ts'
import { type DecidedOrder, type TurnMessage, takeTurn } from './take-turn.ts'

export interface SupplyDesk {
  answer(message: TurnMessage): Promise<Answered>
}

/** Long enough for a busy moment's messages to meet, short enough that nobody at a counter sees it. */
const GATHER_MS = 2
/** Orders that one vault call closes, in some 20 ms; as many receipts are acknowledged beside them. */
const MAX_ORDERS = 64
const MAX_RECEIPTS = 64

export function createSupplyDesk(needs: CentreNeeds): SupplyDesk {
  const depots = new Map<DepotId, SupplyDesk['answer']>()
  return {
    answer(message) {
      const turns = depots.get(message.depot) ?? turnsOf(needs, message.depot)
      depots.set(message.depot, turns)
      return turns(message)
    },
  }
}

type Waiting = PromiseWithResolvers<Answered>

function turnsOf(needs: CentreNeeds, depot: DepotId): SupplyDesk['answer'] {
  const waiting = new Map<TurnMessage, Waiting>()
  let underWay = false

  async function run(): Promise<void> {
    underWay = true
    await sleep(GATHER_MS)
    const deciding = new Map<TurnMessage, Waiting>()
    let decided: readonly DecidedOrder[] = []
    while (waiting.size > 0 || decided.length > 0) {
      const taken = takeNext(waiting)
      for (const [message, one] of taken) deciding.set(message, one)
      try {
        const turn = await takeTurn(needs, depot, [...taken.keys()], decided)
        decided = turn.decided
        for (const [message, answer] of turn.answers) {
          deciding.get(message)!.resolve(answer)
          deciding.delete(message)
        }
      } catch (error) {
        // What was decided stands in the database: whoever asks again has it closed from there.
        for (const { reject } of deciding.values()) reject(error)
        deciding.clear()
        decided = []
      }
    }
    underWay = false
  }

  return (message) => {
    const one = Promise.withResolvers<Answered>()
    waiting.set(message, one)
    if (!underWay) void run()
    return one.promise
  }
}

/** At most one message of a terminal: a second one would want the first one's place. */
function takeNext(waiting: Map<TurnMessage, Waiting>): Map<TurnMessage, Waiting> {
  const taken = new Map<TurnMessage, Waiting>()
  const senders = new Set<string>()
  const room = { order: MAX_ORDERS, receipt: MAX_RECEIPTS }
  for (const [message, one] of waiting) {
    const what = 'order' in message ? 'order' : 'receipt'
    if (room[what] === 0 || senders.has(message.sender)) continue
    room[what]--
    senders.add(message.sender)
    taken.set(message, one)
    waiting.delete(message)
  }
  return taken
}
