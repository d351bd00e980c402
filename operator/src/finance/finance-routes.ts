// What distributors owe:
//
//   GET /api/partners    {partners: [{partner, currency, owed, onTheWay, guarantee, headroom}]}
//
// Amounts are decimals as text. `owed`: taken and not paid. `onTheWay`: promised, receipt not in. `guarantee` and
// `headroom` are null where no limit was agreed.

import { type Account, availableMinor, balanceMinor } from '@scratchless/ledger/account'
import { readAccount } from '@scratchless/ledger/ledger.sql'
import type { Pool } from '@scratchless/office/database/database'
import type { StaffGuard } from '@scratchless/office/staff/staff-routes'
import type { CentreId } from '@scratchless/voucher/ids'
import { money, toDecimal } from '@scratchless/voucher/money'
import type { FastifyInstance } from 'fastify'
import { DEPOT, partnerAccount } from './partner-account.ts'

export function addFinanceRoutes(
  app: FastifyInstance,
  { pool, partners }: { pool: Pool; partners: readonly CentreId[] },
  guard: StaffGuard,
): void {
  app.get('/api/partners', guard.mayDo('see-partners'), async () => {
    const accounts = await Promise.all(
      partners.map(async (partner) => {
        const account = await readAccount(pool, DEPOT, partnerAccount(partner))
        return account === null ? [] : [{ partner, ...viewOf(account) }]
      }),
    )
    return { partners: accounts.flat() }
  })
}

function viewOf(account: Account) {
  const { currency, creditLineMinor } = account
  const text = (amountMinor: bigint) => toDecimal(money(amountMinor, currency))
  const headroom = availableMinor(account)
  return {
    currency,
    owed: text(-balanceMinor(account)),
    onTheWay: text(account.debitsPending),
    guarantee: creditLineMinor === null ? null : text(creditLineMinor),
    headroom: headroom === null ? null : text(headroom),
  }
}
