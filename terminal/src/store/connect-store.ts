// The terminal's store: one SQLite file, every commit durable before it returns (WAL with synchronous=FULL).

import { readdirSync, readFileSync } from 'node:fs'
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

/** Opens, and first brings to this program's form, the store at `path`. Throws a StoreProblem where a newer program wrote it. */
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

/** Opens a store that another process may be working with, for looking only. */
export function connectStoreForReading(path: string): Store {
  return storeOver(new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS }))
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

function migrate(db: DatabaseSync): void {
  const files = readdirSync(MIGRATIONS)
    .filter((name) => /^\d{4}-.+\.sql$/.test(name))
    .sort()
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version > files.length)
    throw new StoreProblem('the store was written by a newer release of this program: install that one')
  for (const [index, file] of files.entries()) {
    if (index < version) continue
    const text = readFileSync(new URL(file, MIGRATIONS), 'utf8')
    db.exec(`BEGIN IMMEDIATE;\n${text}\nPRAGMA user_version = ${index + 1};\nCOMMIT;`)
  }
}
