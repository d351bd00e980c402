// graphile-worker looks for a settings file in the working folder and above it, and would run what it finds there. Our
// programs work in their data folders: it is loaded from the root of the file system, where nobody but root leaves one.

async function loadWorker() {
  const folder = process.cwd()
  process.chdir('/')
  try {
    return await import('graphile-worker')
  } finally {
    process.chdir(folder)
  }
}

/** Loaded with the module that asks for it, before its program has begun to do anything. */
export const { Logger, parseCronItems, run, runMigrations } = await loadWorker()

/** Its own schema in the office's database, made and changed by its own migrations. */
export const TIMED_SCHEMA = 'graphile_worker'
