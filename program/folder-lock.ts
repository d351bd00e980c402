// One user of a folder at a time. The operating system holds the lock and drops it when the process ends, however it
// ends: no number of a process is compared that may be another's by now, in this container or in the next.
//
// It is a POSIX lock on the file `in-use`, which is always empty; Node reaches such locks through SQLite alone. No
// process opens that file in another way: closing it would drop the lock.

import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigProblem } from './config-file.ts'
import { whyNotWritten } from './disk-trouble.ts'
import { makeFolder } from './make-folder.ts'

export interface FolderLock {
  release(): void
}

const LOCK_FILE = 'in-use'
const SQLITE_BUSY = 5

/** By the file itself. Else a lock that nobody looks at any more would be collected, and dropped. */
const held = new Map<string, { close(): void }>()

/** Takes the lock, or null where another process, or this one, has it. Throws a ConfigProblem where it cannot be had. */
export function lockFolder(folder: string): FolderLock | null {
  const file = join(folder, LOCK_FILE)
  if (existsSync(file) && held.has(keyOf(file))) return null
  try {
    closeSync(openSync(file, 'a', 0o600))
  } catch (error) {
    const why = whyNotWritten(error) ?? (error as Error).message
    throw new ConfigProblem(`${folder} cannot be used: ${why}`, { cause: error })
  }
  // Loaded here, because whoever only reads settings has no use for it.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return null
    throw new ConfigProblem(
      `${file}: it cannot be locked (${(error as Error).message}); no program may run here then`,
      {
        cause: error,
      },
    )
  }
  const key = keyOf(file)
  held.set(key, database)
  return {
    release() {
      if (held.get(key) !== database) return
      held.delete(key)
      database.close()
    },
  }
}

function keyOf(file: string): string {
  const { dev, ino } = statSync(file)
  return `${dev} ${ino}`
}

/** A program that is stopping takes at most four seconds. */
const PREDECESSOR_MS = 10_000
const LOOK_AGAIN_MS = 50

/**
 * For a program, as long as it lives: the lock of the folder that it works in, which is made where it is missing. One
 * that is just stopping is waited for. Throws a ConfigProblem where another one goes on.
 */
export async function holdFolder(folder: string, patienceMs = PREDECESSOR_MS): Promise<void> {
  try {
    makeFolder(folder, 0o700)
  } catch (error) {
    throw new ConfigProblem(`${folder} cannot be used: ${whyNotWritten(error) ?? (error as Error).message}`, {
      cause: error,
    })
  }
  for (const startedMs = performance.now(); lockFolder(folder) === null; await sleep(LOOK_AGAIN_MS)) {
    if (performance.now() - startedMs < patienceMs) continue
    const owner = lockOwner(folder)
    throw new ConfigProblem(
      `${folder}: another program works there already${owner === null ? '' : ` (process ${owner})`}: stop it first`,
    )
  }
}

/** Who has the lock, as far as this process may see it: a number for a sentence, and for nothing else. */
export function lockOwner(folder: string): number | null {
  const { ino } = statSync(join(folder, LOCK_FILE))
  // "1: POSIX  ADVISORY  WRITE 4711 fe:00:1234 …"
  for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
    const [, pid, inode] = /\sPOSIX\s.*\sWRITE\s+(\d+)\s+\w+:\w+:(\d+)\s/.exec(line) ?? []
    if (Number(inode) === ino && Number(pid) > 0) return Number(pid)
  }
  return null
}
