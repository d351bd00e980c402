// Passwords of the owner and the vendors. They open the till, not the codes: those need the card and its PIN.

import { hash, verify } from '@node-rs/argon2'

/** Characters. */
export const MIN_PASSWORD_LENGTH = 10
/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. */
const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

export function hashPassword(password: string): Promise<string> {
  return hash(password, ARGON2ID)
}

/** Takes as long for an unknown person as for a known one: `stored` is then undefined. */
export async function passwordHolds(stored: string | undefined, password: string): Promise<boolean> {
  if (stored === undefined) {
    await hash(password, ARGON2ID)
    return false
  }
  return verify(stored, password)
}
