// What may be asked for, and how many agreements it takes beside the person who asks.

import type { Act } from '../roles/roles.ts'
import { APPROVERS_NEEDED } from '../staff/approval.ts'

/** Codes that go to nobody any more are so in the vault, which believes nobody: it wants two keys of its own ring. */
const BY_THE_VAULT: readonly Act[] = ['void-codes', 'void-lot']

export function agreementsNeeded(kind: Act): number {
  return BY_THE_VAULT.includes(kind) ? APPROVERS_NEEDED : 1
}

/** Long enough for a colleague to come back from a weekend; and no vault takes an end that is farther away. */
export const REQUEST_DAYS = 7
