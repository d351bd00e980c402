// What the tables themselves refuse, and what the questions of the audit and of the deadline find.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  readMiscountedAccounts,
  readMixedTransfers,
  readTransfers,
  updateBlocked,
  updateCreditLine,
} from './ledger.sql.ts'
import {
  beginBatch,
  createAccount,
  endBatch,
  foldOwnBooks,
  pendInBatch,
  pendTransfers,
  postTransfers,
  settleInBatch,
  settlePending,
} from './post-transfers.ts'
import {
  AT,
  BOOKING,
  buy,
  DEPOT,
  deposit,
  type LedgerDatabase,
  ledgerDatabase,
} from './testing/ledger-database.ts'
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
  ledger.transaction((sql) => pendTransfers(sql, DEPOT, transfers, { ...BOOKING, madeAt: after(atMs) }))
const settle = (outcome: 'posted' | 'voided', ...ids: string[]) =>
  ledger.transaction((sql) => settlePending(sql, DEPOT, ids, { outcome, reason: 'test', settledAt: AT }))

describe('the tables', () => {
  const account = (id: string, currency = 'TND', columns = '', values = '') =>
    `INSERT INTO account (depot_id, id, class, currency, opened_at${columns})
     VALUES ('main', '${id}', 'liability', '${currency}', now()${values})`
  const transfer = (id: string, amount = '1', debit = 'bank', credit = 'sales') =>
    `INSERT INTO transfer (depot_id, id, kind, subject, currency, is_pending, made_at, booked_on, debit, credit,
                           amount_minor)
     VALUES ('main', '${id}', 'k', 's', 'TND', false, now(), now(), '${debit}', '${credit}', ${amount})`
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
    [transfer('u', '0'), 'transfer_amount_minor_check', transfer('u')],
    [transfer('u', '-1'), 'transfer_amount_minor_check', transfer('u', '9223372036854775807')],
    [transfer('u', '1', 'bank', 'bank'), 'transfer_between_two', transfer('u', '1', 'sales', 'bank')],
    [transfer('u', '1', 'nobody'), 'transfer_debit_fkey', transfer('u')],
    [transfer('u', '1', 'bank', 'nobody'), 'transfer_credit_fkey', transfer('u')],
    [settlement('pending'), 'settlement_outcome_check', settlement('posted')],
    [`${settlement('voided')}; ${settlement('posted')}`, 'settlement_pkey', settlement('voided')],
    [settlement('posted', 'u'), 'settlement_depot_id_transfer_id_fkey', settlement('posted')],
  ] as [string, string, string][])('refuse %s by %s', async (refused, constraint, taken) => {
    await expect(run(refused)).rejects.toMatchObject({ constraint })
    await expect(run(taken)).resolves.toBeDefined()
  })

  it('leave no column empty but limits, blocks and papers', async () => {
    const { rows } = await run(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
        WHERE table_schema = current_schema() AND is_nullable = 'YES' AND table_name <> 'entry' ORDER BY 1`,
    )
    expect(rows.map(({ name }) => name)).toEqual([
      ...['account.blocked_since', 'account.blocked_why', 'account.credit_line_minor'],
      ...['transfer.document', 'transfer.reverses'],
    ])
  })
})

it('a limit is never given to an account of our own books', async () => {
  await updateCreditLine(ledger.pool, DEPOT, 'bank', 5n)
  expect((await ledger.account('bank')).creditLineMinor).toBeNull()
})

describe('the audit', () => {
  const mixed = () => readMixedTransfers(ledger.pool)
  const miscounted = () => readMiscountedAccounts(ledger.pool)
  const bad = (depotId: string, id: string) => [{ depotId, id }]

  beforeEach(async () => {
    await ledger.transaction((sql) =>
      postTransfers(sql, DEPOT, [deposit('d1', 900n), deposit('d2', 30n, 'R00002'), buy('a', 400n)], BOOKING),
    )
    await pendAt(0, buy('b', 50n), buy('c', 6n), buy('e', 7n))
    await settle('posted', 'b')
    await settle('voided', 'c')
    await createAccount(ledger.pool, {
      depotId: 'south',
      id: 'R00001',
      class: 'liability',
      currency: 'TND',
      creditLineMinor: 9n,
      openedAt: AT,
    })
  })

  it('finds nothing in sound books, entries of another depot among them', async () => {
    expect([await mixed(), await miscounted()]).toEqual([[], []])
  })

  it('finds a transfer that moves another currency than its accounts’', async () => {
    await run("UPDATE transfer SET currency = 'XOF' WHERE id = 'a'")
    expect(await mixed()).toEqual(bad('main', 'a'))
    await run("UPDATE transfer SET currency = 'TND'; UPDATE account SET currency = 'XOF' WHERE id = 'bank'")
    expect((await mixed()).map(({ id }) => id).sort()).toEqual(['d1', 'd2'])
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

  it('finds a transfer that no counter knows of', async () => {
    for (const id of ['bank', 'sales'])
      await run(`INSERT INTO account (depot_id, id, class, currency, opened_at)
                 VALUES ('south', '${id}', 'asset', 'TND', now())`)
    await run(`INSERT INTO transfer (depot_id, id, kind, subject, currency, is_pending, made_at, booked_on, debit, credit,
                                     amount_minor)
               VALUES ('south', 'd1', 'k', 's', 'TND', true, now(), now(), 'bank', 'R00001', 5)`)
    const southern = async () => (await miscounted()).map(({ id }) => id).sort()
    expect(await southern()).toEqual(['R00001', 'bank'])
    await run("UPDATE account SET credits_pending = 5 WHERE depot_id = 'south' AND id = 'R00001'")
    expect(await southern()).toEqual(['bank'])
    await run("INSERT INTO own_book_change VALUES ('south', 'bank', 0, 0, 5, 0)")
    expect(await southern()).toEqual([])
    await run("INSERT INTO settlement VALUES ('south', 'd1', 'posted', 'r', now())")
    expect(await southern()).toEqual(['R00001', 'bank'])
  })
})

describe('our own books', () => {
  const noted = async () => (await run('SELECT FROM own_book_change')).rowCount
  const fold = () => ledger.transaction((sql) => foldOwnBooks(sql, DEPOT))

  it('are noted batch by batch, read with what is noted, and folded into their counters', async () => {
    await ledger.transaction((sql) => postTransfers(sql, DEPOT, [deposit('d1', 900n)], BOOKING))
    await pendAt(0, buy('a', 50n), buy('b', 6n), buy('c', 7n))
    await settle('posted', 'a')
    await settle('voided', 'b')
    const sales = { debitsPosted: 0n, creditsPosted: 50n, debitsPending: 0n, creditsPending: 7n }
    const bank = { debitsPosted: 900n, creditsPosted: 0n, debitsPending: 0n, creditsPending: 0n }
    const sound = async () => {
      expect(await ledger.account('sales')).toMatchObject(sales)
      expect(await ledger.account('bank')).toMatchObject(bank)
      expect(await readMiscountedAccounts(ledger.pool)).toEqual([])
    }
    await sound()
    expect([await noted(), await fold(), await noted(), await fold()]).toEqual([4, 2, 0, 0])
    await sound()
    const { rows } = await run("SELECT credits_posted, credits_pending FROM account WHERE id = 'sales'")
    expect(rows).toEqual([{ credits_posted: '50', credits_pending: '7' }])
  })

  it('of one depot are folded without touching another’s', async () => {
    await run("INSERT INTO own_book_change VALUES ('south', 'bank', 1, 0, 0, 0)")
    expect([await fold(), await noted()]).toEqual([0, 1])
  })

  it('make nobody wait: two batches on one of them run side by side', async () => {
    const [one, two] = [await ledger.connection(), await ledger.connection()]
    try {
      await pendTransfers(one, DEPOT, [buy('a', 1n)], BOOKING)
      await two.query("SET LOCAL lock_timeout = '2s'")
      const second = await ledger.transaction((sql) =>
        postTransfers(sql, DEPOT, [deposit('d', 9n, 'R00002')], BOOKING),
      )
      expect(second.get('d')).toBe('accepted')
      expect((await pendTransfers(two, DEPOT, [buy('b', 1n, 'R00002')], BOOKING)).get('b')).toBe('accepted')
    } finally {
      for (const sql of [one, two]) {
        await sql.query('ROLLBACK')
        sql.release()
      }
    }
  })
})

it('several acts of one transaction count together: what is left, what is moved, each account once', async () => {
  await ledger.transaction((sql) =>
    postTransfers(sql, DEPOT, [deposit('d1', 100n), deposit('d2', 9n, 'R00002')], BOOKING),
  )
  await pendAt(0, buy('a', 30n), buy('b', 5n, 'R00002'))
  const statements: string[] = []
  await ledger.transaction(async (sql) => {
    const watched = {
      query: ((text: string, values: unknown[]) => {
        statements.push(text)
        return sql.query(text, values)
      }) as typeof sql.query,
    }
    const batch = await beginBatch(watched, DEPOT, ['R00001', 'sales'])
    const settlement = { outcome: 'posted', reason: 'test', settledAt: AT } as const
    // R00002 is none of those that were named.
    expect((await settleInBatch(batch, ['a', 'b'], settlement)).get('b')).toBe('settled')
    expect((await pendInBatch(batch, [buy('c', 70n)], BOOKING)).get('c')).toBe('accepted')
    // Its credit line is left.
    const more = await pendInBatch(batch, [buy('d', 5_001n), buy('e', 5_000n)], BOOKING)
    expect([...more.values()]).toEqual(['insufficient-balance', 'accepted'])
    await endBatch(batch)
  })
  const written = (table: string) => statements.filter((text) => text.includes(table)).length
  expect([written('UPDATE account SET'), written('INSERT INTO own_book_change')]).toEqual([1, 1])
  expect(await ledger.account()).toMatchObject({ debitsPosted: 30n, debitsPending: 5_070n })
  expect(await ledger.account('R00002')).toMatchObject({ debitsPosted: 5n, debitsPending: 0n })
  expect(await ledger.account('sales')).toMatchObject({ creditsPosted: 35n, creditsPending: 5_070n })
  expect(await readMiscountedAccounts(ledger.pool)).toEqual([])
})

it('a holder’s orders are blocked from the first day that says so, with its reason, until it is lifted', async () => {
  const block = (blocked: Parameters<typeof updateBlocked>[3]) =>
    updateBlocked(ledger.pool, DEPOT, 'R00001', blocked)
  const blockedNow = async () => (await ledger.account()).blocked
  expect(await blockedNow()).toBeNull()
  await block({ since: AT, why: 'unpaid' })
  await block({ since: after(5), why: 'suspended' })
  expect(await blockedNow()).toEqual({ since: AT, why: 'unpaid' })
  expect((await ledger.account('R00002')).blocked).toBeNull()
  await block(null)
  expect(await blockedNow()).toBeNull()
})

it('a transfer is taken back once', async () => {
  await ledger.transaction((sql) => postTransfers(sql, DEPOT, [deposit('d1', 900n)], BOOKING))
  const back = (id: string) => ({ ...buy(id, 900n), credit: 'bank', reverses: 'd1', document: 'CHQ 1' })
  await ledger.transaction((sql) => postTransfers(sql, DEPOT, [back('r1')], BOOKING))
  await expect(
    ledger.transaction((sql) => postTransfers(sql, DEPOT, [back('r2')], BOOKING)),
  ).rejects.toMatchObject({ constraint: 'transfer_reversed_once' })
  const [stored] = await readTransfers(ledger.pool, DEPOT, ['r1'])
  expect(stored).toEqual({ ...back('r1'), isPending: false })
})
