// What the screen shows before anybody has signed in.

import { createPublicKey } from 'node:crypto'
import { deviceFingerprint } from '@scratchless/wire/supply/enrolment-code'
import { enrolmentIn } from '../supply/enrolment.sql.ts'
import type { Session } from '../vendors/sessions.ts'
import { vendorIds } from '../vendors/vendor.sql.ts'
import type { Till } from './till.ts'
import type { TillState } from './till-contract.ts'

export function stateView(till: Till, session: Session | null): TillState {
  const word = till.word()
  const waiting = word === null && enrolmentIn(till.store, 'waiting') !== undefined
  return {
    terminal: word?.identity.terminal ?? null,
    retailerName: word?.identity.retailerName ?? null,
    enrolment: word !== null ? 'enrolled' : waiting ? 'waiting' : 'none',
    fingerprint: waiting ? deviceFingerprint(createPublicKey(till.deviceKey)) : null,
    vendors: vendorIds(till.store).map((id) => ({ id })),
    signedIn: session?.who ?? 'nobody',
    locale: till.locale,
  }
}
