// What arrives while a group is under way is decided together as the next one: orders with orders, receipts with receipts.
// Other processes do the same on the same database: whose codes come to a vault first does not matter, because a pack's
// marks say which of them are gone.

import type { CentreNeeds } from '../needs.ts'
import type { Answered } from './answer-in-sequence.ts'
import type { SupplyOrderMessage } from './decide-supply-orders.ts'
import { receiveSupplyOrders } from './receive-supply-order.ts'
import { receiveSupplyReceipts, type SupplyReceiptMessage } from './receive-supply-receipt.ts'
import type { SignedMessage } from './signed-message.ts'

export interface SupplyDesk {
  answerOrder(message: SupplyOrderMessage): Promise<Answered>
  answerReceipt(message: SupplyReceiptMessage): Promise<Answered>
}

/** Long enough for a busy moment's messages to meet, short enough that nobody at a counter sees it. */
const GATHER_MS = 2
/** One vault call of some 20 ms. */
const MAX_GROUP = 64
export function createSupplyDesk(needs: CentreNeeds): SupplyDesk {
  return {
    answerOrder: inGroups((orders) => receiveSupplyOrders(needs, orders)),
    answerReceipt: inGroups((receipts) => receiveSupplyReceipts(needs, receipts)),
  }
}

interface Waiting<Message> {
  readonly message: Message
  readonly resolve: (answer: Answered) => void
  readonly reject: (error: unknown) => void
}

function inGroups<Message extends SignedMessage>(
  receive: (messages: readonly Message[]) => Promise<readonly Answered[]>,
): (message: Message) => Promise<Answered> {
  const waiting: Waiting<Message>[] = []
  // One group at a time: two half as large cost a third more processor time, and nobody is served sooner.
  let underWay = false

  function gather(): void {
    if (underWay || waiting.length === 0) return
    underWay = true
    setTimeout(() => {
      void run(takeGroup(waiting)).finally(() => {
        underWay = false
        gather()
      })
    }, GATHER_MS)
  }

  async function run(group: readonly Waiting<Message>[]): Promise<void> {
    try {
      const answers = await receive(group.map(({ message }) => message))
      for (const [index, { resolve }] of group.entries()) resolve(answers[index]!)
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  return (message) =>
    new Promise((resolve, reject) => {
      waiting.push({ message, resolve, reject })
      gather()
    })
}

/** Up to a group's worth, at most one message of a terminal: a second one would want the first one's place. */
function takeGroup<Message extends SignedMessage>(waiting: Waiting<Message>[]): Waiting<Message>[] {
  const group: Waiting<Message>[] = []
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
