// The ledger's acts. Each runs inside its caller's transaction, because money moves together with what it is for.

import { type Account, type AccountId, isOwnBook } from './account.ts'
import {
  type CounterChange,
  changeCounters,
  insertAccount,
  insertOwnChanges,
  insertSettlements,
  insertTransfers,
  lockAccounts,
  lockTransferId,
  readSettlements,
  readTransfers,
  type Sql,
  takeOwnChanges,
  updateCreditLine,
} from './ledger.sql.ts'
import { decideTransfers, type Transfer, type TransferRefusal } from './transfer.ts'

/** Opens an account; harmless where it stands. `creditLineMinor: null` opens one of our own books, without limit. */
export const createAccount = insertAccount

/** Where these files' tables are: a migration source for the office that keeps a ledger. */
export const LEDGER_MIGRATIONS = { name: 'ledger', folder: new URL('db/', import.meta.url) } as const

/** When a batch is made, and to which day of the office's clock the books count it. */
export interface Booking {
  readonly madeAt: Date
  /** `2026-11-26` */
  readonly bookedOn: string
}

/**
 * Posts transfers at once, decided in their order: `accepted` or a refusal for each id. The ids must be new
 * (a repeat is a unique violation); callers that may repeat use `postOnce`.
 */
export function postTransfers(
  sql: Sql,
  depotId: string,
  transfers: readonly Transfer[],
  booking: Booking,
): Promise<Map<string, 'accepted' | TransferRefusal>> {
  return writeTransfers(sql, depotId, transfers, { isPending: false, ...booking })
}

/** As `postTransfers`, but pending: debits count against balance and limit at once, credits only when posted. */
export function pendTransfers(
  sql: Sql,
  depotId: string,
  transfers: readonly Transfer[],
  booking: Booking,
): Promise<Map<string, 'accepted' | TransferRefusal>> {
  return writeTransfers(sql, depotId, transfers, { isPending: true, ...booking })
}

async function writeTransfers(
  sql: Sql,
  depotId: string,
  transfers: readonly Transfer[],
  options: Booking & { isPending: boolean },
): Promise<Map<string, 'accepted' | TransferRefusal>> {
  const accounts = await lockAccounts(sql, depotId, accountsOf(transfers))
  const decided = decideTransfers(accounts, transfers)
  const accepted = transfers.filter(({ id }) => decided.get(id) === 'accepted')
  if (accepted.length === 0) return decided
  await insertTransfers(sql, depotId, accepted, options)
  await count(sql, depotId, accounts, accepted, options.isPending ? { pending: 1n } : { posted: 1n })
  return decided
}

/**
 * Posts one transfer, or finds that the same one was posted before. `id-reused`: the id stands for another
 * content, which the caller alarms.
 */
export async function postOnce(
  sql: Sql,
  depotId: string,
  transfer: Transfer,
  booking: Booking,
): Promise<'posted' | 'already-posted' | 'id-reused' | TransferRefusal> {
  // Of two who post the same id, the second then finds the first one's.
  await lockTransferId(sql, depotId, transfer.id)
  const [known] = await readTransfers(sql, depotId, [transfer.id])
  if (known !== undefined) return sameMove(known, transfer) ? 'already-posted' : 'id-reused'
  const decided = await postTransfers(sql, depotId, [transfer], booking)
  const verdict = decided.get(transfer.id)!
  return verdict === 'accepted' ? 'posted' : verdict
}

/** A holder's account, locked until the transaction ends; null where there is none. */
export async function lockHolder(sql: Sql, depotId: string, id: AccountId): Promise<Account | null> {
  return (await lockAccounts(sql, depotId, [id])).get(id) ?? null
}

export async function readTransfer(sql: Sql, depotId: string, id: string): Promise<Transfer | null> {
  return (await readTransfers(sql, depotId, [id]))[0] ?? null
}

type SettlementResult = 'settled' | 'already-posted' | 'already-voided' | 'not-pending' | 'unknown'

