// The rules of a transfer, before any statement: it takes from one account what it gives to another, and nobody goes
// beyond his limit.

import type { Currency } from '@scratchless/voucher/money'
import { type Account, type AccountId, availableMinor } from './account.ts'

export interface Transfer {
  /** The caller's name for it, the same at a retry: `supply:T00001:17`. */
  readonly id: string
  /** What happened: `deposit`, `supply`, `restock`, `correction`. */
  readonly kind: string
  /** What it is about: an order, a receipt's number. */
  readonly subject: string
  readonly currency: Currency
  readonly debit: AccountId
  readonly credit: AccountId
  /** Above zero. */
  readonly amountMinor: bigint
  /** The paper it is booked by; several transfers may share one. */
  readonly document?: string
  /** The transfer that this one takes back. */
  readonly reverses?: string
}

/** In order of precedence. */
export type TransferRefusal = 'unknown-account' | 'currency-differs' | 'insufficient-balance'

/** Throws a RangeError where the amount is not positive, or the money goes nowhere. */
export function assertTransfer({ id, debit, credit, amountMinor }: Transfer): void {
  if (amountMinor <= 0n) throw new RangeError(`${id}: an amount is above zero`)
  if (debit === credit) throw new RangeError(`${id}: an account comes twice`)
}

/**
 * Decides a batch in its order: each transfer against what the ones accepted before it leave. `accounts` are the
 * locked rows; `before` was moved since. Credits of the same batch are not spendable in it.
 */
export function decideTransfers(
  accounts: ReadonlyMap<AccountId, Account>,
  transfers: readonly Transfer[],
  before: readonly Transfer[] = [],
): Map<string, 'accepted' | TransferRefusal> {
  const debited = new Map<AccountId, bigint>()
  for (const { debit, amountMinor } of before) debited.set(debit, (debited.get(debit) ?? 0n) + amountMinor)
  const decided = new Map<string, 'accepted' | TransferRefusal>()
  for (const transfer of transfers) {
    assertTransfer(transfer)
    const { id, debit, amountMinor } = transfer
    const verdict = decideOne(accounts, debited, transfer)
    decided.set(id, verdict)
    if (verdict === 'accepted') debited.set(debit, (debited.get(debit) ?? 0n) + amountMinor)
  }
  return decided
}

function decideOne(
  accounts: ReadonlyMap<AccountId, Account>,
  debited: ReadonlyMap<AccountId, bigint>,
  transfer: Transfer,
): 'accepted' | TransferRefusal {
  const [debit, credit] = [accounts.get(transfer.debit), accounts.get(transfer.credit)]
  if (debit === undefined || credit === undefined) return 'unknown-account'
  if (debit.currency !== transfer.currency || credit.currency !== transfer.currency) return 'currency-differs'
  const available = availableMinor(debit)
  const fits = available === null || (debited.get(transfer.debit) ?? 0n) + transfer.amountMinor <= available
  return fits ? 'accepted' : 'insufficient-balance'
}

/** A reversal in two parts: what still fits comes out of the holder's account, the rest is owed as unpaid. */
export interface Reversal {
  readonly transfers: readonly Transfer[]
  /** Minor units that no longer fitted; above zero the holder may order no more. */
  readonly unpaidMinor: bigint
}

/**
 * Takes back a transfer that had credited a holder (a cheque that bounced), also where it is spent: no limit is
 * loosened, what does not fit goes to the holder's account `unpaid`.
 */
export function reversalOf(
  transfer: Transfer,
  holder: Account,
  unpaid: AccountId,
  by: { readonly id: string; readonly kind: string; readonly document?: string },
): Reversal {
  const available = availableMinor(holder)
  const room = available === null || available >= transfer.amountMinor ? transfer.amountMinor : available
  const fits = room < 0n ? 0n : room
  const { subject, currency, debit: credit } = transfer
  const back = { ...by, subject, currency, credit }
  const rest = transfer.amountMinor - fits
  return {
    unpaidMinor: rest,
    transfers: [
      ...(fits > 0n ? [{ ...back, debit: holder.id, amountMinor: fits, reverses: transfer.id }] : []),
      ...(rest > 0n
        ? [
            {
              ...back,
              id: `${by.id}:unpaid`,
              debit: unpaid,
              amountMinor: rest,
              // A transfer is reversed by one other; here it is the part that fitted, where there is one.
              ...(fits === 0n && { reverses: transfer.id }),
            },
          ]
        : []),
    ],
  }
}
