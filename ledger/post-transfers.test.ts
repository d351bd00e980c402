// The ledger's acts on a real PostgreSQL: what they write, what they refuse, and that two at once wait for each other.

import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Account } from './account.ts'
import { readMiscountedAccounts, readMixedTransfers } from './ledger.sql.ts'
import {
  createAccount,
  pendTransfers,
  postOnce,
  postTransfers,
  setCreditLine,
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

const LATER = new Date(AT.getTime() + 60_000)
let ledger: LedgerDatabase
beforeAll(async () => {
  ledger = await ledgerDatabase()
})
afterAll(() => ledger.drop())
beforeEach(() => ledger.begin())

const post = (transfers: Transfer[], depot = DEPOT) =>
  ledger.transaction((sql) => postTransfers(sql, depot, transfers, BOOKING))
const pend = (transfers: Transfer[], depot = DEPOT) =>
  ledger.transaction((sql) => pendTransfers(sql, depot, transfers, BOOKING))
const settle = (outcome: 'posted' | 'voided', ids: string[], depot = DEPOT) =>
  ledger.transaction((sql) =>
    settlePending(sql, depot, ids, { outcome, reason: 'receipt', settledAt: LATER }),
  )
const rows = async (query: string): Promise<unknown[]> => (await ledger.pool.query(query)).rows

/** Debits posted, credits posted, debits pending, credits pending. */
async function counters(id: string): Promise<bigint[]> {
  const { debitsPosted, creditsPosted, debitsPending, creditsPending } = await ledger.account(id)
  return [debitsPosted, creditsPosted, debitsPending, creditsPending]
}

/** Resolves once this connection waits for a lock that another holds. */
async function waitsForLock(sql: pg.PoolClient): Promise<void> {
  const { processID } = sql as unknown as { processID: number }
  const beganMs = performance.now()
  for (;;) {
    const { rows: waiting } = await ledger.pool.query(
      "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'",
      [processID],
    )
    if (waiting.length === 1) return
    if (performance.now() - beganMs > 10_000) throw new Error('it does not wait')
  }
}

/** Runs one act in an open transaction and the other against it, which must wait and then see what the first did. */
async function oneAfterTheOther<First, Second>(
  first: (sql: pg.PoolClient) => Promise<First>,
  second: (sql: pg.PoolClient) => Promise<Second>,
): Promise<[First, Second]> {
  const [one, two] = [await ledger.connection(), await ledger.connection()]
  try {
    const done = await first(one)
    const waiting = second(two)
    // Whatever becomes of it is looked at below.
    waiting.catch(() => undefined)
    await waitsForLock(two)
    await one.query('COMMIT')
    const last = await waiting
    await two.query('COMMIT')
    return [done, last]
  } finally {
    for (const sql of [one, two]) {
      await sql.query('ROLLBACK')
      sql.release()
    }
  }
}

describe('accounts', () => {
  it('are opened once, with nothing on them, and stay as they are when opened again', async () => {
    const account = {
      depotId: DEPOT,
      id: 'R9',
      class: 'asset',
      currency: 'EUR',
      creditLineMinor: 7n,
      openedAt: AT,
    } as const
    expect(await createAccount(ledger.pool, account)).toBe(true)
    expect(await createAccount(ledger.pool, { ...account, currency: 'USD', creditLineMinor: 8n })).toBe(false)
    expect(await ledger.account('R9')).toEqual({
      id: 'R9',
      class: 'asset',
      blocked: null,
      currency: 'EUR',
      debitsPosted: 0n,
      creditsPosted: 0n,
      debitsPending: 0n,
      creditsPending: 0n,
      creditLineMinor: 7n,
    } satisfies Account)
    expect((await ledger.account('bank')).creditLineMinor).toBeNull()
    expect(await ledger.account('nobody')).toBeNull()
    expect(await rows("SELECT opened_at FROM account WHERE id = 'R9'")).toEqual([{ opened_at: AT }])
  })

  it('of the same name in another depot are others', async () => {
    for (const id of ['bank', 'sales', 'R00001'])
      await createAccount(ledger.pool, {
        depotId: 'south',
        id,
        class: 'liability',
        currency: 'TND',
        creditLineMinor: id === 'R00001' ? 100n : null,
        openedAt: AT,
      })
    await post([deposit('d', 50n)], 'south')
    expect([...(await pend([buy('a', 151n), buy('b', 150n)], 'south')).values()]).toEqual([
      'insufficient-balance',
      'accepted',
    ])
    await pend([buy('b', 10n)])
    expect(await counters('R00001')).toEqual([0n, 0n, 10n, 0n])
    expect(await settle('voided', ['b'], 'south')).toEqual(new Map([['b', 'settled']]))
    expect(await counters('R00001')).toEqual([0n, 0n, 10n, 0n])
    expect(await settle('posted', ['b'])).toEqual(new Map([['b', 'settled']]))
    expect(await settle('posted', ['b'], 'south')).toEqual(new Map([['b', 'already-voided']]))
    expect(await settle('posted', ['b'], 'north')).toEqual(new Map([['b', 'unknown']]))
    expect(await ledger.transaction((sql) => setCreditLine(sql, 'south', 'R00001', 1n))).toBe('set')
    expect((await ledger.account('R00001')).creditLineMinor).toBe(5_000n)
    expect(await readMiscountedAccounts(ledger.pool)).toEqual([])
  })
})

describe('posting and pending', () => {
  it('write the transfer, both of its entries and both counters; what is refused leaves nothing', async () => {
    await post([deposit('d', 2_000n), buy('much', 7_001n)])
    await pend([buy('o', 1_500n)])
    expect(
      await rows(
        'SELECT id, kind, subject, currency, is_pending, made_at, booked_on::text FROM transfer ORDER BY id',
      ),
    ).toEqual([
      {
        id: 'd',
        kind: 'deposit',
        subject: 'receipt d',
        currency: 'TND',
        is_pending: false,
        made_at: AT,
        booked_on: BOOKING.bookedOn,
      },
      {
        ...{ id: 'o', kind: 'supply', subject: 'order o', currency: 'TND', is_pending: true, made_at: AT },
        booked_on: BOOKING.bookedOn,
      },
    ])
    expect(
      await rows(
        'SELECT transfer_id AS t, account_id AS a, side, amount_minor AS n FROM entry ORDER BY t, side',
      ),
    ).toEqual([
      { t: 'd', a: 'R00001', side: 'credit', n: '2000' },
      { t: 'd', a: 'bank', side: 'debit', n: '2000' },
      { t: 'o', a: 'sales', side: 'credit', n: '1500' },
      { t: 'o', a: 'R00001', side: 'debit', n: '1500' },
    ])
    expect(await counters('R00001')).toEqual([0n, 2_000n, 1_500n, 0n])
    expect(await counters('bank')).toEqual([2_000n, 0n, 0n, 0n])
    expect(await counters('sales')).toEqual([0n, 0n, 0n, 1_500n])
  })

  it('count an account that comes in several transfers of a batch once for each', async () => {
    await post([deposit('d1', 1n), deposit('d2', 20n), buy('o1', 300n), deposit('d3', 400n, 'R00002')])
    expect(await counters('bank')).toEqual([421n, 0n, 0n, 0n])
    expect(await counters('R00001')).toEqual([300n, 21n, 0n, 0n])
    expect(await counters('R00002')).toEqual([0n, 400n, 0n, 0n])
  })

  it('answer an empty batch, and one of refusals only, without a statement that writes', async () => {
    expect(await post([])).toEqual(new Map())
    expect(await pend([buy('a', 5_001n), buy('b', 1n, 'nobody')])).toEqual(
      new Map([
        ['a', 'insufficient-balance'],
        ['b', 'unknown-account'],
      ]),
    )
    expect(await rows('SELECT FROM transfer')).toEqual([])
  })

  it('take an id once', async () => {
    await post([deposit('d', 1n)])
    await expect(post([deposit('d', 1n)])).rejects.toMatchObject({ constraint: 'transfer_pkey' })
    await expect(pend([deposit('d', 2n)])).rejects.toMatchObject({ constraint: 'transfer_pkey' })
    expect(await counters('R00001')).toEqual([0n, 1n, 0n, 0n])
  })

  it('do not let a pending deposit be spent', async () => {
    await pend([deposit('d', 1_000n)])
    expect([...(await pend([buy('a', 5_001n), buy('b', 5_000n)])).values()]).toEqual([
      'insufficient-balance',
      'accepted',
    ])
    await settle('posted', ['d'])
    expect([...(await pend([buy('c', 1_001n), buy('e', 1_000n)])).values()]).toEqual([
      'insufficient-balance',
      'accepted',
    ])
  })

  it('wait for one another: of two that fit alone but not together, the second is refused', async () => {
    const [first, second] = await oneAfterTheOther(
      (sql) => pendTransfers(sql, DEPOT, [buy('a', 3_000n)], BOOKING),
      (sql) => pendTransfers(sql, DEPOT, [buy('b', 2_001n)], BOOKING),
    )
    expect([first.get('a'), second.get('b')]).toEqual(['accepted', 'insufficient-balance'])
    expect(await counters('R00001')).toEqual([0n, 0n, 3_000n, 0n])
  })

  it('lock accounts in the order of their ids, so that two batches cannot wait for each other in a ring', async () => {
    const [holder, batch] = [await ledger.connection(), await ledger.connection()]
    try {
      // Stands before the others in their order, and was opened last, so that it lies behind them in the table.
      await createAccount(ledger.pool, {
        depotId: DEPOT,
        id: 'A1',
        class: 'liability',
        currency: 'TND',
        creditLineMinor: 0n,
        openedAt: AT,
      })
      await holder.query("SELECT FROM account WHERE id = 'A1' FOR UPDATE")
      // As the table lies, and not as an index would give them.
      await batch.query('SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off')
      const waiting = pendTransfers(batch, DEPOT, [buy('a', 1n), buy('b', 1n, 'A1')], BOOKING)
      waiting.catch(() => undefined)
      await waitsForLock(batch)
      // It waits for the first and holds none of the later ones yet.
      expect(
        (await ledger.pool.query("SELECT id FROM account WHERE id > 'A1' FOR UPDATE SKIP LOCKED")).rowCount,
      ).toBe(4)
      await holder.query('ROLLBACK')
      expect(await waiting).toEqual(
        new Map([
          ['a', 'accepted'],
          ['b', 'insufficient-balance'],
        ]),
      )
      // While it holds them, an entry that only names such an account does not have to wait.
      await ledger.pool.query(
        "BEGIN; SET LOCAL lock_timeout = '2s'; SELECT FROM account WHERE id = 'R00001' FOR KEY SHARE; COMMIT",
      )
    } finally {
      for (const sql of [holder, batch]) {
        await sql.query('ROLLBACK')
        sql.release()
      }
    }
  })
})

describe('posting once', () => {
  const once = (transfer: Transfer) => ledger.transaction((sql) => postOnce(sql, DEPOT, transfer, BOOKING))

  it('posts, and finds the same again', async () => {
    expect(await once(deposit('d', 70n))).toBe('posted')
    expect(await once(deposit('d', 70n))).toBe('already-posted')
    expect(await counters('R00001')).toEqual([0n, 70n, 0n, 0n])
  })

  it('says where the id stands for something else: another amount, account or direction', async () => {
    await once(deposit('d', 70n))
    const turned: Transfer = { ...deposit('d', 70n), debit: 'R00001', credit: 'bank' }
    const others = [
      ...[deposit('d', 71n), deposit('d', 69n), deposit('d', 70n, 'R00002'), turned, buy('d', 70n)],
      { ...deposit('d', 70n), debit: 'sales' },
    ]
    for (const other of others) expect(await once(other)).toBe('id-reused')
    expect(await counters('R00001')).toEqual([0n, 70n, 0n, 0n])
  })

  it('refuses as posting does, leaves nothing then, and may be asked again', async () => {
    expect(await once(buy('o', 5_001n))).toBe('insufficient-balance')
    expect(await once(buy('o', 5_001n, 'nobody'))).toBe('unknown-account')
    expect(await once({ ...buy('o', 1n), currency: 'XOF' })).toBe('currency-differs')
    expect(await once(buy('o', 5_000n))).toBe('posted')
  })

  it('finds what another posts at the same moment', async () => {
    expect(
      await oneAfterTheOther(
        (sql) => postOnce(sql, DEPOT, deposit('d', 70n), BOOKING),
        (sql) => postOnce(sql, DEPOT, deposit('d', 70n), BOOKING),
      ),
    ).toEqual(['posted', 'already-posted'])
    expect(
      await oneAfterTheOther(
        (sql) => postOnce(sql, DEPOT, deposit('e', 70n), BOOKING),
        (sql) => postOnce(sql, DEPOT, deposit('e', 71n), BOOKING),
      ),
    ).toEqual(['posted', 'id-reused'])
    expect(await counters('R00001')).toEqual([0n, 140n, 0n, 0n])
  })
})

describe('settling', () => {
  it('moves what was pending to what is posted, on both sides, and keeps who said so and when', async () => {
    await pend([buy('a', 100n), buy('b', 20n), buy('c', 3n)])
    expect(await settle('posted', ['a', 'b'])).toEqual(
      new Map([
        ['a', 'settled'],
        ['b', 'settled'],
      ]),
    )
    expect(await counters('R00001')).toEqual([120n, 0n, 3n, 0n])
    expect(await counters('sales')).toEqual([0n, 120n, 0n, 3n])
    expect(
      await rows('SELECT transfer_id, outcome, reason, settled_at FROM settlement ORDER BY transfer_id'),
    ).toEqual([
      { transfer_id: 'a', outcome: 'posted', reason: 'receipt', settled_at: LATER },
      { transfer_id: 'b', outcome: 'posted', reason: 'receipt', settled_at: LATER },
    ])
  })

  it('gives back what is voided', async () => {
    await pend([buy('a', 5_000n)])
    expect(await settle('voided', ['a'])).toEqual(new Map([['a', 'settled']]))
    expect(await counters('R00001')).toEqual([0n, 0n, 0n, 0n])
    expect(await counters('sales')).toEqual([0n, 0n, 0n, 0n])
    expect(await pend([buy('b', 5_000n)])).toEqual(new Map([['b', 'accepted']]))
    expect(await rows("SELECT outcome FROM settlement WHERE transfer_id = 'a'")).toEqual([
      { outcome: 'voided' },
    ])
  })

  it('says of each id what it came to, in the order asked', async () => {
    await post([deposit('direct', 1n)])
    await pend([buy('posted', 1n), buy('voided', 1n), buy('new', 1n)])
    await settle('posted', ['posted'])
    await settle('voided', ['voided'])
    expect([...(await settle('posted', ['nothing', 'voided', 'new', 'direct', 'posted']))]).toEqual([
      ['nothing', 'unknown'],
      ['voided', 'already-voided'],
      ['new', 'settled'],
      ['direct', 'not-pending'],
      ['posted', 'already-posted'],
    ])
    expect(await counters('R00001')).toEqual([2n, 1n, 0n, 0n])
  })

  it('counts an id once that comes twice, and answers none for none', async () => {
    await pend([buy('a', 7n)])
    expect(await settle('posted', ['a', 'a'])).toEqual(new Map([['a', 'settled']]))
    expect(await counters('R00001')).toEqual([7n, 0n, 0n, 0n])
    expect(await settle('posted', [])).toEqual(new Map())
  })

  it('happens once, one way, when two want it at the same moment', async () => {
    await pend([buy('a', 7n)])
    const settlement = { reason: 'test', settledAt: AT }
    const [first, second] = await oneAfterTheOther(
      (sql) => settlePending(sql, DEPOT, ['a'], { outcome: 'voided', ...settlement }),
      (sql) => settlePending(sql, DEPOT, ['a'], { outcome: 'posted', ...settlement }),
    )
    expect([first.get('a'), second.get('a')]).toEqual(['settled', 'already-voided'])
    expect(await counters('R00001')).toEqual([0n, 0n, 0n, 0n])
  })

  it('holds the accounts before it settles, as posting does: neither waits for the other in a ring', async () => {
    await pend([buy('a', 7n)])
    const [holder, settling] = [await ledger.connection(), await ledger.connection()]
    try {
      await holder.query("SELECT FROM account WHERE id = 'R00001' FOR UPDATE")
      const waiting = settlePending(settling, DEPOT, ['a'], { outcome: 'posted', reason: '', settledAt: AT })
      waiting.catch(() => undefined)
      await waitsForLock(settling)
      // Had it settled first, this would wait for it, and it for us.
      const mine = await settlePending(holder, DEPOT, ['a'], { outcome: 'voided', reason: '', settledAt: AT })
      expect(mine).toEqual(new Map([['a', 'settled']]))
      await holder.query('COMMIT')
      expect(await waiting).toEqual(new Map([['a', 'already-voided']]))
    } finally {
      for (const sql of [holder, settling]) {
        await sql.query('ROLLBACK')
        sql.release()
      }
    }
  })
})

describe('a credit line', () => {
  const set = (line: bigint, id = 'R00001') =>
    ledger.transaction((sql) => setCreditLine(sql, DEPOT, id, line))

  it('may be set to what is owed, posted and pending together, and not below', async () => {
    await post([deposit('d', 100n), buy('a', 600n)])
    await pend([buy('b', 30n), deposit('e', 10n)])
    expect(await set(529n)).toBe('line-in-use')
    expect((await ledger.account()).creditLineMinor).toBe(5_000n)
    expect(await set(530n)).toBe('set')
    expect((await ledger.account()).creditLineMinor).toBe(530n)
    expect(await set(6_000n)).toBe('set')
    expect(await set(0n, 'R00002')).toBe('set')
  })

  it('is never below zero', async () => {
    await post([deposit('d', 100n)])
    await expect(set(-1n)).rejects.toMatchObject({ constraint: 'account_credit_line_minor_check' })
  })

  it('is not for an account that is not there, nor for one of our own books', async () => {
    expect([await set(1n, 'nobody'), await set(1n, 'bank')]).toEqual(['unknown-account', 'unknown-account'])
    expect((await ledger.account('bank')).creditLineMinor).toBeNull()
  })

  it('is taken away only from what is left when the others are done', async () => {
    expect(
      await oneAfterTheOther(
        async (sql) => (await pendTransfers(sql, DEPOT, [buy('a', 4_000n)], BOOKING)).get('a'),
        (sql) => setCreditLine(sql, DEPOT, 'R00001', 3_999n),
      ),
    ).toEqual(['accepted', 'line-in-use'])
  })
})

it('books that went through all of this balance', async () => {
  await post([deposit('d', 900n), buy('a', 400n)])
  await pend([buy('b', 500n), buy('c', 60n), buy('e', 7n)])
  await settle('posted', ['b'])
  await settle('voided', ['c'])
  expect(await readMixedTransfers(ledger.pool)).toEqual([])
  expect(await readMiscountedAccounts(ledger.pool)).toEqual([])
})