/** Posts or voids pending transfers, each at most once; what each came to, by id. */
export async function settlePending(
  sql: Sql,
  depotId: string,
  ids: readonly string[],
  settlement: { outcome: 'posted' | 'voided'; reason: string; settledAt: Date },
): Promise<Map<string, SettlementResult>> {
  const transfers = await readTransfers(sql, depotId, ids)
  const accounts = await lockAccounts(sql, depotId, accountsOf(transfers))
  const pending = new Set(transfers.filter(({ isPending }) => isPending).map(({ id }) => id))
  const known = new Set(transfers.map(({ id }) => id))
  const settled = await insertSettlements(sql, depotId, [...pending], settlement)
  const moved = transfers.filter(({ id }) => settled.has(id))
  const posted = settlement.outcome === 'posted' ? 1n : 0n
  if (moved.length > 0) await count(sql, depotId, accounts, moved, { pending: -1n, posted })
  const before =
    settled.size < pending.size
      ? await readSettlements(sql, depotId, [...pending])
      : new Map<string, string>()
  return new Map(
    ids.map((id) => {
      if (settled.has(id)) return [id, 'settled']
      if (!known.has(id)) return [id, 'unknown']
      if (!pending.has(id)) return [id, 'not-pending']
      return [id, before.get(id) === 'voided' ? 'already-voided' : 'already-posted']
    }),
  )
}

/** `line-in-use`: the holder owes more than the new line allows. `unknown-account`: none, or one without a limit. */
export async function setCreditLine(
  sql: Sql,
  depotId: string,
  id: AccountId,
  creditLineMinor: bigint,
): Promise<'set' | 'unknown-account' | 'line-in-use'> {
  const account = (await lockAccounts(sql, depotId, [id])).get(id)
  if (account === undefined || account.creditLineMinor === null) return 'unknown-account'
  if (account.debitsPosted + account.debitsPending > account.creditsPosted + creditLineMinor)
    return 'line-in-use'
  await updateCreditLine(sql, depotId, id, creditLineMinor)
  return 'set'
}

/** Folds what was noted for our own books into their counters. Returns how many accounts it touched. */
export async function foldOwnBooks(sql: Sql, depotId: string): Promise<number> {
  const changes = await takeOwnChanges(sql, depotId)
  if (changes.length > 0) await changeCounters(sql, depotId, changes)
  return changes.length
}

function accountsOf(transfers: readonly Transfer[]): AccountId[] {
  return transfers.flatMap(({ debit, credit }) => [debit, credit])
}

/** A holder's counters change at once, under its lock; what our own books moved is noted. */
async function count(
  sql: Sql,
  depotId: string,
  accounts: ReadonlyMap<AccountId, Account>,
  transfers: readonly Transfer[],
  weight: { posted?: bigint; pending?: bigint },
): Promise<void> {
  const changes = countersOf(transfers, weight)
  const isOwn = ({ account }: CounterChange) => isOwnBook(accounts.get(account)!)
  const [own, held] = [changes.filter(isOwn), changes.filter((change) => !isOwn(change))]
  if (held.length > 0) await changeCounters(sql, depotId, held)
  if (own.length > 0) await insertOwnChanges(sql, depotId, own)
}

function countersOf(
  transfers: readonly Transfer[],
  weight: { posted?: bigint; pending?: bigint },
): CounterChange[] {
  const { posted = 0n, pending = 0n } = weight
  const sums = new Map<AccountId, { debit: bigint; credit: bigint }>()
  const sumOf = (account: AccountId) => {
    const sum = sums.get(account) ?? { debit: 0n, credit: 0n }
    sums.set(account, sum)
    return sum
  }
  for (const { debit, credit, amountMinor } of transfers) {
    sumOf(debit).debit += amountMinor
    sumOf(credit).credit += amountMinor
  }
  return [...sums].map(([account, { debit, credit }]) => ({
    account,
    debitsPosted: debit * posted,
    creditsPosted: credit * posted,
    debitsPending: debit * pending,
    creditsPending: credit * pending,
  }))
}

function sameMove(known: Transfer, wanted: Transfer): boolean {
  return (
    known.debit === wanted.debit && known.credit === wanted.credit && known.amountMinor === wanted.amountMinor
  )
}
