// A new PostgreSQL cluster: made under another name and renamed, so that one that was cut off is never taken for a whole one.

import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { whyNotWritten } from '@scratchless/program/disk-trouble'
import { type Random, randomBytes } from '@scratchless/voucher/random'
import { type Binaries, PostgresProblem } from './binaries.ts'
import { sharedMemoryType } from './shared-memory.ts'

/** Makes it, and before it is in place gives its administrator's password to `keepPassword`. */
export function createCluster(
  binaries: Binaries,
  cluster: string,
  random: Random,
  keepPassword: (password: string) => void,
): void {
  const partial = `${cluster}.new`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { mode: 0o700 })
  const password = randomBytes(random, 24).toString('base64url')
  // initdb reads the password from a file that its own user may open, for as long as it runs.
  const passwordFolder = mkdtempSync(join(tmpdir(), 'scratchless-'))
  const passwordFile = join(passwordFolder, 'password')
  try {
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
    if (binaries.runAs) {
      const { uid, gid } = binaries.runAs
      for (const path of [partial, passwordFolder, passwordFile]) chownSync(path, uid, gid)
    }
    const result = spawnSync(
      binaries.initdb,
      [
        ['-D', '/proc/self/cwd', '--username=admin', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
        ['--encoding=UTF8', '--locale=C', '--data-checksums', '--no-instructions'],
        ['--set', `dynamic_shared_memory_type=${sharedMemoryType()}`],
      ].flat(),
      { cwd: partial, env: { LC_ALL: 'C', TZ: 'UTC', PATH: process.env.PATH }, ...binaries.runAs },
    )
    if (result.error) throw result.error
    // One that a signal ended says what it ended of nowhere else.
    if (result.status !== 0) throw new Error(`${result.stderr}${result.signal ?? ''}`)
    keepPassword(password)
    renameSync(partial, cluster)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    throw explainPostgres(error, `The database could not be created in ${cluster}`)
  } finally {
    rmSync(passwordFolder, { recursive: true, force: true })
  }
}

const NO_SHARED_MEMORY = 'this machine has too little shared memory (/dev/shm)'

/** Why it does not come up, in one sentence. */
export function explainPostgres(error: unknown, what: string): PostgresProblem {
  const text = error instanceof Error ? error.message : String(error)
  const why =
    (/shared memory/.test(text) ? NO_SHARED_MEMORY : whyNotWritten(error)) ?? text.trim().split('\n').at(-1)
  return new PostgresProblem(`${what}: ${why}`, { cause: error })
}
