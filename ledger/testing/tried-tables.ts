// For tests of a schema: rows that a table takes, and for each constraint rows that break it alone.

import type pg from 'pg'

export type Row = Readonly<Record<string, unknown>>

export interface TriedTable {
  readonly table: string
  /** A row that it takes, once those of the tables before it stand. */
  readonly row: Row
  /** Other columns of that row that are taken just as well: the edges of what is allowed. */
  readonly takes?: readonly Row[]
  /** By constraint: other columns of the row, each of which that constraint alone refuses. */
  readonly breaks: Readonly<Record<string, readonly Row[]>>
  /** The columns that may be without a value. */
  readonly mayBeEmpty?: readonly string[]
}

/** What did not go as the tables say, one sentence each. Leaves nothing behind. */
export async function tryTables(client: pg.ClientBase, tables: readonly TriedTable[]): Promise<string[]> {
  const problems: string[] = []
  await client.query('BEGIN')
  await client.query('SET CONSTRAINTS ALL IMMEDIATE')
  try {
    for (const { table, row, takes = [], breaks } of tables) {
      const kept = await keptByIndex(client, table)
      for (const change of takes) {
        const refused = await refusalOf(client, table, [{ ...row, ...change }])
        if (refused !== null) problems.push(`${table} refuses ${shown(change)}: ${refused}`)
      }
      for (const [constraint, changes] of Object.entries(breaks))
        for (const change of changes) {
          // What must be unique is broken by a second row; anything else by the only one.
          const rows = kept.has(constraint) ? [row, { ...row, ...change }] : [{ ...row, ...change }]
          const refused = await refusalOf(client, table, rows)
          if (refused !== constraint)
            problems.push(
              `${table} ${shown(change)} should break ${constraint}, not ${refused ?? 'be taken'}`,
            )
        }
      await insert(client, table, row)
    }
  } finally {
    await client.query('ROLLBACK')
  }
  return problems
}

/** Every constraint and unique index of these tables in the database, `table.name`. */
export async function constraintsOf(client: pg.ClientBase, tables: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT conrelid::regclass || '.' || conname AS name
       FROM pg_constraint WHERE conrelid = ANY($1::regclass[]) AND contype IN ('c', 'f', 'p', 'u', 'x')
     UNION SELECT indrelid::regclass || '.' || indexrelid::regclass
       FROM pg_index WHERE indrelid = ANY($1::regclass[]) AND indisunique
     ORDER BY 1`,
    [tables],
  )
  return rows.map(({ name }) => name)
}

/** Those that the tables here break. */
export function triedConstraints(tables: readonly TriedTable[]): string[] {
  return tables.flatMap(({ table, breaks }) => Object.keys(breaks).map((name) => `${table}.${name}`)).sort()
}

/** Every column of these tables that may be without a value, `table.column`. */
export async function emptyColumnsOf(client: pg.ClientBase, tables: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT attrelid::regclass || '.' || attname AS name FROM pg_attribute
      WHERE attrelid = ANY($1::regclass[]) AND attnum > 0 AND NOT attisdropped AND NOT attnotnull`,
    [tables],
  )
  return rows.map(({ name }) => name).sort()
}

export function columnsThatMayBeEmpty(tables: readonly TriedTable[]): string[] {
  return tables
    .flatMap(({ table, mayBeEmpty = [] }) => mayBeEmpty.map((column) => `${table}.${column}`))
    .sort()
}

/** Unique constraints, primary keys, exclusions and unique indexes. */
async function keptByIndex(client: pg.ClientBase, table: string): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT indexrelid::regclass::text AS name FROM pg_index
      WHERE indrelid = $1::regclass AND (indisunique OR indisexclusion)`,
    [table],
  )
  return new Set(rows.map(({ name }) => name))
}

/** The constraint that refuses the last of these rows, or null where all are taken. Takes them back. */
async function refusalOf(client: pg.ClientBase, table: string, rows: readonly Row[]): Promise<string | null> {
  await client.query('SAVEPOINT before')
  try {
    for (const row of rows) await insert(client, table, row)
    return null
  } catch (error) {
    const { constraint, message } = error as pg.DatabaseError
    // Of a table that lies in months, the table's.
    return constraint?.replace(/_\d{4}_\d{2}_/, '_') ?? message
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT before')
  }
}

async function insert(client: pg.ClientBase, table: string, row: Row): Promise<void> {
  const columns = Object.keys(row)
  await client.query(
    `INSERT INTO ${table} (${columns.join(', ')}) OVERRIDING SYSTEM VALUE
     VALUES (${columns.map((_, n) => `$${n + 1}`).join(', ')})`,
    Object.values(row),
  )
}

function shown(change: Row): string {
  return Object.entries(change)
    .map(([column, value]) => `${column} ${Buffer.isBuffer(value) ? `of ${value.length} bytes` : value}`)
    .join(', ')
}
