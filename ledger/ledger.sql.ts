// The ledger's statements. Each carries one depot_id, the column by which a cluster would spread the tables.

import type { Currency } from '@scratchless/voucher/money'
import type pg from 'pg'
import type { Account, AccountClass, AccountId, BlockedWhy } from './account.ts'
import type { Transfer } from './transfer.ts'

/** A connection inside a transaction. */
export type Sql = Pick<pg.ClientBase, 'query'>

/** int8 comes as text or bigint, as the pool was made. */
type Int8 = string | bigint

interface AccountRow {
  id: string
  class: AccountClass
  currency: Currency
  debits_posted: Int8
  credits_posted: Int8
  debits_pending: Int8
  credits_pending: Int8
  credit_line_minor: Int8 | null
  blocked_since: Date | null
  blocked_why: BlockedWhy | null
}

function accountOf(row: AccountRow): Account {
  const { blocked_since: since, blocked_why: why } = row
  return {
    id: row.id,
    class: row.class,
    currency: row.currency,
    debitsPosted: BigInt(row.debits_posted),
    creditsPosted: BigInt(row.credits_posted),
    debitsPending: BigInt(row.debits_pending),
    creditsPending: BigInt(row.credits_pending),
    creditLineMinor: row.credit_line_minor === null ? null : BigInt(row.credit_line_minor),
    blocked: since === null || why === null ? null : { since, why },
  }
}

