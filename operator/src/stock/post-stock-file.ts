// The clerk's side of a stock file: sends it to the vault's listener, and holds the last bytes back until the file
// is seen to be what it was when it was admitted. A file that somebody still writes to is never taken.

import { constants, createReadStream, type Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { ReadableStream } from 'node:stream/web'
import type { StockImport } from '../vault/import-stock-file.ts'
import { MOST_PROBLEMS } from '../vault/stock-file.ts'

/** The file as it was when it was admitted. */
interface FileState {
  readonly size: number
  readonly mtimeMs: number
}

/**
 * Why this cannot be a stock file, in one sentence, or null. A file is admitted by its size, read from its start, and
 * looked at again at its end: what only flows by, or never ends, is none.
 */
export async function whyNoStockFile(path: string): Promise<string | null> {
  let kind: Stats
  try {
    // Without waiting: a pipe that nobody writes to opens at once, too.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    kind = await file.stat().finally(() => file.close())
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT' || code === 'ENOTDIR'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'it may not be read'
          : code === 'ENXIO'
            ? 'it is no file'
            : code
    return `${path}: ${why}.`
  }
  if (kind.isFile()) return null
  if (kind.isDirectory()) return `${path} is a folder: name the stock file in it.`
  const what = kind.isFIFO() ? 'a pipe' : kind.isSocket() ? 'a socket' : 'a device'
  return `${path} is ${what}: stock is taken from a file, whose size is known and which stays as it is.`
}

/** The file is another one than was admitted: longer, shorter, or written to since. */
class FileChanged extends Error {
  override name = 'FileChanged'
}

/**
 * Posts the file at `path` to the address of an admission. Answers with what the vault says, or with
 * `file-changed`, and then nothing was taken. Throws where the vault does not take it for another reason (an
 * unknown token, a fault) or the line breaks. `onSent` is told of each piece that the vault has taken.
 */
export async function postStockFile(
  url: string,
  path: string,
  admitted: FileState,
  onSent: (bytes: number) => void = () => undefined,
): Promise<StockImport> {
  let changed = false
  async function* body() {
    try {
      for await (const chunk of steadyChunks(path, admitted)) {
        yield chunk
        onSent(chunk.length)
      }
    } catch (error) {
      changed = error instanceof FileChanged
      throw error
    }
  }
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: ReadableStream.from(body()),
    // A body that is still being read when the answer comes: what fetch asks of streams (WHATWG fetch, RequestInit).
    duplex: 'half',
  }
  const answer = await fetch(url, request as RequestInit).catch((error: unknown) => {
    if (changed) return null
    throw error
  })
  if (answer === null || changed) return { problems: [{ line: 0, field: 'file', rule: 'file-changed' }] }
  const result = (await answer.json()) as StockImport & { error?: { code: string } }
  if (!answer.ok && !('problems' in result))
    throw new Error(`the stock file was not taken: ${answer.status} ${result.error?.code ?? ''}`)
  if ('problems' in result) return { problems: result.problems.slice(0, MOST_PROBLEMS) }
  return result
}

/** The file's bytes; the last chunk only once the file's size and time of change are still those admitted. */
async function* steadyChunks(path: string, admitted: FileState): AsyncGenerator<Uint8Array> {
  let held: Buffer | null = null
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    if (held !== null) yield held
    held = chunk
  }
  const { size, mtimeMs } = await stat(path)
  if (size !== admitted.size || mtimeMs !== admitted.mtimeMs) throw new FileChanged()
  if (held !== null) yield held
}
