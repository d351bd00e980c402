// What the shop may still order for, with its time: asked when somebody looks.

import { availableMinor, balanceMinor } from '@scratchless/ledger/account'
import { readAccount } from '@scratchless/ledger/ledger.sql'
import type { CentreNeeds } from '../needs.ts'
import { retailerAccount, unpaidAccount } from '../retailers/accounts.ts'
import { type Answered, answerInSequence, signAnswer } from './answer-in-sequence.ts'
import type { SignedMessage } from './signed-message.ts'
import { standingFor } from './standing.ts'

export async function receiveBalanceRequest(needs: CentreNeeds, message: SignedMessage): Promise<Answered> {
  const { terminal, depot } = message
  return answerInSequence(needs, message, async () => {
    const account = await readAccount(needs.pool, depot, retailerAccount(terminal.retailer_id))
    if (account === null) throw new Error(`${terminal.retailer_id} has no account`)
    const unpaid = await readAccount(needs.pool, depot, unpaidAccount(terminal.retailer_id))
    const balance = balanceMinor(account)
    const { blocked } = account
    return signAnswer(needs, message, {
      kind: 'balance',
      content: {
        standing: await standingFor(needs, needs.pool, terminal),
        availableMinor: availableMinor(account) ?? 0n,
        balanceMinor: balance > 0n ? balance : 0n,
        owedMinor: balance < 0n ? -balance : 0n,
        creditLineMinor: account.creditLineMinor ?? 0n,
        blocked: blocked && {
          why: blocked.why,
          sinceS: Math.floor(blocked.since.getTime() / 1000),
          owedMinor: unpaid === null ? 0n : -balanceMinor(unpaid),
        },
      },
    })
  })
}
