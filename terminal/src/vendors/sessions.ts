// Who stands at the till: one person at a time. The session lives in this process's memory only; a restart locks
// the till.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { CardId, VendorId } from '@scratchless/voucher/ids'
import { type Random, randomBytes } from '@scratchless/voucher/random'

export interface VendorSession {
  readonly who: 'vendor'
  readonly vendor: VendorId
  readonly card: CardId
  readonly sinceMs: number
}

export type Session = VendorSession | { readonly who: 'owner'; readonly sinceMs: number }

export interface Sessions {
  /** Opens the till for this person, ending whatever session there was; returns the cookie's value. */
  start(session: Session): string
  /** The session of a cookie's value, or null. */
  of(cookie: string | undefined): Session | null
  current(): Session | null
  end(): void
}

const TOKEN_BYTES = 32

export function createSessions(random: Random): Sessions {
  let current: Session | null = null
  let hash: Buffer | null = null
  const hashOf = (token: string) => createHash('sha256').update(token).digest()
  return {
    start(session) {
      const token = randomBytes(random, TOKEN_BYTES).toString('base64url')
      current = session
      hash = hashOf(token)
      return token
    },
    of(cookie) {
      if (cookie === undefined || hash === null) return null
      return timingSafeEqual(hashOf(cookie), hash) ? current : null
    },
    current: () => current,
    end() {
      current = null
      hash = null
    },
  }
}
