// Public keys of terminals, by the number of their certificate. What stands behind a number never changes, so it is read
// and parsed once; whether its terminal may still ask is looked up at each request.

import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Pool } from '@scratchless/office/database/database'
import { findTerminalKey, type TerminalKey } from './supply-terminal.sql.ts'

export interface KnownKey extends Omit<TerminalKey, 'public_key'> {
  readonly publicKey: KeyObject
}

/** As many terminals as a centre has; a key is some hundred bytes. */
const MAX_KEYS = 20_000

/** Finds the key of a certificate; undefined where there is none of this number, which is not remembered. */
export function terminalKeys(pool: Pool): (number: number) => Promise<KnownKey | undefined> {
  const known = new Map<number, KnownKey>()
  return async (number) => {
    const before = known.get(number)
    if (before !== undefined) return before
    const row = await findTerminalKey(pool, number)
    if (row === undefined) return undefined
    const { public_key: key, ...rest } = row
    const found = { ...rest, publicKey: createPublicKey({ key, format: 'der', type: 'spki' }) }
    if (known.size >= MAX_KEYS) known.delete(known.keys().next().value!)
    known.set(number, found)
    return found
  }
}
