// Orders that arrive within a few milliseconds are decided together; while the codes of one group are being closed, the
// next one is decided. Other processes do the same on the same database: whose codes come to a vault first does not
// matter, because a pack's marks say which of them are gone.

import type { CentreNeeds } from '../needs.ts'
import type { Answered } from './answer-in-sequence.ts'
import type { SupplyOrderMessage } from './decide-supply-orders.ts'
import { receiveSupplyOrders } from './receive-supply-order.ts'

export interface SupplyDesk {
  answer(message: SupplyOrderMessage): Promise<Answered>
}

/** Long enough for a busy moment's orders to meet, short enough that nobody at a counter sees it. */
const GATHER_MS = 2
/** One vault call of some 20 ms. */
const MAX_GROUP = 64
/** Groups under way: one being decided, others being closed and stored. */
const MAX_UNDER_WAY = 3

interface Waiting {
  readonly message: SupplyOrderMessage
  readonly resolve: (answer: Answered) => void
  readonly reject: (error: unknown) => void
}

export function createSupplyDesk(needs: CentreNeeds): SupplyDesk {
  const waiting: Waiting[] = []
  let underWay = 0
  let gathering = false

  function gather(): void {
    if (gathering || waiting.length === 0 || underWay >= MAX_UNDER_WAY) return
    gathering = true
    setTimeout(() => {
      gathering = false
      const group = takeGroup(waiting)
      if (group.length === 0) return
      underWay++
      void run(group).finally(() => {
        underWay--
        gather()
      })
      gather()
    }, GATHER_MS)
  }

  async function run(group: readonly Waiting[]): Promise<void> {
    try {
      const answers = await receiveSupplyOrders(
        needs,
        group.map(({ message }) => message),
      )
      for (const [index, { resolve }] of group.entries()) resolve(answers[index]!)
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  return {
    answer: (message) =>
      new Promise((resolve, reject) => {
        waiting.push({ message, resolve, reject })
        gather()
      }),
  }
}

/** Up to a group's worth, at most one order of a terminal: a second one would want the first one's place. */
function takeGroup(waiting: Waiting[]): Waiting[] {
  const group: Waiting[] = []
  const terminals = new Set<string>()
  for (let at = 0; at < waiting.length && group.length < MAX_GROUP; ) {
    const { terminal } = waiting[at]!.message
    if (terminals.has(terminal.id)) {
      at++
      continue
    }
    terminals.add(terminal.id)
    group.push(...waiting.splice(at, 1))
  }
  return group
}
