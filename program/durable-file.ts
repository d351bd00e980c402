// A file that is whole or not there, and stays after a power cut: written under another name, synced, renamed,
// and its folder synced.

import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** Through no link that somebody may have put there. */
const WRITE_ANEW = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW

/**
 * Writes with mode 0600. `path` holds either its old content or the new, never a part. What root writes in the folder
 * of another account is that account's.
 */
export function writeDurably(path: string, content: Uint8Array | string): void {
  const partial = `${path}.new`
  const folder = openSync(dirname(path), 'r')
  try {
    const file = openSync(partial, WRITE_ANEW, 0o600)
    try {
      if (process.getuid?.() === 0) {
        const { uid, gid } = fstatSync(folder)
        fchownSync(file, uid, gid)
      }
      const bytes = typeof content === 'string' ? Buffer.from(content) : content
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(partial, path)
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
