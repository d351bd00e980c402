// graphile-worker looks for a settings file in the working folder and above it, and would run what it finds there. Our
// programs work in their data folders: it is loaded from the root of the file system, where nobody but root leaves one.

import { closeSync, constants, openSync } from 'node:fs'

/** Linux: a folder that is only named by the descriptor, not read (open(2)). */
const O_PATH = 0o10000000

async function loadWorker() {
  // Back by the folder itself: its name may lead through folders that this account may not pass.
  const folder = openSync('.', O_PATH | constants.O_DIRECTORY)
  process.chdir('/')
  try {
    return await import('graphile-worker')
  } finally {
    process.chdir(`/proc/self/fd/${folder}`)
    closeSync(folder)
  }
}

/** Loaded with the module that asks for it, before its program has begun to do anything. */
export const { Logger, parseCronItems, run, runMigrations } = await loadWorker()

/** Its own schema in the office's database, made and changed by its own migrations. */
export const TIMED_SCHEMA = 'graphile_worker'
