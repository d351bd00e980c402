// Step 8 of the way of a code: the terminal asks for its card letter. The vault makes the epoch's safe key and closes
// it for the shop's registered cards.

import type { CentreNeeds } from '../needs.ts'
import { type Answered, answerInSequence, type SignedMessage, signRefusal } from './answer-in-sequence.ts'
import { epochOf, standingFor } from './standing.ts'
import { updateLetterEpoch } from './supply-terminal.sql.ts'

export async function receiveCardLetterRequest(
  needs: CentreNeeds,
  message: SignedMessage,
): Promise<Answered> {
  const { terminal, sequence } = message
  let letter: { epoch: number; epochEndsS: number } | undefined
  return answerInSequence(
    needs,
    message,
    async () => {
      const made = await needs.vault.writeCardLetter({
        terminal: terminal.id,
        sequence,
        frame: message.bytes,
        standing: await standingFor(needs, needs.pool, terminal),
      })
      if (made === 'request-not-verified') throw new Error(`the vault does not know ${terminal.id}`)
      // No card of this shop is registered yet: there is nobody to close a letter for.
      if (made === 'no-card') {
        const epoch = epochOf(terminal, needs.clock.nowMs())
        return signRefusal(needs, message, { reason: 'card-letter-needed', epoch })
      }
      letter = made
      return made.frame
    },
    async (sql) => {
      if (letter !== undefined)
        await updateLetterEpoch(sql, terminal.id, letter.epoch, new Date(letter.epochEndsS * 1000))
    },
  )
}
