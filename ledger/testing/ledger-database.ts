// A ledger of a test file's own: its tables in a schema of the run's database, and four accounts in TND.

import { readFileSync } from 'node:fs'
import { randomBytes, systemRandom } from '@scratchless/voucher/random'
import pg from 'pg'
import type { Account } from '../account.ts'
import { readAccount } from '../ledger.sql.ts'
import { createAccount, LEDGER_MIGRATIONS } from '../post-transfers.ts'
import type { Transfer } from '../transfer.ts'

export const DEPOT = 'main'
/** The ledger's tables, file by file. */
export const LEDGER_FILES = ['0001-ledger.sql', '0002-one-row-a-transfer.sql']
export const AT = new Date(1_790_000_000_000)
export const BOOKING = { madeAt: AT, bookedOn: '2026-09-21' }

export interface LedgerDatabase {
  readonly pool: pg.Pool
  /** Empties the tables and opens `bank` and `sales` (our own books), R00001 (credit line 5.000) and R00002 (none). */
  begin(): Promise<void>
  transaction<Result>(work: (sql: pg.PoolClient) => Promise<Result>): Promise<Result>
  /** A connection of its own, inside a transaction that the test ends. */
  connection(): Promise<pg.PoolClient>
  account(id?: string): Promise<Account>
  drop(): Promise<void>
}

export async function ledgerDatabase(): Promise<LedgerDatabase> {
  const connectionString = process.env.SCRATCHLESS_TEST_DATABASE_URL
  const schema = `ledger_${randomBytes(systemRandom, 8).toString('hex')}`
  const pool = new pg.Pool({ connectionString, options: `-c search_path=${schema}`, max: 12 })
  await pool.query(`CREATE SCHEMA ${schema}`)
  for (const file of LEDGER_FILES)
    await pool.query(readFileSync(new URL(file, LEDGER_MIGRATIONS.folder), 'utf8'))

  async function connection(): Promise<pg.PoolClient> {
    const client = await pool.connect()
    await client.query('BEGIN')
    return client
  }

  return {
    pool,
    async begin() {
      await pool.query('TRUNCATE account, transfer, settlement, own_book_change')
      for (const [id, creditLineMinor] of [
        ['bank', null],
        ['sales', null],
        ['R00001', 5_000n],
        ['R00002', 0n],
      ] as const) {
        const account = { depotId: DEPOT, id, currency: 'TND', creditLineMinor, openedAt: AT } as const
        await createAccount(pool, { ...account, class: creditLineMinor === null ? 'asset' : 'liability' })
      }
    },
    async transaction(work) {
      const client = await connection()
      try {
        const result = await work(client)
        await client.query('COMMIT')
        return result
      } catch (error) {
        await client.query('ROLLBACK')
        throw error
      } finally {
        client.release()
      }
    },
    connection,
    account: async (id = 'R00001') => (await readAccount(pool, DEPOT, id))!,
    async drop() {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`)
      await pool.end()
    },
  }
}

export function buy(id: string, amountMinor: bigint, debit = 'R00001'): Transfer {
  return {
    id,
    kind: 'supply',
    subject: `order ${id}`,
    currency: 'TND',
    debit,
    credit: 'sales',
    amountMinor,
  }
}

export function deposit(id: string, amountMinor: bigint, credit = 'R00001'): Transfer {
  return {
    id,
    kind: 'deposit',
    subject: `receipt ${id}`,
    currency: 'TND',
    debit: 'bank',
    credit,
    amountMinor,
  }
}
