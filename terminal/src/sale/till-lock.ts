// Why nothing can be sold now.

import type { CardId } from '@scratchless/voucher/ids'
import { notices } from '@scratchless/wire/supply/notice'
import type { Standing } from '@scratchless/wire/supply/standing'
import type { PrinterStatus, TillLock } from '../till/till-shapes.ts'

export interface LockFacts {
  /** The centre said that this terminal sells no more. */
  readonly stopped: 'terminal-revoked' | 'terminal-locked' | null
  readonly nowMs: number
  /** This clock was once ahead and waits for the centre's time: what ends by it may not have ended. */
  readonly clockWaits: boolean
  /** The vendor's card, and which is in. */
  readonly vendorCard: CardId
  readonly card: { readonly status: 'in' | 'out' | 'blocked'; readonly id: string | null }
  readonly revokedCards: readonly CardId[]
  readonly leaseUntilMs: number
  readonly certificateUntilMs: number
  readonly unreported: number
  readonly unreportedAllowed: number
  readonly notices: Standing['notices']
  readonly printer: PrinterStatus
}

/** The first that holds, in the order of `TillLock`; null where the till may sell. */
export function tillLock(facts: LockFacts): TillLock | null {
  const { card, vendorCard } = facts
  if (facts.stopped !== null) return facts.stopped
  if (card.status === 'out' || card.id !== vendorCard) return 'card-out'
  if (card.status === 'blocked' || facts.revokedCards.includes(vendorCard)) return 'card-blocked'
  const leaseOver = facts.nowMs >= facts.leaseUntilMs
  const certificateOver = facts.nowMs >= facts.certificateUntilMs
  if (facts.clockWaits && (leaseOver || certificateOver)) return 'clock-ahead'
  // No line brings back a certificate that has ended: it is said before the lease, which ended first.
  if (certificateOver) return 'certificate-over'
  if (leaseOver) return 'lease-over'
  if (notices.read(facts.notices) === 'update-needed') return 'update-needed'
  if (facts.unreported >= facts.unreportedAllowed) return 'too-many-unreported'
  return facts.printer === 'ready' || facts.printer === 'printing' ? null : 'printer'
}