/** True where it was opened, false where it stood already. */
export async function insertAccount(
  sql: Sql,
  account: {
    depotId: string
    id: AccountId
    class: AccountClass
    currency: Currency
    creditLineMinor: bigint | null
    openedAt: Date
  },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO account (depot_id, id, class, currency, credit_line_minor, opened_at)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (depot_id, id) DO NOTHING`,
    [account.depotId, account.id, account.class, account.currency, account.creditLineMinor, account.openedAt],
  )
  return rowCount === 1
}

/** As `isOwnBook` says. */
const OWN_BOOK = "(credit_line_minor IS NULL AND strpos(id, ':') = 0)"
const ACCOUNT = 'id, class, currency, credit_line_minor, blocked_since, blocked_why'

/** With what was moved on our own books and not folded yet. */
export async function readAccount(sql: Sql, depotId: string, id: AccountId): Promise<Account | null> {
  const { rows } = await sql.query<AccountRow>(
    `SELECT ${ACCOUNT}, debits_posted + coalesce(dp, 0)::bigint AS debits_posted,
            credits_posted + coalesce(cp, 0)::bigint AS credits_posted,
            debits_pending + coalesce(dn, 0)::bigint AS debits_pending,
            credits_pending + coalesce(cn, 0)::bigint AS credits_pending
       FROM account
       LEFT JOIN LATERAL (
         SELECT sum(change.debits_posted) AS dp, sum(change.credits_posted) AS cp,
                sum(change.debits_pending) AS dn, sum(change.credits_pending) AS cn
           FROM own_book_change AS change
          WHERE change.depot_id = account.depot_id AND change.account_id = account.id) AS moved ON true
      WHERE depot_id = $1 AND id = $2`,
    [depotId, id],
  )
  return rows[0] ? accountOf(rows[0]) : null
}

/**
 * The accounts of a batch. Holders' are locked, always in the order of their ids, so that two batches never wait for
 * each other in a ring; our own books, which have no limit, nobody waits for, and their counters are not told.
 */
export async function lockAccounts(
  sql: Sql,
  depotId: string,
  ids: readonly AccountId[],
): Promise<Map<AccountId, Account>> {
  const values = [depotId, [...new Set(ids)]]
  const { rows: held } = await sql.query<AccountRow>(
    `SELECT * FROM account WHERE depot_id = $1 AND id = ANY($2::text[]) AND NOT ${OWN_BOOK}
      ORDER BY id COLLATE "C" FOR NO KEY UPDATE`,
    values,
  )
  const { rows: own } = await sql.query<AccountRow>(
    `SELECT ${ACCOUNT}, 0 AS debits_posted, 0 AS credits_posted, 0 AS debits_pending, 0 AS credits_pending
       FROM account WHERE depot_id = $1 AND id = ANY($2::text[]) AND ${OWN_BOOK}`,
    values,
  )
  return new Map([...held, ...own].map((row) => [row.id, accountOf(row)]))
}

export interface CounterChange {
  readonly account: AccountId
  readonly debitsPosted: bigint
  readonly creditsPosted: bigint
  readonly debitsPending: bigint
  readonly creditsPending: bigint
}

function columnsOf(depotId: string, changes: readonly CounterChange[]): unknown[] {
  return [
    depotId,
    changes.map(({ account }) => account),
    changes.map(({ debitsPosted }) => debitsPosted),
    changes.map(({ creditsPosted }) => creditsPosted),
    changes.map(({ debitsPending }) => debitsPending),
    changes.map(({ creditsPending }) => creditsPending),
  ]
}

const CHANGES = `unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
                 AS change (id, dp, cp, dn, cn)`

/** Adds to the counters of holders, one row an account. The limit's constraint is checked here. */
export async function changeCounters(
  sql: Sql,
  depotId: string,
  changes: readonly CounterChange[],
): Promise<void> {
  await sql.query(
    `UPDATE account SET
            debits_posted = debits_posted + change.dp, credits_posted = credits_posted + change.cp,
            debits_pending = debits_pending + change.dn, credits_pending = credits_pending + change.cn
       FROM ${CHANGES} WHERE account.depot_id = $1 AND account.id = change.id`,
    columnsOf(depotId, changes),
  )
}

/** Notes what a batch moved on our own books, for `foldOwnBooks`. */
export async function insertOwnChanges(
  sql: Sql,
  depotId: string,
  changes: readonly CounterChange[],
): Promise<void> {
  await sql.query(
    `INSERT INTO own_book_change
            (depot_id, account_id, debits_posted, credits_posted, debits_pending, credits_pending)
     SELECT $1, id, dp, cp, dn, cn FROM ${CHANGES}`,
    columnsOf(depotId, changes),
  )
}

/** Takes the noted changes of our own books away; their sums, an account each. */
export async function takeOwnChanges(sql: Sql, depotId: string): Promise<CounterChange[]> {
  const { rows } = await sql.query<{ account_id: string; dp: Int8; cp: Int8; dn: Int8; cn: Int8 }>(
    `WITH taken AS (DELETE FROM own_book_change WHERE depot_id = $1 RETURNING *)
     SELECT account_id, sum(debits_posted)::bigint AS dp, sum(credits_posted)::bigint AS cp,
            sum(debits_pending)::bigint AS dn, sum(credits_pending)::bigint AS cn
       FROM taken GROUP BY account_id`,
    [depotId],
  )
  return rows.map(({ account_id, dp, cp, dn, cn }) => ({
    account: account_id,
    debitsPosted: BigInt(dp),
    creditsPosted: BigInt(cp),
    debitsPending: BigInt(dn),
    creditsPending: BigInt(cn),
  }))
}

export async function insertTransfers(
  sql: Sql,
  depotId: string,
  transfers: readonly Transfer[],
  options: { isPending: boolean; madeAt: Date; bookedOn: string },
): Promise<void> {
  await sql.query(
    `INSERT INTO transfer (depot_id, is_pending, made_at, booked_on, id, kind, subject, currency, debit, credit,
                           amount_minor, document, reverses)
     SELECT $1, $2, $3, $4, * FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                                          $11::bigint[], $12::text[], $13::text[])`,
    [
      depotId,
      options.isPending,
      options.madeAt,
      options.bookedOn,
      transfers.map(({ id }) => id),
      transfers.map(({ kind }) => kind),
      transfers.map(({ subject }) => subject),
      transfers.map(({ currency }) => currency),
      transfers.map(({ debit }) => debit),
      transfers.map(({ credit }) => credit),
      transfers.map(({ amountMinor }) => amountMinor),
      transfers.map(({ document }) => document ?? null),
      transfers.map(({ reverses }) => reverses ?? null),
    ],
  )
}

export interface StoredTransfer extends Transfer {
  readonly isPending: boolean
}

interface TransferRow {
  id: string
  kind: string
  subject: string
  currency: Currency
  debit: string
  credit: string
  amount_minor: Int8
  document: string | null
  reverses: string | null
  is_pending: boolean
}

export async function readTransfers(
  sql: Sql,
  depotId: string,
  ids: readonly string[],
): Promise<StoredTransfer[]> {
  const { rows } = await sql.query<TransferRow>(
    `SELECT id, kind, subject, currency, debit, credit, amount_minor, document, reverses, is_pending
       FROM transfer WHERE depot_id = $1 AND id = ANY($2::text[])`,
    [depotId, ids],
  )
  return rows.map(({ amount_minor, document, reverses, is_pending, ...row }) => ({
    ...row,
    amountMinor: BigInt(amount_minor),
    ...(document !== null && { document }),
    ...(reverses !== null && { reverses }),
    isPending: is_pending,
  }))
}

/** Who posts one id waits here for whoever posts the same one. */
export async function lockTransferId(sql: Sql, depotId: string, id: string): Promise<void> {
  await sql.query("SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))", [depotId, id])
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

/** For the audit: transfers between accounts of another currency than theirs. Empty in a sound ledger. */
export async function readMixedTransfers(sql: Sql): Promise<{ depotId: string; id: string }[]> {
  const { rows } = await sql.query<{ depot_id: string; id: string }>(
    `SELECT DISTINCT transfer.depot_id, transfer.id FROM transfer
       JOIN account ON account.depot_id = transfer.depot_id AND account.id IN (transfer.debit, transfer.credit)
      WHERE account.currency <> transfer.currency`,
  )
  return rows.map(({ depot_id, id }) => ({ depotId: depot_id, id }))
}

/** Since when a holder may order no more, and why; null lifts it. An earlier block keeps its day. */
export async function updateBlocked(
  sql: Sql,
  depotId: string,
  id: AccountId,
  blocked: { readonly since: Date; readonly why: BlockedWhy } | null,
): Promise<void> {
  await sql.query(
    `UPDATE account SET blocked_since = CASE WHEN $3::timestamptz IS NULL THEN NULL
                                             ELSE coalesce(blocked_since, $3) END,
                        blocked_why = CASE WHEN $3 IS NULL THEN NULL ELSE coalesce(blocked_why, $4) END
      WHERE depot_id = $1 AND id = $2`,
    [depotId, id, blocked?.since ?? null, blocked?.why ?? null],
  )
}

/** For the audit: accounts whose counters, and what is noted for them, are not the fold of their entries. */
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
         FROM counted GROUP BY depot_id, account_id),
     noted AS (
       SELECT depot_id, account_id, sum(debits_posted) AS ndp, sum(credits_posted) AS ncp,
              sum(debits_pending) AS ndn, sum(credits_pending) AS ncn
         FROM own_book_change GROUP BY depot_id, account_id)
     SELECT account.depot_id, account.id
       FROM account LEFT JOIN folded
         ON folded.depot_id = account.depot_id AND folded.account_id = account.id
       LEFT JOIN noted ON noted.depot_id = account.depot_id AND noted.account_id = account.id
      WHERE (debits_posted + coalesce(ndp, 0), credits_posted + coalesce(ncp, 0),
             debits_pending + coalesce(ndn, 0), credits_pending + coalesce(ncn, 0))
            IS DISTINCT FROM (coalesce(dp, 0), coalesce(cp, 0), coalesce(dn, 0), coalesce(cn, 0))`,
  )
  return rows.map(({ depot_id, id }) => ({ depotId: depot_id, id }))
}
