// Step 8 of the way of a code: the terminal asks for its card letter. The vault makes the epoch's safe key and closes
// it for the shop's registered cards.

import type { CentreNeeds } from '../needs.ts'
import { type Answered, answerInSequence, signRefusal } from './answer-in-sequence.ts'
import type { SignedMessage } from './signed-message.ts'
import { standingFor } from './standing.ts'
import { updateLetter } from './supply-terminal.sql.ts'

export async function receiveCardLetterRequest(
  needs: CentreNeeds,
  message: SignedMessage,
): Promise<Answered> {
  const { terminal, sequence } = message
  let letter: { number: number; epoch: number; epochEndsS: number } | undefined
  return answerInSequence(
    needs,
    message,
    async () => {
      const standing = await standingFor(needs, needs.pool, terminal)
      const made = await needs.vault.writeCardLetter({
        terminal: terminal.id,
        sequence,
        frame: message.bytes,
        standing,
      })
      if (made === 'request-not-verified') throw new Error(`the vault does not know ${terminal.id}`)
      // No card of this shop is registered yet: there is nobody to close a letter for.
      if (made === 'no-card') return signRefusal(needs, message, { reason: 'no-card' })
      // Of a number that this terminal never had.
      if (made === 'unknown-epoch') return signRefusal(needs, message, { reason: 'unknown-subject' })
      if (made.isNewest) letter = { ...made, number: standing.letter }
      return made.frame
    },
    async (sql) => {
      if (letter !== undefined)
        await updateLetter(sql, terminal.id, { ...letter, endsAt: new Date(letter.epochEndsS * 1000) })
    },
  )
}
