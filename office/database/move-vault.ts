// The first release kept the vault's tables in the office's books. They move to the vault's own database once, with the
// programs stopped: all rows are copied in one transaction there, and only then the books' numbered files drop them. A
// kill in between leaves both, and the next run copies anew, because nobody has worked with the copy yet.

import { ConfigProblem } from '@scratchless/program/config-file'
import pg from 'pg'
import { newClient } from './new-client.ts'

export interface MovedTable {
  readonly table: string
  /** What of the books becomes its rows, where it is not the books' table of this name as it stands. */
  readonly from?: string
}

/** What of one kind of office moves, tables before those that refer to them. */
export interface VaultMove {
  readonly tables: readonly MovedTable[]
  /** They go on where they stood. */
  readonly sequences: readonly string[]
  /** Statements in the vault's database once its rows are there. */
  readonly after?: readonly string[]
  /** Moved tables of which one has rows wherever an office of the first release was used. */
  readonly signs: readonly string[]
}

const KEPT_HEADS: MovedTable = { table: 'kept_head' }
const ROWS_AT_ONCE = 5_000

/** Whether the books still hold what belongs to the vault: programs of this release cannot start on them. */
export async function waitsForMove(booksOwnerUrl: string, { signs }: VaultMove): Promise<boolean> {
  return connected(booksOwnerUrl, (books) => holdRows(books, signs))
}

/**
 * Copies the vault's rows out of the books where they are still there; may be repeated until they are dropped there.
 * Both databases are their owner's, and the vault's has its tables. Throws a ConfigProblem where the vault has worked
 * with rows of its own since.
 */
export async function copyVaultTables(
  booksOwnerUrl: string,
  vaultOwnerUrl: string,
  move: VaultMove,
): Promise<{ rows: number }> {
  return connected(booksOwnerUrl, (books) =>
    connected(vaultOwnerUrl, async (vault) => {
      if (!(await holdRows(books, move.signs))) return { rows: 0 }
      const { rowCount } = await vault.query('SELECT FROM in_use')
      if (rowCount !== 0)
        throw new ConfigProblem(
          `The books at ${placeOf(booksOwnerUrl)} are of before the vault had a database of its own, which it works with by now: restore a later copy of them`,
        )
      await books.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      await vault.query('BEGIN')
      const tables = [...move.tables, KEPT_HEADS]
      // Tables of later files refer to them, and are as empty.
      await vault.query(`TRUNCATE ${tables.map(({ table }) => table).join(', ')} CASCADE`)
      let rows = 0
      for (const table of tables) rows += await copyRows(books, vault, table)
      for (const sequence of move.sequences) await copySequence(books, vault, sequence)
      for (const statement of move.after ?? []) await vault.query(statement)
      await vault.query('COMMIT')
      await books.query('COMMIT')
      return { rows }
    }),
  )
}

/** Notes that from now on the vault's own rows count. */
export async function beginToUse(vaultOwnerUrl: string): Promise<void> {
  await connected(vaultOwnerUrl, (vault) =>
    vault.query('INSERT INTO in_use DEFAULT VALUES ON CONFLICT DO NOTHING'),
  )
}

async function holdRows(books: pg.Client, tables: readonly string[]): Promise<boolean> {
  for (const table of tables) {
    const { rows } = await books.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
      `public.${table}`,
    ])
    // A first start that was killed between two numbered files has the tables and nothing in them.
    if (rows[0]!.there && (await books.query(`SELECT FROM ${table} LIMIT 1`)).rowCount !== 0) return true
  }
  return false
}

/** Rows travel as JSON, in which PostgreSQL writes and reads every value of ours exactly. */
async function copyRows(books: pg.Client, vault: pg.Client, { table, from }: MovedTable): Promise<number> {
  const source = from ?? `SELECT * FROM ${table}`
  const { fields } = await books.query(`SELECT * FROM (${source}) AS moved LIMIT 0`)
  const columns = fields.map(({ name }) => pg.escapeIdentifier(name)).join(', ')
  await books.query(
    `DECLARE rows_to_move NO SCROLL CURSOR FOR SELECT row_to_json(moved)::text AS json FROM (${source}) AS moved`,
  )
  let copied = 0
  for (;;) {
    const { rows } = await books.query<{ json: string }>(`FETCH ${ROWS_AT_ONCE} FROM rows_to_move`)
    if (rows.length === 0) break
    const { rowCount } = await vault.query(
      `INSERT INTO ${table} (${columns}) OVERRIDING SYSTEM VALUE
       SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $1::json)`,
      [`[${rows.map(({ json }) => json).join(',')}]`],
    )
    if (rowCount !== rows.length) throw new Error(`${table}: ${rowCount} of ${rows.length} rows were copied`)
    copied += rows.length
  }
  await books.query('CLOSE rows_to_move')
  return copied
}

async function copySequence(books: pg.Client, vault: pg.Client, sequence: string): Promise<void> {
  const { rows } = await books.query<{ last: string; called: boolean }>(
    `SELECT last_value::text AS last, is_called AS called FROM ${sequence}`,
  )
  await vault.query('SELECT setval($1, $2::bigint, $3)', [sequence, rows[0]!.last, rows[0]!.called])
}

function placeOf(url: string): string {
  const { host, pathname } = new URL(url)
  return host + pathname
}

/** A connection that breaks off ends its transaction, so nothing is rolled back by hand. */
async function connected<Result>(url: string, work: (sql: pg.Client) => Promise<Result>): Promise<Result> {
  const client = newClient(url)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
