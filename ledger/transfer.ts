// The rules of a transfer, before any statement: debits equal credits, and nobody goes beyond his limit.

import type { Currency } from '@scratchless/voucher/money'
import { type Account, type AccountId, availableMinor, type Side } from './account.ts'

export interface Leg {
  readonly account: AccountId
  readonly side: Side
  /** Above zero. */
  readonly amountMinor: bigint
}

export interface Transfer {
  /** The caller's name for it, the same at a retry: `supply:T00001:17`. */
  readonly id: string
  /** What happened: `deposit`, `supply`, `restock`, `correction`. */
  readonly kind: string
  /** What it is about: an order, a receipt's number. */
  readonly subject: string
  readonly currency: Currency
  readonly legs: readonly Leg[]
}

/** In order of precedence. */
export type TransferRefusal = 'unknown-account' | 'currency-differs' | 'insufficient-balance'

/** The plain transfer: from one account's debit side to another's credit side. */
export function transferBetween(
  transfer: Omit<Transfer, 'legs'> & { debit: AccountId; credit: AccountId; amountMinor: bigint },
): Transfer {
  const { debit, credit, amountMinor, ...rest } = transfer
  return {
    ...rest,
    legs: [
      { account: debit, side: 'debit', amountMinor },
      { account: credit, side: 'credit', amountMinor },
    ],
  }
}

/** Throws a RangeError where debits and credits differ, an amount is not positive, or an account comes twice. */
export function assertBalanced({ id, legs }: Transfer): void {
  let difference = 0n
  for (const { side, amountMinor } of legs) {
    if (amountMinor <= 0n) throw new RangeError(`${id}: an entry is above zero`)
    difference += side === 'debit' ? amountMinor : -amountMinor
  }
  if (difference !== 0n || legs.length < 2) throw new RangeError(`${id}: debits and credits differ`)
  if (new Set(legs.map(({ account }) => account)).size !== legs.length)
    throw new RangeError(`${id}: an account comes twice`)
}

/**
 * Decides a batch in its order: each transfer against what the ones accepted before it leave. `accounts` are the
 * locked rows. Credits of the same batch are not spendable in it.
 */
export function decideTransfers(
  accounts: ReadonlyMap<AccountId, Account>,
  transfers: readonly Transfer[],
): Map<string, 'accepted' | TransferRefusal> {
  const debited = new Map<AccountId, bigint>()
  const decided = new Map<string, 'accepted' | TransferRefusal>()
  for (const transfer of transfers) {
    assertBalanced(transfer)
    const verdict = decideOne(accounts, debited, transfer)
    decided.set(transfer.id, verdict)
    if (verdict !== 'accepted') continue
    for (const { account, side, amountMinor } of transfer.legs)
      if (side === 'debit') debited.set(account, (debited.get(account) ?? 0n) + amountMinor)
  }
  return decided
}

function decideOne(
  accounts: ReadonlyMap<AccountId, Account>,
  debited: ReadonlyMap<AccountId, bigint>,
  { legs, currency }: Transfer,
): 'accepted' | TransferRefusal {
  const rows = legs.map(({ account }) => accounts.get(account))
  if (rows.includes(undefined)) return 'unknown-account'
  if (rows.some((row) => row!.currency !== currency)) return 'currency-differs'
  const fits = legs.every(({ account, side, amountMinor }) => {
    const available = side === 'credit' ? null : availableMinor(accounts.get(account)!)
    return available === null || (debited.get(account) ?? 0n) + amountMinor <= available
  })
  return fits ? 'accepted' : 'insufficient-balance'
}
