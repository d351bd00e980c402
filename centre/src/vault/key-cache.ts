// What was opened or verified once and is the same for good, kept in the vault's memory: content keys and safe keys,
// because an RSA operation takes a quarter of a millisecond and an order of twenty codes no more than that; and terminals'
// certificates. The oldest go first.

/** A key object of 32 bytes takes some hundred bytes: 10,000 terminals and their lots fit in a few megabytes. */
const MAX_KEYS = 20_000

export interface KeyCache<Kept extends object> {
  /** What is kept under this name, or what `open` finds; a refusal (text) is not kept. */
  get<Refusal extends string>(name: string, open: () => Kept | Refusal): Kept | Refusal
}

export function createKeyCache<Kept extends object>(): KeyCache<Kept> {
  const keys = new Map<string, Kept>()
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
