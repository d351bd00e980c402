// A database that is put back to its beginning for each seed.

import pg from 'pg'
import { TEST_DATABASE_URL, type TestDatabase } from '../../office/testing/test-database.ts'

/** Keeps what every table holds now, and puts it back: in milliseconds, with every connection's plans kept. */
export async function resettable(
  database: TestDatabase,
): Promise<{ reset(): Promise<void>; end(): Promise<void> }> {
  const address = new URL(process.env[TEST_DATABASE_URL]!)
  address.pathname = new URL(database.urls.owner).pathname
  const admin = new pg.Client({ connectionString: address.href })
  await admin.connect()
  const { rows: tables } = await admin.query<{ name: string; columns: string }>(
    `SELECT quote_ident(table_name) AS name, string_agg(quote_ident(column_name), ', ') AS columns
       FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
      GROUP BY table_name`,
  )
  const { rows: sequences } = await admin.query<{ name: string; last: bigint | null }>(
    `SELECT quote_ident(sequencename) AS name, last_value AS last FROM pg_sequences WHERE schemaname = 'public'`,
  )
  await admin.query('CREATE SCHEMA beginning')
  for (const { name } of tables) await admin.query(`CREATE TABLE beginning.${name} AS TABLE public.${name}`)
  const statements = [
    'BEGIN',
    // No trigger and no foreign key stands in the way of putting things back.
    'SET LOCAL session_replication_role = replica',
    ...tables.flatMap(({ name, columns }) => [
      `DELETE FROM public.${name}`,
      `INSERT INTO public.${name} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM beginning.${name}`,
    ]),
    ...sequences.map(
      ({ name, last }) =>
        `SELECT setval('public.${name}', ${last ?? 1}, ${last === null ? 'false' : 'true'})`,
    ),
    'COMMIT',
  ]
  return {
    async reset() {
      await admin.query(statements.join(';\n'))
    },
    async end() {
      await admin.end()
      await database.drop()
    },
  }
}
