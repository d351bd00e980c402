// What a starter gives its child, and nobody else sees: the child's own settings and what opens its keys. It goes
// through an inherited descriptor, so that it stands in no argument, no environment and no file.

import type { ChildProcess } from 'node:child_process'
import { closeSync, readSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { decode, encode } from 'cborg'
import type { z } from 'zod'
import { checkConfig } from './config-file.ts'

export interface HandedOver {
  /** Plain JSON, checked by the child against its own schema. */
  readonly settings: unknown
  /** Opens the child's keys; absent where it has none or they lie open. */
  readonly passphrase?: Uint8Array
  /** To which the child changes by itself, once it holds what this account could not reach. */
  readonly account?: number
}

/** The descriptor in the child: after standard input, output, error and the starter's own channel. */
const HANDED_FD = 4
/** Settings with the public keys of a few dozen partners. */
const MAX_HANDED_BYTES = 1024 * 1024

/** How a child that is handed something is to be started. */
export const HANDED_STDIO = ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'] as const

/** Gives it to a child started with `HANDED_STDIO`. */
export function handOver(child: ChildProcess, handed: HandedOver): void {
  const { settings, passphrase, account } = handed
  const bytes = encode([settings, passphrase ?? null, account ?? null])
  const pipe = child.stdio[HANDED_FD] as Writable
  // A child that died before it read is started again, and handed this again.
  pipe.on('error', () => undefined)
  pipe.end(bytes, () => bytes.fill(0))
}

interface Taken<Settings> {
  readonly settings: Settings
  /** The same, unchecked: for a thread that checks them itself. */
  readonly plainSettings: unknown
  readonly passphrase: Buffer | null
  readonly account: number | null
}

/** In the child, once: what its starter handed over. Throws a ConfigProblem where the settings are not as they should be. */
export function takeHanded<Schema extends z.ZodType>(schema: Schema): Taken<z.output<Schema>> {
  const bytes = readToEnd(HANDED_FD, MAX_HANDED_BYTES)
  const [plainSettings, secret, account] = decode(bytes) as [unknown, Uint8Array | null, number | null]
  bytes.fill(0)
  const passphrase = secret && Buffer.from(secret)
  secret?.fill(0)
  return {
    settings: checkConfig('the settings handed over', plainSettings, schema),
    plainSettings,
    passphrase,
    account,
  }
}

/** Reads a descriptor that another process writes and closes; the caller zeroes it. RangeError above `limit` bytes. */
export function readToEnd(descriptor: number, limit: number): Buffer {
  const chunk = Buffer.alloc(64 * 1024)
  const chunks: Buffer[] = []
  let size = 0
  for (;;) {
    const read = readSync(descriptor, chunk)
    if (read === 0) break
    size += read
    if (size > limit) throw new RangeError(`more than ${limit} bytes came through descriptor ${descriptor}`)
    chunks.push(Buffer.from(chunk.subarray(0, read)))
  }
  closeSync(descriptor)
  chunk.fill(0)
  const whole = Buffer.alloc(size)
  let at = 0
  for (const part of chunks) {
    at += part.copy(whole, at)
    part.fill(0)
  }
  return whole
}
