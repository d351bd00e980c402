// One market at a time on one data folder. The lock names its owner; a dead owner's lock is taken over.

import fs from 'node:fs'
import path from 'node:path'

export interface DataFolder {
  readonly dir: string
  path(...parts: string[]): string
  release(): void
}

/** Makes the folder and takes its lock, or says in one sentence why not. */
export function claimDataFolder(dir: string): DataFolder | { readonly problem: string } {
  const lock = path.join(dir, 'market.lock')
  try {
    fs.mkdirSync(dir, { recursive: true, mode: 0o755 })
    for (;;) {
      try {
        fs.writeFileSync(lock, String(process.pid), { flag: 'wx' })
        break
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        const owner = Number(fs.readFileSync(lock, 'utf8'))
        if (owner !== process.pid && lives(owner)) {
          return {
            problem: `A market runs on ${dir} already (process ${owner}): stop it first, or choose another folder with --data.`,
          }
        }
        fs.rmSync(lock, { force: true })
      }
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC') return { problem: `The disk that holds ${dir} is full: about 500 MB are needed.` }
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
      return { problem: `This user may not write in ${dir}: choose another folder with --data.` }
    }
    if (code === 'ENOTDIR' || code === 'EEXIST')
      return { problem: `${dir} is no folder: choose another with --data.` }
    throw error
  }
  return {
    dir,
    path: (...parts) => path.join(dir, ...parts),
    release: () => fs.rmSync(lock, { force: true }),
  }
}

/** Whether this process number is a running Scratchless market, not some later program that got the same number. */
function lives(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('market/')
  } catch {
    return false // no such process
  }
}
