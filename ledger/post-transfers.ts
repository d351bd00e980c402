// The ledger's acts. Each runs inside its caller's transaction, because money moves together with what it is for.

import type { AccountId } from './account.ts'
import {
  type CounterChange,
  changeCounters,
  type EntryRow,
  insertAccount,
  insertEntries,
  insertSettlements,
  insertTransfers,
  lockAccounts,
  readEntries,
  readSettlements,
  type Sql,
  updateCreditLine,
} from './ledger.sql.ts'
import { decideTransfers, type Leg, type Transfer, type TransferRefusal } from './transfer.ts'

/** Opens an account; harmless where it stands. `creditLineMinor: null` opens one of our own books, without limit. */
export const createAccount = insertAccount

/** Where these files' tables are: a migration source for the office that keeps a ledger. */
export const LEDGER_MIGRATIONS = { name: 'ledger', folder: new URL('db/', import.meta.url) } as const

/**
 * Posts transfers at once, decided in their order: `accepted` or a refusal for each id. The ids must be new
 * (a repeat is a unique violation); callers that may repeat use `postOnce`.
 */
export function postTransfers(
  sql: Sql,
  depotId: string,
  transfers: readonly Transfer[],
  madeAt: Date,
): Promise<Map<string, 'accepted' | TransferRefusal>> {
  return writeTransfers(sql, depotId, transfers, { isPending: false, madeAt })
}

/** As `postTransfers`, but pending: debits count against balance and limit at once, credits only when posted. */
export function pendTransfers(
  sql: Sql,
  depotId: string,
  transfers: readonly Transfer[],
  madeAt: Date,
): Promise<Map<string, 'accepted' | TransferRefusal>> {
  return writeTransfers(sql, depotId, transfers, { isPending: true, madeAt })
}

async function writeTransfers(
  sql: Sql,
  depotId: string,
  transfers: readonly Transfer[],
  options: { isPending: boolean; madeAt: Date },
): Promise<Map<string, 'accepted' | TransferRefusal>> {
  const touched = transfers.flatMap(({ legs }) => legs.map(({ account }) => account))
  const accounts = await lockAccounts(sql, depotId, touched)
  const decided = decideTransfers(accounts, transfers)
  const accepted = transfers.filter(({ id }) => decided.get(id) === 'accepted')
  if (accepted.length === 0) return decided
  await insertTransfers(sql, depotId, accepted, options)
  await insertEntries(sql, depotId, accepted)
  const legs = accepted.flatMap((transfer) => transfer.legs)
  await changeCounters(sql, depotId, countersOf(legs, options.isPending ? { pending: 1n } : { posted: 1n }))
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
  madeAt: Date,
): Promise<'posted' | 'already-posted' | 'id-reused' | TransferRefusal> {
  // The locks come first: of two who post the same id, the second then finds the first one's entries.
  await lockAccounts(
    sql,
    depotId,
    transfer.legs.map(({ account }) => account),
  )
  const known = await readEntries(sql, depotId, [transfer.id])
  if (known.length > 0) return sameLegs(known, transfer.legs) ? 'already-posted' : 'id-reused'
  const decided = await postTransfers(sql, depotId, [transfer], madeAt)
  const verdict = decided.get(transfer.id)!
  return verdict === 'accepted' ? 'posted' : verdict
}

type SettlementResult = 'settled' | 'already-posted' | 'already-voided' | 'not-pending' | 'unknown'

/** Posts or voids pending transfers, each at most once; what each came to, by id. */
export async function settlePending(
  sql: Sql,
  depotId: string,
  ids: readonly string[],
  settlement: { outcome: 'posted' | 'voided'; reason: string; settledAt: Date },
): Promise<Map<string, SettlementResult>> {
  const entries = await readEntries(sql, depotId, ids)
  await lockAccounts(
    sql,
    depotId,
    entries.map(({ account }) => account),
  )
  const pending = new Set(entries.filter(({ isPending }) => isPending).map(({ transferId }) => transferId))
  const known = new Set(entries.map(({ transferId }) => transferId))
  const settled = await insertSettlements(sql, depotId, [...pending], settlement)
  const moved = entries.filter(({ transferId }) => settled.has(transferId))
  if (moved.length > 0) {
    const posted = settlement.outcome === 'posted' ? 1n : 0n
    await changeCounters(sql, depotId, countersOf(moved, { pending: -1n, posted }))
  }
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

function countersOf(legs: readonly Leg[], weight: { posted?: bigint; pending?: bigint }): CounterChange[] {
  const { posted = 0n, pending = 0n } = weight
  const sums = new Map<AccountId, { debit: bigint; credit: bigint }>()
  for (const { account, side, amountMinor } of legs) {
    const sum = sums.get(account) ?? { debit: 0n, credit: 0n }
    sum[side] += amountMinor
    sums.set(account, sum)
  }
  return [...sums].map(([account, { debit, credit }]) => ({
    account,
    debitsPosted: debit * posted,
    creditsPosted: credit * posted,
    debitsPending: debit * pending,
    creditsPending: credit * pending,
  }))
}

function sameLegs(known: readonly EntryRow[], legs: readonly Leg[]): boolean {
  const text = (leg: Leg) => `${leg.account} ${leg.side} ${leg.amountMinor}`
  const wanted = new Set(legs.map(text))
  return known.length === legs.length && known.every((entry) => wanted.has(text(entry)))
}
