// Whether the store on the disk is the one that this terminal left there. SQLite takes an empty file for a new store,
// and forgets without a word what stood in a journal that is gone: so the files are looked at before it is.
//
// While there is a journal, a file beside the store says so (`terminal.sqlite-open`): it is written after the first
// commit, which is in the journal then, and removed once the store is closed and its journal is gone. Where SQLite may
// not pass through the folders above, it leaves the journal at its close, and so the file.

import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { writeDurably } from '@scratchless/program/durable-file'
import { connectStore, type Store, StoreProblem } from './connect-store.ts'

const STORE_MAGIC = 'SQLite format 3\0'
/** The journal's first bytes (SQLite, file format, 4.1); the last bit says in which order its checksums count. */
const JOURNAL_MAGIC = 0x377f0682
const JOURNAL_HEAD_BYTES = 32
const FRAME_HEAD_BYTES = 24

const journalOf = (path: string) => `${path}-wal`
const markOf = (path: string) => `${path}-open`
const OPEN = 'there is a journal\n'
/** A kill at this moment leaves the journal or not. */
const CLOSING = 'the journal is being removed\n'

/**
 * Opens the store at `path`, or makes it where this terminal never had one (`madeBefore`). Throws a StoreProblem where
 * it is not whole; nothing of it is changed then.
 */
export function connectWholeStore(path: string, madeBefore: boolean): Store {
  const trouble = storeTrouble(path, madeBefore)
  if (trouble !== null)
    throw new StoreProblem(
      `${path}: ${trouble}. Nothing was changed in it. Restore it only if no sale was made since; else have the centre revoke this terminal, start it once with --begin-anew, which keeps what is left of the store beside the new one, and enrol it as a new terminal: the centre lists what the old one had on board.`,
    )
  const store = connectStore(path)
  beginLife(store)
  writeDurably(markOf(path), OPEN)
  return {
    ...store,
    close() {
      writeDurably(markOf(path), CLOSING)
      store.close()
      if (sizeOf(journalOf(path)) > 0) writeDurably(markOf(path), OPEN)
      else rmSync(markOf(path), { force: true })
    },
  }
}

/** A commit that changes something, so that the journal has a page: the number of the store's lives, in its head. */
function beginLife(store: Store): void {
  const { application_id: lives } = store.statement('PRAGMA application_id').get() as {
    application_id: number
  }
  // A number in a PRAGMA cannot be a parameter.
  store.statement(`PRAGMA application_id = ${(lives + 1) % 0x7fff_ffff}`).run()
}

/** What is wrong with the files of a store, or null. Changes nothing. */
export function storeTrouble(path: string, madeBefore: boolean): string | null {
  const mark = markOf(path)
  const ranOn = existsSync(mark) && readFileSync(mark, 'utf8') !== CLOSING
  if (!existsSync(path)) {
    if (existsSync(journalOf(path)) || existsSync(mark)) return 'the store is gone, and its journal is left'
    return madeBefore ? 'the store is gone, and the key of this device is left' : null
  }
  const size = statSync(path).size
  if (size === 0) return madeBefore || ranOn || sizeOf(journalOf(path)) > 0 ? 'the store is empty' : null
  if (head(path, STORE_MAGIC.length).toString('latin1') !== STORE_MAGIC) return 'it is no store of a terminal'
  const journal = journalTrouble(path, ranOn)
  // A first start that was cut off before its tables were made, is made good by the next.
  return journal ?? contentTrouble(path, madeBefore || ranOn)
}

function journalTrouble(path: string, ranOn: boolean): string | null {
  const journal = journalOf(path)
  const size = sizeOf(journal)
  if (size === 0)
    return ranOn ? 'its journal is gone, and with it what was sold and received before the last stop' : null
  const begin = head(journal, JOURNAL_HEAD_BYTES)
  const isJournal = begin.length === JOURNAL_HEAD_BYTES && (begin.readUInt32BE() & ~1) === JOURNAL_MAGIC
  if (!isJournal || (ranOn && size < JOURNAL_HEAD_BYTES + FRAME_HEAD_BYTES + begin.readUInt32BE(8)))
    return 'its journal is damaged, and with it what was sold and received before the last stop'
  return null
}

/** Reads every page once, through a connection that writes nothing. */
function contentTrouble(path: string, hadTables: boolean): string | null {
  let said: string
  try {
    // Without a journal nobody has it open, and SQLite need not make one to read it.
    const address = pathToFileURL(path)
    if (sizeOf(journalOf(path)) === 0) address.searchParams.set('immutable', '1')
    const database = new DatabaseSync(address, { readOnly: true })
    try {
      const row = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string }
      const { tables } = database
        .prepare(
          `SELECT count(*) AS tables FROM sqlite_schema WHERE name IN ('device', 'request', 'safe_run')`,
        )
        .get() as { tables: number }
      said =
        row.quick_check === 'ok' && hadTables && tables !== 3 ? 'its tables are missing' : row.quick_check
    } finally {
      database.close()
    }
  } catch (error) {
    said = (error as Error).message
  }
  return said === 'ok' ? null : `the store is damaged (${said.split('\n')[0]})`
}

/** Keeps a store that is not whole, with all that lies beside it, under another name. Returns that name. */
export function setAside(folder: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+Z$/g, '')
  let aside = `${folder}.damaged-${time}`
  for (let i = 2; existsSync(aside); i++) aside = `${folder}.damaged-${time}-${i}`
  renameSync(folder, aside)
  return aside
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function head(path: string, bytes: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(bytes)
    return buffer.subarray(0, readSync(file, buffer))
  } finally {
    closeSync(file)
  }
}
