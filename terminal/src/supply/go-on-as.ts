// A terminal that was enrolled again goes on where the centre says that it stood. What the centre knows is asked again
// as it was, under the certificate of then; what it cannot have seen is gone, and what that held is asked anew.

import { certificatesOf, type Enrolled } from '@scratchless/wire/supply/enrolment-answer'
import { releaseReported } from '../sale/report.sql.ts'
import type { Store } from '../store/connect-store.ts'
import { keepEarlierIdentity } from './earlier-identity.sql.ts'
import { forgetTerminal, hasSafeOrSale } from './forget-terminal.sql.ts'
import { askedRequests, burnRequest, dropRequest, type StoredRequest } from './request.sql.ts'
import { stopOf } from './stop.sql.ts'
import { askOrderAnew, askReceiptAnew } from './supply-order.sql.ts'

/**
 * Whether anything here belongs to the name that this store has: codes that came under it, and sales, sold out and
 * reported ones too, whose numbers another name would use again.
 */
export function hasJournal(store: Store): boolean {
  return hasSafeOrSale(store)
}

/** Inside the transaction that stores the enrolment. */
export function goOnAs(store: Store, before: Enrolled, now: Enrolled): void {
  if (before.terminal !== now.terminal) {
    forgetTerminal(store)
    return
  }
  const certificates = certificatesOf(before)
  if (certificates !== 'unacceptable') keepEarlierIdentity(store, certificates.terminal.kid, before)
  const stop = stopOf(store)
  const altered = stop?.why === 'content-altered' ? stop.sequence : null
  for (const request of askedRequests(store)) {
    const { sequence } = request
    if (sequence > now.lastSequence) {
      releaseWhatItHeld(store, request)
      dropRequest(store, sequence)
    } else if (sequence === altered) {
      // The centre has another content under this number: what this one held has not arrived.
      releaseWhatItHeld(store, request)
      burnRequest(store, sequence)
    }
  }
}

function releaseWhatItHeld(store: Store, { kind, sequence }: StoredRequest): void {
  if (kind === 'supply-order') askOrderAnew(store, sequence)
  if (kind === 'supply-receipt') askReceiptAnew(store, sequence)
  if (kind === 'sales-report') releaseReported(store, sequence)
}
