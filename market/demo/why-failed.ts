// Why a start came to nothing, in one sentence: what was said, or the cause that lies behind it.

import { statfsSync } from 'node:fs'
import { whyNotWritten } from '@scratchless/program/disk-trouble'

/** Below what PostgreSQL needs for its next piece of journal and a file beside it. */
const TOO_LITTLE_BYTES = 32 * 1024 * 1024

/** A full disk makes each program fail in its own way; what it said follows the cause. */
export function whyFailed(error: unknown, dataDir: string): string {
  const said = error instanceof Error ? error.message : String(error)
  if (isFull(dataDir) || whyNotWritten(error) === 'the disk is full')
    return `The disk that holds ${dataDir} is full: about 500 MB are needed. (${said})`
  // A fault of this process itself names neither the place nor what to do.
  const { syscall } = error as NodeJS.ErrnoException
  const why = syscall === undefined ? null : whyNotWritten(error)
  return why === null ? said : `${(error as NodeJS.ErrnoException).path ?? dataDir}: ${why}`
}

function isFull(dataDir: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(dataDir)
    return bavail * bsize < TOO_LITTLE_BYTES || (files > 0 && ffree === 0)
  } catch {
    return false // there is no such folder: what was said stands
  }
}
