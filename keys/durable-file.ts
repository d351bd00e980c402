// A file that is whole or not there, and stays after a power cut: written under another name, synced, renamed,
// and its folder synced.

import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Writes with mode 0600. `path` holds either its old content or the new, never a part. */
export function writeDurably(path: string, content: Uint8Array | string): void {
  const partial = `${path}.new`
  const file = openSync(partial, 'w', 0o600)
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(partial, path)
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
