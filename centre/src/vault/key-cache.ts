// Verified content keys and safe keys, kept in the vault's memory: an RSA operation takes a quarter of a millisecond,
// an order of twenty codes less than that. The oldest go first.

import type { KeyObject } from 'node:crypto'

/** A key object of 32 bytes takes some hundred bytes: 10,000 terminals and their lots fit in a few megabytes. */
const MAX_KEYS = 20_000

export interface KeyCache {
  /** The cached key of this name, or the one that `open` finds; a refusal (text) is not kept. */
  get<Refusal extends string>(name: string, open: () => KeyObject | Refusal): KeyObject | Refusal
}

export function createKeyCache(): KeyCache {
  const keys = new Map<string, KeyObject>()
  return {
    get(name, open) {
      const known = keys.get(name)
      if (known !== undefined) return known
      const opened = open()
      if (typeof opened === 'string') return opened
      if (keys.size >= MAX_KEYS) keys.delete(keys.keys().next().value!)
      keys.set(name, opened)
      return opened
    },
  }
}
