// The terminal's store: one SQLite file, every commit durable before it returns (WAL with synchronous=FULL).

import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { wordOfFirstRelease } from './first-release-words.ts'

export interface Store {
  /** The statement of this text, prepared once. */
  statement(sql: string): StatementSync
  /** Commits what `work` did, durably, or nothing of it where it throws. Not to be nested. */
  transaction<T>(work: () => T): T
  close(): void
}

/** The store cannot be gone on with. One sentence, which says what to do. */
export class StoreProblem extends Error {
  override name = 'StoreProblem'
}

const MIGRATIONS = new URL('../../db/', import.meta.url)
/** A commit writes whole pages, and a sale touches a dozen with little in each: small ones are sooner on the disk. */
const PAGE_BYTES = 1_024
/** 16 MiB of journal: over a thousand sales. The one that pays for the tidying waits two milliseconds longer. */
const CHECKPOINT_PAGES = 16_000
/** An audit that reads holds nobody up for longer. */
const BUSY_TIMEOUT_MS = 2_000

/** Since this file a store keeps the digests of what was applied to it. */
const DIGESTS_FILE = '0003-digests.sql'
/** Of the first release, which kept none. */
const FIRST_RELEASE: Readonly<Record<string, string>> = {
  '0001-terminal.sql': '369921c28f9b441e6443d4f5c532fbd576ace78902a94375374bf96c2b867765',
}

/** Opens, and first brings to this program's form, the store at `path`. Throws a StoreProblem where a newer program wrote it, or by other files than ours. */
export function connectStore(path: string): Store {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true })
  db.exec(
    `PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
  )
  migrate(db)
  const store = storeOver(db)
  readWordsAnew(store)
  return store
}

/**
 * Opens a store that another process may be working with, for looking only. One of an earlier release is seen as the
 * next start of its terminal will make it: a copy of it is brought to this form. Throws a StoreProblem as connectStore.
 */
export function connectStoreForReading(path: string): Store {
  const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
  if (versionOf(db) >= filesOf().length) return storeOver(db)
  const folder = mkdtempSync(join(tmpdir(), 'store-'))
  const copy = join(folder, 'terminal.sqlite')
  try {
    db.prepare('VACUUM INTO ?').run(copy)
    db.close()
    const store = connectStore(copy)
    return {
      ...store,
      close() {
        store.close()
        rmSync(folder, { recursive: true })
      },
    }
  } catch (error) {
    rmSync(folder, { recursive: true })
    throw error
  }
}

function storeOver(db: DatabaseSync): Store {
  const prepared = new Map<string, StatementSync>()
  return {
    statement(sql) {
      let statement = prepared.get(sql)
      if (statement === undefined) {
        statement = db.prepare(sql)
        prepared.set(sql, statement)
      }
      return statement
    },
    transaction(work) {
      this.statement('BEGIN IMMEDIATE').run()
      try {
        const result = work()
        this.statement('COMMIT').run()
        return result
      } catch (error) {
        if (db.isTransaction) this.statement('ROLLBACK').run()
        throw error
      }
    },
    close() {
      prepared.clear()
      db.close()
    },
  }
}

/** What the first release kept of the centre's words becomes what they are today. */
function readWordsAnew(store: Store): void {
  store.transaction(() => {
    for (const row of store.statement('SELECT name, content FROM centre_word').all()) {
      const name = row.name as string
      const now = wordOfFirstRelease(name, row.content as Uint8Array)
      if (now === undefined) continue
      store.statement('UPDATE centre_word SET content = ? WHERE name = ?').run(now, name)
      if (name === 'catalogue') store.statement('UPDATE device SET catalogue_is_old = 1').run()
    }
  })
}

interface NumberedFile {
  readonly name: string
  readonly text: string
  readonly digest: string
}

function filesOf(): NumberedFile[] {
  return readdirSync(MIGRATIONS)
    .filter((name) => /^\d{4}-.+\.sql$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(new URL(name, MIGRATIONS), 'utf8')
      return { name, text, digest: createHash('sha256').update(text).digest('hex') }
    })
}

function versionOf(db: DatabaseSync): number {
  return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
}

/** Numbered files, each applied once and in its order, never edited afterwards: what was applied is known by its digest. */
function migrate(db: DatabaseSync): void {
  const files = filesOf()
  const version = versionOf(db)
  if (version > files.length)
    throw new StoreProblem('the store was written by a newer release of this program: install that one')
  const applied = digestsIn(db)
  for (const { name, digest } of files.slice(0, version))
    if ((applied.get(name) ?? FIRST_RELEASE[name] ?? digest) !== digest)
      throw new StoreProblem(
        `the store was made by another ${name} than this program has: install the release that last ran here, or a later one`,
      )
  for (const [index, { name, text, digest }] of files.entries()) {
    if (index < version) continue
    db.exec('BEGIN IMMEDIATE')
    try {
      db.exec(text)
      db.exec(`PRAGMA user_version = ${index + 1}`)
      if (name >= DIGESTS_FILE) {
        const record = db.prepare(
          'INSERT INTO schema_file (name, digest) VALUES (?, ?) ON CONFLICT (name) DO NOTHING',
        )
        for (const before of files.slice(0, index)) record.run(before.name, before.digest)
        record.run(name, digest)
      }
      db.exec('COMMIT')
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  }
}

function digestsIn(db: DatabaseSync): ReadonlyMap<string, string> {
  const there = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'schema_file'`).get() !== undefined
  const rows = there ? db.prepare('SELECT name, digest FROM schema_file').all() : []
  return new Map(rows.map(({ name, digest }) => [name as string, digest as string]))
}
