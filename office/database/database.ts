// Pools and transactions. What comes back: int8 (and count(*), sum of int4) as bigint, because money and
// serials must not pass through floats; date as the text 2026-11-22, because a day has no time zone;
// numeric as text; timestamptz as Date; bytea as Buffer.

import { createHash } from 'node:crypto'
import type { Log } from '@scratchless/program/log'
import pg from 'pg'

/** A connection inside a transaction, or any that runs one statement: what `*.sql.ts` functions take first. */
export type Sql = Pick<pg.ClientBase, 'query'>
/** A client taken from a pool: LISTEN and COPY need one. */
export type SqlClient = pg.PoolClient
export type Pool = pg.Pool

type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** Serialization failure and deadlock (PostgreSQL, appendix A): the same transaction may succeed when run again. */
const RETRYABLE = new Set(['40001', '40P01'])
const MOST_TRIES = 5
/** A statement that waits longer for a lock is a fault to be seen, not a queue to be joined. */
const LOCK_WAIT_MS = 10_000

const TEXT_DATE_OID = 1082
const INT8_OID = 20

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (format !== 'binary' && oid === INT8_OID) return (text: string) => BigInt(text)
    if (format !== 'binary' && oid === TEXT_DATE_OID) return (text: string) => text
    return pg.types.getTypeParser(oid, format as 'text')
  },
}

/** Above the number of texts that a program has. */
const MOST_NAMES = 1_000
const names = new Map<string, string>()

/** A statement with parameters is parsed and planned once for each connection: PostgreSQL knows it by its name. */
class NamingClient extends pg.Client {
  override query(...parts: unknown[]): never {
    const [text, values, ...rest] = parts
    const name = typeof text === 'string' && Array.isArray(values) ? nameOf(text) : undefined
    const query = super.query as (...parts: unknown[]) => never
    return name === undefined ? query.apply(this, parts) : query.call(this, { name, text, values }, ...rest)
  }
}

/** Undefined where there are too many already: a text that is made anew each time would fill the server's memory. */
function nameOf(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined || names.size >= MOST_NAMES) return known
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32)
  names.set(text, name)
  return name
}

/**
 * For statements that find every row by its key: so they are planned, whatever the tables looked like at that moment. A
 * plan is kept for as long as its connection, and one made for tables that are still empty reads them whole for ever.
 */
const BY_KEY = ['hashjoin', 'mergejoin', 'seqscan', 'bitmapscan']
  .map((way) => ` -c enable_${way}=off`)
  .join('')

/** A pool for one role. A connection that breaks, idle or in use, is logged and replaced, never a crash. */
export function createPool(options: {
  url: string
  max?: number
  name: string
  log?: Log
  plans?: 'by-key'
}): Pool {
  const pool = new pg.Pool({
    Client: NamingClient,
    connectionString: options.url,
    max: options.max ?? 10,
    application_name: options.name,
    options: `-c lock_timeout=${LOCK_WAIT_MS} -c idle_in_transaction_session_timeout=60000${
      options.plans === 'by-key' ? BY_KEY : ''
    }`,
    types,
  })
  pool.on('error', (error) => options.log?.warn({ err: error }, 'an idle database connection broke'))
  // One that breaks between two statements of a transaction has nobody to tell: the next statement fails.
  pool.on('connect', (client) =>
    client.on('error', (error) => options.log?.warn({ err: error }, 'a database connection in use broke')),
  )
  return pool
}

/**
 * Runs `work` in a transaction and commits what it returns; rolls back where it throws. A serialization failure
 * or a deadlock runs it again (five times at most), so `work` must have no effect outside the transaction.
 */
export async function inTransaction<Result>(
  pool: Pool,
  work: (sql: SqlClient) => Promise<Result>,
  options: { isolation?: Isolation } = {},
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      await client.query(`BEGIN ISOLATION LEVEL ${options.isolation ?? 'read committed'}`)
      const result = await work(client)
      await client.query('COMMIT')
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch((rollbackError: Error) => {
        broken = rollbackError
      })
      if (tries >= MOST_TRIES || !RETRYABLE.has(sqlState(error) ?? '')) throw error
    } finally {
      // A connection that cannot even roll back is closed instead of returned.
      client.release(broken)
    }
  }
}

/** The five characters of SQLSTATE where the error came from PostgreSQL. */
function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}
