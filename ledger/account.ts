// An account as the rules see it. Holders' accounts are credit accounts: what they paid in stands on the credit
// side, what they bought on the debit side.

import type { Currency } from '@scratchless/voucher/money'

export type AccountId = string

/** Of the chart of accounts. Assets and expenses grow on the debit side, the others on the credit side. */
export type AccountClass = 'asset' | 'liability' | 'equity' | 'income' | 'expense'

/** Why a holder may order no more: a reversal that no longer fitted, a debt past its day, a person's decision. */
export type BlockedWhy = 'unpaid' | 'overdue' | 'suspended'

export interface Account {
  readonly id: AccountId
  readonly class: AccountClass
  readonly currency: Currency
  readonly debitsPosted: bigint
  readonly creditsPosted: bigint
  readonly debitsPending: bigint
  readonly creditsPending: bigint
  /** Minor units the holder may owe; null: our own books, without limit. */
  readonly creditLineMinor: bigint | null
  readonly blocked: { readonly since: Date; readonly why: BlockedWhy } | null
}

/**
 * Whether it is one of our own books: nobody's account, without a limit. A holder's is named `kind:holder`, whether he
 * has a limit or not.
 */
export function isOwnBook({ id, creditLineMinor }: Pick<Account, 'id' | 'creditLineMinor'>): boolean {
  return creditLineMinor === null && !id.includes(':')
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
