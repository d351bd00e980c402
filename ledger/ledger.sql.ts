// The ledger's statements. Each carries one depot_id, the column by which a cluster would spread the tables.

import type { Currency } from '@scratchless/voucher/money'
import type pg from 'pg'
import type { Account, AccountId, Side } from './account.ts'
import type { Transfer } from './transfer.ts'

/** A connection inside a transaction. */
export type Sql = Pick<pg.ClientBase, 'query'>

/** int8 comes as text or bigint, as the pool was made. */
type Int8 = string | bigint

interface AccountRow {
  id: string
  currency: Currency
  debits_posted: Int8
  credits_posted: Int8
  debits_pending: Int8
  credits_pending: Int8
  credit_line_minor: Int8 | null
}

function accountOf(row: AccountRow): Account {
  return {
    id: row.id,
    currency: row.currency,
    debitsPosted: BigInt(row.debits_posted),
    creditsPosted: BigInt(row.credits_posted),
    debitsPending: BigInt(row.debits_pending),
    creditsPending: BigInt(row.credits_pending),
    creditLineMinor: row.credit_line_minor === null ? null : BigInt(row.credit_line_minor),
  }
}

/** True where it was opened, false where it stood already. */
export async function insertAccount(
  sql: Sql,
  account: {
    depotId: string
    id: AccountId
    currency: Currency
    creditLineMinor: bigint | null
    openedAt: Date
  },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO account (depot_id, id, currency, credit_line_minor, opened_at)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (depot_id, id) DO NOTHING`,
    [account.depotId, account.id, account.currency, account.creditLineMinor, account.openedAt],
  )
  return rowCount === 1
}

export async function readAccount(sql: Sql, depotId: string, id: AccountId): Promise<Account | null> {
  const { rows } = await sql.query<AccountRow>('SELECT * FROM account WHERE depot_id = $1 AND id = $2', [
    depotId,
    id,
  ])
  return rows[0] ? accountOf(rows[0]) : null
}

/** Locks accounts, always in the order of their ids, so that two batches never wait for each other in a ring. */
export async function lockAccounts(
  sql: Sql,
  depotId: string,
  ids: readonly AccountId[],
): Promise<Map<AccountId, Account>> {
  const { rows } = await sql.query<AccountRow>(
    `SELECT * FROM account WHERE depot_id = $1 AND id = ANY($2::text[])
      ORDER BY id COLLATE "C" FOR NO KEY UPDATE`,
    [depotId, [...new Set(ids)]],
  )
  return new Map(rows.map((row) => [row.id, accountOf(row)]))
}

export interface CounterChange {
  readonly account: AccountId
  readonly debitsPosted: bigint
  readonly creditsPosted: bigint
  readonly debitsPending: bigint
  readonly creditsPending: bigint
}

/** Adds to the counters, one row per account. The limit's constraint is checked here. */
export async function changeCounters(
  sql: Sql,
  depotId: string,
  changes: readonly CounterChange[],
): Promise<void> {
  await sql.query(
    `UPDATE account SET
            debits_posted = debits_posted + change.dp, credits_posted = credits_posted + change.cp,
            debits_pending = debits_pending + change.dn, credits_pending = credits_pending + change.cn
       FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
            AS change (id, dp, cp, dn, cn)
      WHERE account.depot_id = $1 AND account.id = change.id`,
    [
      depotId,
      changes.map(({ account }) => account),
      changes.map(({ debitsPosted }) => debitsPosted),
      changes.map(({ creditsPosted }) => creditsPosted),
      changes.map(({ debitsPending }) => debitsPending),
      changes.map(({ creditsPending }) => creditsPending),
    ],
  )
}

export async function insertTransfers(
  sql: Sql,
  depotId: string,
  transfers: readonly Transfer[],
  options: { isPending: boolean; madeAt: Date },
): Promise<void> {
  await sql.query(
    `INSERT INTO transfer (depot_id, id, kind, subject, currency, is_pending, made_at)
     SELECT $1, id, kind, subject, currency, $6, $7
       FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS new (id, kind, subject, currency)`,
    [
      depotId,
      transfers.map(({ id }) => id),
      transfers.map(({ kind }) => kind),
      transfers.map(({ subject }) => subject),
      transfers.map(({ currency }) => currency),
      options.isPending,
      options.madeAt,
    ],
  )
}

export async function insertEntries(
  sql: Sql,
  depotId: string,
  transfers: readonly Transfer[],
): Promise<void> {
  const entries = transfers.flatMap(({ id, legs }) => legs.map((leg) => ({ ...leg, id })))
  await sql.query(
    `INSERT INTO entry (depot_id, transfer_id, account_id, side, amount_minor)
     SELECT $1, transfer_id, account_id, side, amount_minor
       FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[])
            AS new (transfer_id, account_id, side, amount_minor)`,
    [
      depotId,
      entries.map(({ id }) => id),
      entries.map(({ account }) => account),
      entries.map(({ side }) => side),
      entries.map(({ amountMinor }) => amountMinor),
    ],
  )
}

export interface EntryRow {
  readonly transferId: string
  readonly account: AccountId
  readonly side: Side
  readonly amountMinor: bigint
  readonly isPending: boolean
}

/** The entries of these transfers; a transfer that is not there has none. */
export async function readEntries(sql: Sql, depotId: string, ids: readonly string[]): Promise<EntryRow[]> {
  const { rows } = await sql.query<{
    transfer_id: string
    account_id: string
    side: Side
    amount_minor: Int8
    is_pending: boolean
  }>(
    `SELECT transfer_id, account_id, side, amount_minor, is_pending
       FROM entry JOIN transfer ON transfer.depot_id = entry.depot_id AND transfer.id = entry.transfer_id
      WHERE entry.depot_id = $1 AND entry.transfer_id = ANY($2::text[])`,
    [depotId, ids],
  )
  return rows.map((row) => ({
    transferId: row.transfer_id,
    account: row.account_id,
    side: row.side,
    amountMinor: BigInt(row.amount_minor),
    isPending: row.is_pending,
  }))
}

/** Settles those not settled before; returns their ids. */
export async function insertSettlements(
  sql: Sql,
  depotId: string,
  ids: readonly string[],
  settlement: { outcome: 'posted' | 'voided'; reason: string; settledAt: Date },
): Promise<Set<string>> {
  const { rows } = await sql.query<{ transfer_id: string }>(
    `INSERT INTO settlement (depot_id, transfer_id, outcome, reason, settled_at)
     SELECT $1, id, $3, $4, $5 FROM unnest($2::text[]) AS new (id)
     ON CONFLICT (depot_id, transfer_id) DO NOTHING RETURNING transfer_id`,
    [depotId, ids, settlement.outcome, settlement.reason, settlement.settledAt],
  )
  return new Set(rows.map(({ transfer_id }) => transfer_id))
}

export async function readSettlements(
  sql: Sql,
  depotId: string,
  ids: readonly string[],
): Promise<Map<string, 'posted' | 'voided'>> {
  const { rows } = await sql.query<{ transfer_id: string; outcome: 'posted' | 'voided' }>(
    'SELECT transfer_id, outcome FROM settlement WHERE depot_id = $1 AND transfer_id = ANY($2::text[])',
    [depotId, ids],
  )
  return new Map(rows.map(({ transfer_id, outcome }) => [transfer_id, outcome]))
}

/** Not for an account of our own books, which has no limit. */
export async function updateCreditLine(
  sql: Sql,
  depotId: string,
  id: AccountId,
  creditLineMinor: bigint,
): Promise<void> {
  await sql.query(
    `UPDATE account SET credit_line_minor = $3
      WHERE depot_id = $1 AND id = $2 AND credit_line_minor IS NOT NULL`,
    [depotId, id, creditLineMinor],
  )
}

/** For the audit: transfers whose debits and credits differ, or that have no entry. Empty in a sound ledger. */
export async function readUnbalancedTransfers(sql: Sql): Promise<{ depotId: string; id: string }[]> {
  const { rows } = await sql.query<{ depot_id: string; id: string }>(
    `SELECT transfer.depot_id, transfer.id
       FROM transfer LEFT JOIN entry ON entry.depot_id = transfer.depot_id AND entry.transfer_id = transfer.id
      GROUP BY transfer.depot_id, transfer.id
     HAVING count(amount_minor) < 2
         OR sum(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor END) <> 0`,
  )
  return rows.map(({ depot_id, id }) => ({ depotId: depot_id, id }))
}

/** For the audit: accounts whose counters are not the fold of their entries. Empty in a sound ledger. */
export async function readMiscountedAccounts(sql: Sql): Promise<{ depotId: string; id: string }[]> {
  const { rows } = await sql.query<{ depot_id: string; id: string }>(
    `WITH counted AS (
       SELECT entry.depot_id, entry.account_id, entry.side, entry.amount_minor,
              CASE WHEN NOT transfer.is_pending THEN 'posted' ELSE coalesce(outcome, 'pending') END AS state
         FROM entry
         JOIN transfer ON transfer.depot_id = entry.depot_id AND transfer.id = entry.transfer_id
         LEFT JOIN settlement
           ON settlement.depot_id = entry.depot_id AND settlement.transfer_id = entry.transfer_id),
     folded AS (
       SELECT depot_id, account_id,
              coalesce(sum(amount_minor) FILTER (WHERE side = 'debit' AND state = 'posted'), 0) AS dp,
              coalesce(sum(amount_minor) FILTER (WHERE side = 'credit' AND state = 'posted'), 0) AS cp,
              coalesce(sum(amount_minor) FILTER (WHERE side = 'debit' AND state = 'pending'), 0) AS dn,
              coalesce(sum(amount_minor) FILTER (WHERE side = 'credit' AND state = 'pending'), 0) AS cn
         FROM counted GROUP BY depot_id, account_id)
     SELECT account.depot_id, account.id
       FROM account LEFT JOIN folded
         ON folded.depot_id = account.depot_id AND folded.account_id = account.id
      WHERE (debits_posted, credits_posted, debits_pending, credits_pending)
            IS DISTINCT FROM (coalesce(dp, 0), coalesce(cp, 0), coalesce(dn, 0), coalesce(cn, 0))`,
  )
  return rows.map(({ depot_id, id }) => ({ depotId: depot_id, id }))
}
