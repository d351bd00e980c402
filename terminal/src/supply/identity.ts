// Who this terminal is, once enrolled: whom it signs as, and whose answers it believes.

import type { KeyObject } from 'node:crypto'
import type { RetailerId, TerminalId } from '@scratchless/voucher/ids'
import { p256Signer, type Signer, type Verifier } from '@scratchless/wire/compact/cose'
import { verifierOf } from '@scratchless/wire/compact/cwt'
import { certificatesOf } from '@scratchless/wire/supply/enrolment-answer'
import type { Store } from '../store/connect-store.ts'
import { getEnrolled } from './centre-word.sql.ts'

export interface Identity {
  readonly terminal: TerminalId
  readonly retailer: RetailerId
  readonly retailerName: string
  readonly signer: Signer
  readonly centre: Verifier
  /** The terminal sells and signs until its certificate's end. */
  readonly certificateUntilMs: number
}

/** Null while the terminal is not enrolled. */
export function identityOf(store: Store, deviceKey: KeyObject): Identity | null {
  const enrolled = getEnrolled(store)
  const certificates = enrolled && certificatesOf(enrolled)
  if (!certificates || certificates === 'unacceptable') return null
  return {
    terminal: enrolled.terminal,
    retailer: enrolled.retailer,
    retailerName: enrolled.retailerName,
    signer: p256Signer(certificates.terminal.kid, deviceKey),
    centre: verifierOf(certificates.centre),
    certificateUntilMs: certificates.terminal.expiresAtS * 1000,
  }
}
