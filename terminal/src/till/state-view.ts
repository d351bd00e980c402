// What the screen shows before anybody has signed in.

import { createPublicKey } from 'node:crypto'
import { deviceFingerprint } from '@scratchless/wire/supply/enrolment-code'
import { notices } from '@scratchless/wire/supply/notice'
import { getSettings } from '../supply/centre-word.sql.ts'
import { notUnderstoodVersion } from '../supply/device.sql.ts'
import { keyOf, SOFTWARE_VERSION } from '../supply/enrol.ts'
import { enrolmentIn, lastRefusal } from '../supply/enrolment.sql.ts'
import { stopOf } from '../supply/stop.sql.ts'
import type { Session } from '../vendors/sessions.ts'
import { vendorIds } from '../vendors/vendor.sql.ts'
import type { Till } from './till.ts'
import type { TillState } from './till-contract.ts'

export function stateView(till: Till, session: Session | null): TillState {
  const word = till.word()
  const waiting = enrolmentIn(till.store, 'waiting')
  const stop = stopOf(till.store)
  return {
    terminal: word?.identity.terminal ?? null,
    retailerName: word?.identity.retailerName ?? null,
    enrolment: word !== null ? 'enrolled' : waiting ? 'waiting' : 'none',
    fingerprint: waiting ? deviceFingerprint(createPublicKey(keyOf(till.deviceKeys, waiting))) : null,
    enrolmentRefusal: lastRefusal(till.store),
    stopped: stop && { reason: stop.reason, why: stop.why },
    message: messageOf(till),
    updateNeeded: notUnderstoodVersion(till.store) === SOFTWARE_VERSION,
    certificateOver: word !== null && till.clock.nowMs() >= word.identity.certificateUntilMs,
    vendors: vendorIds(till.store).map((id) => ({ id })),
    signedIn: session?.who ?? 'nobody',
    locale: till.locale,
  }
}

/** What the centre wants the owner to read: while it comes with every answer, or as the shop's settings say. */
function messageOf(till: Till): string | null {
  const said = notices.read(till.word()?.standing.notices ?? [])
  const notice = said === 'update-needed' ? undefined : said.find((one) => one.notice === 'message')
  if (notice?.notice === 'message') return notice.text
  return getSettings(till.store)?.message || null
}
