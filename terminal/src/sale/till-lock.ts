// Why nothing can be sold now.

import type { CardId } from '@scratchless/voucher/ids'
import { notices } from '@scratchless/wire/supply/notice'
import type { Standing } from '@scratchless/wire/supply/standing'
import type { PrinterStatus, TillLock } from '../till/till-shapes.ts'

export interface LockFacts {
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
  if (card.status === 'out' || card.id !== vendorCard) return 'card-out'
  if (card.status === 'blocked' || facts.revokedCards.includes(vendorCard)) return 'card-blocked'
  const leaseOver = facts.nowMs >= facts.leaseUntilMs
  const certificateOver = facts.nowMs >= facts.certificateUntilMs
  if (facts.clockWaits && (leaseOver || certificateOver)) return 'clock-ahead'
  if (leaseOver) return 'lease-over'
  if (certificateOver) return 'certificate-over'
  if (notices.read(facts.notices) === 'update-needed') return 'update-needed'
  if (facts.unreported >= facts.unreportedAllowed) return 'too-many-unreported'
  return facts.printer === 'ready' || facts.printer === 'printing' ? null : 'printer'
}
