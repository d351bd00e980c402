// Forward only: numbered plain SQL files, each applied once, in its own transaction, never edited afterwards.
// Then every source's grants.sql, each time, so that the roles have what the files say and nothing older.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigProblem } from '@scratchless/program/config-file'
import type { PartyId } from '@scratchless/voucher/ids'
import pg from 'pg'
import { newClient } from './new-client.ts'
import { OFFICE_ROLES, roleName } from './roles.ts'

/** A folder of `0001-name.sql` files and perhaps `grants.sql`. Sources are applied in the order given. */
export interface MigrationSource {
  readonly name: string
  readonly folder: URL
}

/** The tables that every office has in its books: staff, outbox, inbox, audit chain. */
export const OFFICE_MIGRATIONS: MigrationSource = {
  name: 'office',
  folder: new URL('../db/', import.meta.url),
}

/** Those that every vault has in its own database. */
export const OFFICE_VAULT_MIGRATIONS: MigrationSource = {
  name: 'office-vault',
  folder: new URL('../vault-db/', import.meta.url),
}

/** Any number, the same in every release: two starts of one office wait for each other here. */
const MIGRATION_LOCK = 7_204_118

interface MigrationFile {
  readonly source: string
  readonly file: string
  readonly text: string
  readonly digest: string
}

/**
 * Brings a database up to date as its owner. Grants name roles as `:owner`, `:api`, `:vault`, `:auditor`.
 * Throws a ConfigProblem where an applied file was changed, and where a statement fails; the files before it stay applied.
 * A file that needs the office's time zone reads it from the setting `scratchless.time_zone`; it is UTC where none is given.
 */
export async function migrate(options: {
  ownerUrl: string
  party: PartyId
  sources: readonly MigrationSource[]
  timeZone?: string | undefined
}): Promise<{ applied: string[] }> {
  const owner = newClient(options.ownerUrl)
  await owner.connect()
  try {
    await owner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
    await owner.query(`SELECT set_config('scratchless.time_zone', $1, false)`, [options.timeZone ?? ''])
    await owner.query(
      `CREATE TABLE IF NOT EXISTS schema_migration (
         source text NOT NULL, file text NOT NULL, digest text NOT NULL,
         applied_at timestamptz NOT NULL DEFAULT now(),
         PRIMARY KEY (source, file))`,
    )
    const applied: string[] = []
    for (const file of options.sources.flatMap(filesOf))
      if (await applyOnce(owner, file)) applied.push(`${file.source}/${file.file}`)
    const prefix = await applyGrants(owner, options.sources)
    if (options.sources.includes(OFFICE_MIGRATIONS)) {
      // Loaded here alone: processes that only name these files load nothing of it.
      const { installTimedWork } = await import('../timed/install-timed-work.ts')
      await installTimedWork(options.ownerUrl, roleName(prefix, 'api'))
    }
    return { applied }
  } finally {
    await owner.end()
  }
}

function filesOf(source: MigrationSource): MigrationFile[] {
  const folder = fileURLToPath(source.folder)
  return readdirSync(folder)
    .filter((file) => /^\d{4}-.*\.sql$/.test(file))
    .sort()
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8')
      return { source: source.name, file, text, digest: createHash('sha256').update(text).digest('hex') }
    })
}

async function applyOnce(owner: pg.Client, { source, file, text, digest }: MigrationFile): Promise<boolean> {
  const known = await owner.query<{ digest: string }>(
    'SELECT digest FROM schema_migration WHERE source = $1 AND file = $2',
    [source, file],
  )
  if (known.rows[0]) {
    if (known.rows[0].digest !== digest)
      throw new ConfigProblem(
        `${source}/${file} was changed after it was applied: put it back, and write the change as a new file`,
      )
    return false
  }
  await owner.query('BEGIN')
  try {
    await owner.query(text)
    await owner.query('INSERT INTO schema_migration (source, file, digest) VALUES ($1, $2, $3)', [
      source,
      file,
      digest,
    ])
    await owner.query('COMMIT')
  } catch (error) {
    // Where the connection broke, it is rolled back by that, and what broke it is worth more than that it is gone.
    await owner.query('ROLLBACK').catch(() => undefined)
    throw new Error(`${source}/${file}: ${(error as Error).message}`, { cause: error })
  }
  return true
}

/** Returns what the names of the office's roles begin with. */
async function applyGrants(owner: pg.Client, sources: readonly MigrationSource[]): Promise<string> {
  // The owner's own name says what the office's other roles are called.
  const { rows } = await owner.query<{ name: string }>('SELECT current_user AS name')
  const prefix = rows[0]!.name.replace(/_owner$/, '')
  const roles = OFFICE_ROLES.map((role) => [role, pg.escapeIdentifier(roleName(prefix, role))] as const)
  await owner.query('BEGIN')
  try {
    for (const [role, name] of roles)
      if (role !== 'owner')
        await owner.query(
          `REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${name};
           REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM ${name}`,
        )
    for (const source of sources) {
      const path = fileURLToPath(new URL('grants.sql', source.folder))
      if (!existsSync(path)) continue
      let text = readFileSync(path, 'utf8')
      for (const [role, name] of roles) text = text.replaceAll(`:${role}`, name)
      await owner.query(text)
    }
    await owner.query('COMMIT')
    return prefix
  } catch (error) {
    await owner.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}
