// Step 10 of the way of a code: supply orders that arrived together are decided in one transaction, then their codes are
// closed and their answers stored, and only then is each answered: two flows, one after the other. A repeat gets its
// stored answer; a "no" is signed and stored in its own place of the sequence.

import { inTransaction } from '@scratchless/office/database/database'
import type { CentreNeeds } from '../needs.ts'
import { type Answered, answerPlace, keyOf, placeNow, refuseInSequence } from './answer-in-sequence.ts'
import { closeSupplyOrders, closeUnanswered } from './close-supply-orders.ts'
import { decideSupplyOrders, type SupplyOrderMessage } from './decide-supply-orders.ts'
import type { Place } from './sequence.ts'

/** Answers a group of orders, each in its place of the array. */
export async function receiveSupplyOrders(
  needs: CentreNeeds,
  messages: readonly SupplyOrderMessage[],
): Promise<Answered[]> {
  const at = new Date(needs.clock.nowMs())
  const decided = await inTransaction(needs.pool, (sql) => decideSupplyOrders(needs, sql, messages, at))
  const accepted = decided.flatMap((one) => ('accepted' in one ? [one.accepted] : []))
  const closed = await closeSupplyOrders(needs, accepted)
  return Promise.all(
    decided.map((one, index) => {
      const message = messages[index]!
      if ('accepted' in one) return closed.get(one.accepted)!
      if ('place' in one) return answerKnown(needs, message, one.place)
      return refuseInSequence(needs, { ...message, terminal: one.terminal }, one.why)
    }),
  )
}

/** A repeat; where nobody has closed its codes yet, they are closed now. */
async function answerKnown(
  needs: CentreNeeds,
  message: SupplyOrderMessage,
  place: Exclude<Place, 'next'>,
): Promise<Answered> {
  if (place !== 'in-progress') return answerPlace(needs, message, place)
  const [answer] = await closeUnanswered(needs, keyOf(message))
  if (answer !== undefined) return answer
  // Answered a moment ago, by whoever decided it.
  const now = await placeNow(needs, message)
  return now === 'next' ? 'in-progress' : answerPlace(needs, message, now)
}
