// What the tables themselves refuse, and what the questions of the audit and of the deadline find.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readMiscountedAccounts, readUnbalancedTransfers, updateCreditLine } from './ledger.sql.ts'
import { createAccount, pendTransfers, postTransfers, settlePending } from './post-transfers.ts'
import { AT, buy, DEPOT, deposit, type LedgerDatabase, ledgerDatabase } from './testing/ledger-database.ts'
import type { Transfer } from './transfer.ts'

let ledger: LedgerDatabase
beforeAll(async () => {
  ledger = await ledgerDatabase()
})
afterAll(() => ledger.drop())
beforeEach(() => ledger.begin())

const run = (text: string) => ledger.pool.query(text)
const after = (ms: number) => new Date(AT.getTime() + ms)
const pendAt = (atMs: number, ...transfers: Transfer[]) =>
  ledger.transaction((sql) => pendTransfers(sql, DEPOT, transfers, after(atMs)))
const settle = (outcome: 'posted' | 'voided', ...ids: string[]) =>
  ledger.transaction((sql) => settlePending(sql, DEPOT, ids, { outcome, reason: 'test', settledAt: AT }))

describe('the tables', () => {
  const account = (id: string, currency = 'TND', columns = '', values = '') =>
    `INSERT INTO account (depot_id, id, currency, opened_at${columns})
     VALUES ('main', '${id}', '${currency}', now()${values})`
  const transfer = (id: string) =>
    `INSERT INTO transfer (depot_id, id, kind, subject, currency, is_pending, made_at)
     VALUES ('main', '${id}', 'k', 's', 'TND', false, now())`
  const entry = (amount: string, side = 'debit', transferId = 't', accountId = 'bank') =>
    `INSERT INTO entry (depot_id, transfer_id, account_id, side, amount_minor)
     VALUES ('main', '${transferId}', '${accountId}', '${side}', ${amount})`
  const settlement = (outcome: string, transferId = 't') =>
    `INSERT INTO settlement (depot_id, transfer_id, outcome, reason, settled_at)
     VALUES ('main', '${transferId}', '${outcome}', 'r', now())`

  beforeEach(() => run(transfer('t')))

  it.each([
    // What is just refused, by which rule, and its neighbour that is taken.
    [account(''), 'account_id_check', account('a')],
    [account('a'.repeat(81)), 'account_id_check', account('a'.repeat(80))],
    [account('a', 'TN'), 'account_currency_check', account('a', 'TND')],
    [account('a', 'TNDD'), 'account_currency_check', account('a', 'ZZZ')],
    [account('a', 'tnd'), 'account_currency_check', account('a', 'AAA')],
    [account('a', 'T1D'), 'account_currency_check', account('a', 'XOF')],
    ...['debits_posted', 'credits_posted', 'debits_pending', 'credits_pending'].map((counter) => [
      account('a', 'TND', `, ${counter}`, ', -1'),
      `account_${counter}_check`,
      account('a', 'TND', `, ${counter}`, ', 0'),
    ]),
    [
      account('a', 'TND', ', credit_line_minor', ', -1'),
      'account_credit_line_minor_check',
      account('a', 'TND', ', credit_line_minor', ', 0'),
    ],
    // One minor unit beyond the limit, and just at it: what was paid in and the line against what is out.
    [
      account(
        'a',
        'TND',
        ', credits_posted, credit_line_minor, debits_posted, debits_pending',
        ', 20, 5, 15, 11',
      ),
      'account_within_limit',
      account(
        'a',
        'TND',
        ', credits_posted, credit_line_minor, debits_posted, debits_pending',
        ', 20, 5, 15, 10',
      ),
    ],
    // A pending credit is no cover; our own books need none.
    [
      account('a', 'TND', ', credits_pending, credit_line_minor, debits_posted', ', 9, 0, 1'),
      'account_within_limit',
      account('a', 'TND', ', credits_pending, debits_posted', ', 9, 1'),
    ],
    [account('bank'), 'account_pkey', account('bank2')],
    [transfer(''), 'transfer_id_check', transfer('u')],
    [transfer('t'.repeat(121)), 'transfer_id_check', transfer('t'.repeat(120))],
    [transfer('t'), 'transfer_pkey', transfer('u')],
    [entry('0'), 'entry_amount_minor_check', entry('1')],
    [entry('-1'), 'entry_amount_minor_check', entry('9223372036854775807')],
    [entry('1', 'both'), 'entry_side_check', entry('1', 'credit')],
    [entry('1', 'debit', 'u'), 'entry_depot_id_transfer_id_fkey', entry('1')],
    [entry('1', 'debit', 't', 'nobody'), 'entry_depot_id_account_id_fkey', entry('1')],
    [`${entry('1')}; ${entry('1')}`, 'entry_pkey', `${entry('1')}; ${entry('1', 'credit')}`],
    [settlement('pending'), 'settlement_outcome_check', settlement('posted')],
    [`${settlement('voided')}; ${settlement('posted')}`, 'settlement_pkey', settlement('voided')],
    [settlement('posted', 'u'), 'settlement_depot_id_transfer_id_fkey', settlement('posted')],
  ] as [string, string, string][])('refuse %s by %s', async (refused, constraint, taken) => {
    await expect(run(refused)).rejects.toMatchObject({ constraint })
    await expect(run(taken)).resolves.toBeDefined()
  })

  it('leave no column empty but the credit line', async () => {
    const { rows } = await run(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
        WHERE table_schema = current_schema() AND is_nullable = 'YES'`,
    )
    expect(rows).toEqual([{ name: 'account.credit_line_minor' }])
  })
})

it('a limit is never given to an account of our own books', async () => {
  await updateCreditLine(ledger.pool, DEPOT, 'bank', 5n)
  expect((await ledger.account('bank')).creditLineMinor).toBeNull()
})

describe('the audit', () => {
  const unbalanced = () => readUnbalancedTransfers(ledger.pool)
  const miscounted = () => readMiscountedAccounts(ledger.pool)
  const bad = (depotId: string, id: string) => [{ depotId, id }]

  beforeEach(async () => {
    await ledger.transaction((sql) =>
      postTransfers(sql, DEPOT, [deposit('d1', 900n), deposit('d2', 30n, 'R00002'), buy('a', 400n)], AT),
    )
    await pendAt(0, buy('b', 50n), buy('c', 6n), buy('e', 7n))
    await settle('posted', 'b')
    await settle('voided', 'c')
    await createAccount(ledger.pool, {
      depotId: 'south',
      id: 'R00001',
      currency: 'TND',
      creditLineMinor: 9n,
      openedAt: AT,
    })
  })

  it('finds nothing in sound books, entries of another depot among them', async () => {
    expect([await unbalanced(), await miscounted()]).toEqual([[], []])
  })

  it('finds a transfer without entries, with one, or whose sides differ by a minor unit', async () => {
    await run("INSERT INTO transfer VALUES ('south', 'a', 'k', 's', 'TND', false, now())")
    expect(await unbalanced()).toEqual(bad('south', 'a'))
    await run(
      "DELETE FROM transfer WHERE depot_id = 'south'; DELETE FROM entry WHERE transfer_id = 'a' AND side = 'debit'",
    )
    expect(await unbalanced()).toEqual(bad('main', 'a'))
    await run("INSERT INTO entry VALUES ('main', 'a', 'R00001', 'debit', 401)")
    expect(await unbalanced()).toEqual(bad('main', 'a'))
    await run("UPDATE entry SET amount_minor = 399 WHERE transfer_id = 'a' AND side = 'debit'")
    expect(await unbalanced()).toEqual(bad('main', 'a'))
    await run("UPDATE entry SET amount_minor = 400 WHERE transfer_id = 'a'")
    expect(await unbalanced()).toEqual([])
  })

  it.each(['debits_posted', 'credits_posted', 'debits_pending', 'credits_pending'])(
    'finds %s one too many and one too few',
    async (counter) => {
      // The bank has no limit that would be in the way.
      await run(`UPDATE account SET ${counter} = ${counter} + 1 WHERE depot_id = 'main' AND id = 'bank'`)
      expect(await miscounted()).toEqual(bad('main', 'bank'))
      await run(`UPDATE account SET ${counter} = ${counter} - 1 WHERE depot_id = 'main' AND id = 'bank'`)
      expect(await miscounted()).toEqual([])
      // An account without any entry counts as well.
      await run(`UPDATE account SET ${counter} = 1 WHERE depot_id = 'south'`)
      expect(await miscounted()).toEqual(bad('south', 'R00001'))
    },
  )

  it('folds entries as they are settled, not as they were made', async () => {
    await run("UPDATE settlement SET outcome = 'voided' WHERE transfer_id = 'b'")
    expect((await miscounted()).map(({ id }) => id).sort()).toEqual(['R00001', 'sales'])
    await run("UPDATE settlement SET outcome = 'posted' WHERE transfer_id IN ('b', 'c')")
    expect((await miscounted()).map(({ id }) => id).sort()).toEqual(['R00001', 'sales'])
    await run("DELETE FROM settlement WHERE transfer_id = 'c'")
    expect((await miscounted()).map(({ id }) => id).sort()).toEqual(['R00001', 'sales'])
    await run("INSERT INTO settlement VALUES ('main', 'c', 'voided', 'r', now())")
    expect(await miscounted()).toEqual([])
    // A settlement of a transfer that never was pending changes nothing.
    await run("INSERT INTO settlement VALUES ('main', 'a', 'voided', 'r', now())")
    expect(await miscounted()).toEqual([])
  })

  it('finds an entry that no counter knows of', async () => {
    await run(`INSERT INTO transfer VALUES ('south', 'd1', 'k', 's', 'TND', true, now());
               INSERT INTO entry VALUES ('south', 'd1', 'R00001', 'credit', 5)`)
    expect(await miscounted()).toEqual(bad('south', 'R00001'))
    await run("UPDATE account SET credits_pending = 5 WHERE depot_id = 'south'")
    expect(await miscounted()).toEqual([])
    await run("INSERT INTO settlement VALUES ('south', 'd1', 'posted', 'r', now())")
    expect(await miscounted()).toEqual(bad('south', 'R00001'))
  })
})
