// A terminal's certificate is followed by the next one. From the stored answer on the terminal speaks under it; what it
// asked under the one before is answered as it was.

import type { CentreNeeds } from '../needs.ts'
import { activateTerminal } from '../terminals/terminals.sql.ts'
import type { RenewedTerminal } from '../vault/verbs.ts'
import { type Answered, answerInSequence, signRefusal } from './answer-in-sequence.ts'
import type { SignedMessage } from './signed-message.ts'
import { standingFor } from './standing.ts'

export async function receiveRenewalRequest(needs: CentreNeeds, message: SignedMessage): Promise<Answered> {
  const { terminal, sequence } = message
  let renewed: RenewedTerminal | undefined
  return answerInSequence(
    needs,
    message,
    async () => {
      const made = await needs.vault.renewTerminal({
        terminal: terminal.id,
        sequence,
        frame: message.bytes,
        standing: await standingFor(needs, needs.pool, terminal),
      })
      if (made === 'request-not-verified') throw new Error(`the vault does not know ${terminal.id}`)
      // It has not shown that it has the key that it would have certified.
      if (made === 'proof-not-verified') return signRefusal(needs, message, { reason: 'unknown-subject' })
      renewed = made
      return made.frame
    },
    async (sql) => {
      if (renewed !== undefined) await activateTerminal(sql, { id: terminal.id, ...renewed })
    },
  )
}
