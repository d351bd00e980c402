// An account as the rules see it. Holders' accounts are credit accounts: what they paid in stands on the credit
// side, what they bought on the debit side.

import type { Currency } from '@scratchless/voucher/money'

export type AccountId = string
export type Side = 'debit' | 'credit'

export interface Account {
  readonly id: AccountId
  readonly currency: Currency
  readonly debitsPosted: bigint
  readonly creditsPosted: bigint
  readonly debitsPending: bigint
  readonly creditsPending: bigint
  /** Minor units the holder may owe; null: our own books, without limit. */
  readonly creditLineMinor: bigint | null
}

/** Minor units: credits less debits, posted ones only. Below zero the holder uses the credit line. */
export function balanceMinor(account: Account): bigint {
  return account.creditsPosted - account.debitsPosted
}

/** Minor units that may still be debited; null: no limit. Prepaid balance first, then credit line. */
export function availableMinor(account: Account): bigint | null {
  if (account.creditLineMinor === null) return null
  return balanceMinor(account) - account.debitsPending + account.creditLineMinor
}
