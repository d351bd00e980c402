// What became of a request that stayed unanswered past its expiry? Known: it is sent again for its stored answer.
// Never seen: it is burnt, and no message of that number has an effect any more.

import { inTransaction } from '@scratchless/office/database/database'
import type { StatusRequest } from '@scratchless/wire/supply/status-request'
import type { CentreNeeds } from '../needs.ts'
import {
  type Answered,
  answerInSequence,
  answerPlace,
  keyOf,
  placeNow,
  settleEarlierOrders,
  signAnswer,
  signRefusal,
} from './answer-in-sequence.ts'
import { BURNT, placeOf } from './sequence.ts'
import type { SignedMessage } from './signed-message.ts'
import { standingFor } from './standing.ts'
import { insertMessages, readMessages } from './supply-message.sql.ts'
import { lockTerminals, moveTerminals } from './supply-terminal.sql.ts'

const HASH_BYTES = 32

export async function receiveStatusRequest(
  needs: CentreNeeds,
  message: SignedMessage,
  { asked }: StatusRequest,
): Promise<Answered> {
  const last = Number(message.terminal.last_sequence)
  const burns = message.sequence === last + 2 && asked === last + 1
  if (!burns) return answerFate(needs, message, asked, last)

  // The one place where a number is taken after a gap.
  const answer = await signFate(needs, message, 'burnt')
  const at = new Date(needs.clock.nowMs())
  const place = await inTransaction(needs.pool, async (sql) => {
    const terminal = (await lockTerminals(sql, message.depot, [message.terminal.id])).get(message.terminal.id)
    if (terminal === undefined) throw new Error(`${message.terminal.id} vanished`)
    const [known] = await readMessages(sql, message.depot, [keyOf(message)])
    const beforeIt = { ...terminal, last_sequence: terminal.last_sequence + 1n }
    // Where the asked number arrived meanwhile, this one is simply the next, or a repeat.
    const stillUnseen = Number(terminal.last_sequence) + 1 === asked
    const now = placeOf(stillUnseen ? beforeIt : terminal, known, message, at.getTime())
    if (now !== 'next') return now
    if (!stillUnseen) return 'in-progress'
    const openOrder = await settleEarlierOrders(sql, message.depot, terminal, asked, at)
    const nothing = new Uint8Array(0)
    const { kind, payloadHash, bytes: request } = message
    await insertMessages(
      sql,
      message.depot,
      [
        {
          ...keyOf(message),
          sequence: asked,
          kind: BURNT,
          payloadHash: new Uint8Array(HASH_BYTES),
          request: nothing,
          answer: nothing,
        },
        { ...keyOf(message), kind, payloadHash, request, answer },
      ],
      at,
    )
    await moveTerminals(sql, message.depot, [{ ...keyOf(message), openOrder }])
    return 'next'
  })
  return place === 'next' ? answer : answerPlace(needs, message, place)
}

/** About a number that was used: `answered`, or burnt before. One that never was has no fate, and uses up nothing. */
async function answerFate(
  needs: CentreNeeds,
  message: SignedMessage,
  asked: number,
  last: number,
): Promise<Answered> {
  const place = await placeNow(needs, message)
  if (place !== 'next') return answerPlace(needs, message, place)
  const [known] = await readMessages(needs.pool, message.depot, [
    { terminal: message.terminal.id, sequence: asked },
  ])
  if (known === undefined)
    return signRefusal(needs, message, { reason: 'sequence-unexpected', expected: last + 1 })
  return answerInSequence(needs, message, () =>
    signFate(needs, message, known.kind === BURNT ? 'burnt' : 'answered'),
  )
}

async function signFate(
  needs: CentreNeeds,
  message: SignedMessage,
  fate: 'answered' | 'burnt',
): Promise<Uint8Array> {
  const standing = await standingFor(needs, needs.pool, message.terminal)
  return signAnswer(needs, message, { kind: 'status-answer', content: { standing, fate } })
}
