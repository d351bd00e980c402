// One market at a time on one data folder.

import fs from 'node:fs'
import path from 'node:path'
import { ConfigProblem } from '@scratchless/program/config-file'
import { whyNotWritten } from '@scratchless/program/disk-trouble'
import { lockFolder, lockOwner } from '@scratchless/program/folder-lock'
import { makeFolder } from '@scratchless/program/make-folder'

export interface DataFolder {
  /** Its one true name, whatever link led to it: every program of the market is told this one. */
  readonly dir: string
  path(...parts: string[]): string
  release(): void
}

/** Makes the folder and takes its lock, or says in one sentence why not. */
export function claimDataFolder(named: string): DataFolder | { readonly problem: string } {
  try {
    makeFolder(named, 0o755)
    const dir = fs.realpathSync(named)
    const lock = lockFolder(dir)
    if (lock === null) {
      const owner = lockOwner(dir)
      return {
        problem: `A market runs on ${named} already${owner === null ? '' : ` (process ${owner})`}: stop it first, or choose another folder with --data.`,
      }
    }
    return { dir, path: (...parts) => path.join(dir, ...parts), release: lock.release }
  } catch (error) {
    const why = whyNotWritten(error) ?? (error as Error).message
    if (error instanceof ConfigProblem)
      return { problem: `${error.message}. Choose another folder with --data.` }
    return { problem: `${named} cannot be used: ${why}. Choose another folder with --data.` }
  }
}
