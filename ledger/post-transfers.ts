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
  const batch = await beginBatch(sql, depotId, accountsOf(transfers))
  const decided = await writeInBatch(batch, transfers, options)
  await endBatch(batch)
  return decided
}

/** Several acts of one transaction, for which accounts are locked once and counters changed once. */
export interface LedgerBatch {
  readonly sql: Sql
  readonly depotId: string
  /** As they were locked: what the batch has moved is not in their counters. */
  readonly accounts: Map<AccountId, Account>
  readonly moved: { readonly transfers: readonly Transfer[]; readonly weight: Weight }[]
}

/** What transfers do to the counters of their accounts. */
interface Weight {
  readonly posted: bigint
  readonly pending: bigint
}

/** Locks the accounts of what is to come. `endBatch` must follow in the same transaction. */
export async function beginBatch(
  sql: Sql,
  depotId: string,
  accounts: readonly AccountId[],
): Promise<LedgerBatch> {
  return { sql, depotId, accounts: await lockAccounts(sql, depotId, accounts), moved: [] }
}

/** As `pendTransfers`. What earlier acts of this batch have debited counts. */
export function pendInBatch(
  batch: LedgerBatch,
  transfers: readonly Transfer[],
  booking: Booking,
): Promise<Map<string, 'accepted' | TransferRefusal>> {
  return writeInBatch(batch, transfers, { isPending: true, ...booking })
}

async function writeInBatch(
  { sql, depotId, accounts, moved }: LedgerBatch,
  transfers: readonly Transfer[],
  options: Booking & { isPending: boolean },
): Promise<Map<string, 'accepted' | TransferRefusal>> {
  const before = moved.flatMap((one) => (one.weight.pending < 0n ? [] : one.transfers))
  const decided = decideTransfers(accounts, transfers, before)
  const accepted = transfers.filter(({ id }) => decided.get(id) === 'accepted')
  if (accepted.length === 0) return decided
  await insertTransfers(sql, depotId, accepted, options)
  moved.push({
    transfers: accepted,
    weight: options.isPending ? { pending: 1n, posted: 0n } : { pending: 0n, posted: 1n },
  })
  return decided
}

/** Changes the counters of all that the batch has moved: a holder's at once, under its lock; our own books' are noted. */
export async function endBatch({ sql, depotId, accounts, moved }: LedgerBatch): Promise<void> {
  const changes = countersOf(moved)
  const isOwn = ({ account }: CounterChange) => isOwnBook(accounts.get(account)!)
  const [own, held] = [changes.filter(isOwn), changes.filter((change) => !isOwn(change))]
  if (held.length > 0) await changeCounters(sql, depotId, held)
  if (own.length > 0) await insertOwnChanges(sql, depotId, own)
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
  settlement: Settlement,
): Promise<Map<string, SettlementResult>> {
  const batch = await beginBatch(sql, depotId, [])
  const settled = await settleInBatch(batch, ids, settlement)
  await endBatch(batch)
  return settled
}

interface Settlement {
  readonly outcome: 'posted' | 'voided'
  readonly reason: string
  readonly settledAt: Date
}

/** As `settlePending`. Accounts that the batch has not locked are locked now. */
export async function settleInBatch(
  { sql, depotId, accounts, moved }: LedgerBatch,
  ids: readonly string[],
  settlement: Settlement,
): Promise<Map<string, SettlementResult>> {
  const transfers = await readTransfers(sql, depotId, ids)
  const missing = accountsOf(transfers).filter((id) => !accounts.has(id))
  if (missing.length > 0)
    for (const [id, account] of await lockAccounts(sql, depotId, missing)) accounts.set(id, account)
  const pending = new Set(transfers.filter(({ isPending }) => isPending).map(({ id }) => id))
  const known = new Set(transfers.map(({ id }) => id))
  const settled = await insertSettlements(sql, depotId, [...pending], settlement)
  const posted = settlement.outcome === 'posted' ? 1n : 0n
  moved.push({
    transfers: transfers.filter(({ id }) => settled.has(id)),
    weight: { pending: -1n, posted },
  })
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

/** One change an account; none where nothing is left of it. */
function countersOf(moved: LedgerBatch['moved']): CounterChange[] {
  const sums = new Map<AccountId, CounterChange>()
  const zero = { debitsPosted: 0n, creditsPosted: 0n, debitsPending: 0n, creditsPending: 0n }
  for (const { transfers, weight } of moved)
    for (const { debit, credit, amountMinor } of transfers) {
      const posted = amountMinor * weight.posted
      const pending = amountMinor * weight.pending
      const debited = sums.get(debit) ?? { account: debit, ...zero }
      sums.set(debit, {
        ...debited,
        debitsPosted: debited.debitsPosted + posted,
        debitsPending: debited.debitsPending + pending,
      })
      const credited = sums.get(credit) ?? { account: credit, ...zero }
      sums.set(credit, {
        ...credited,
        creditsPosted: credited.creditsPosted + posted,
        creditsPending: credited.creditsPending + pending,
      })
    }
  return [...sums.values()]
}

function sameMove(known: Transfer, wanted: Transfer): boolean {
  return (
    known.debit === wanted.debit && known.credit === wanted.credit && known.amountMinor === wanted.amountMinor
  )
}
